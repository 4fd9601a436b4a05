import { importOnnx } from '../compiler/import/onnx.js';
import { readPth } from '../compiler/import/pth.js';
import type { StateDict } from '../compiler/import/state-dict.js';
import type { AnnGraph } from '../schemas/ann.js';
import { decodeAnn } from '../schemas/ann-file.js';
import { failure, type Result } from '../schemas/diagnostic.js';
import { fileKind, fileKindTitle } from '../schemas/file-kind.js';
import { readSafetensors } from '../schemas/safetensors.js';
import type { Normalisation } from './data/normalisation.js';
import type { ArchitectureName } from './models/architectures.js';
import { publishedNetwork } from './models/published-weights.js';

/**
 * An ANN from a file of any kind that can be read: ONNX or .swa, told apart by content. `where` names it in messages.
 * Throws SW1002 for other kinds, SW1005 where a .swa is given a normalisation that it has no place for, and what the
 * importers throw.
 */
export function readModel(bytes: Uint8Array, where: string, normalisation: Normalisation | null): Result<AnnGraph> {
  const kind = fileKind(bytes);
  if (kind === 'onnx') return importOnnx(bytes, where, normalisation === null ? {} : { normalisation });
  if (kind === 'zip' || kind === 'safetensors') {
    throw failure('SW1002', {
      where,
      what: `this is ${fileKindTitle[kind]}, weights without their network.`,
      fix: 'Say with "spikewright import --arch NAME" which network they are of.',
    });
  }
  if (kind !== 'ann') {
    throw failure('SW1002', {
      where,
      what: `this is ${bytes.length === 0 ? 'an empty file' : fileKindTitle[kind]}; an ONNX model or an ANN (.swa) was expected.`,
    });
  }
  if (normalisation !== null) {
    throw failure('SW1005', { where, what: 'an ANN file holds its normalisation; a second one cannot be applied.' });
  }
  return { value: decodeAnn(bytes, where), diagnostics: [] };
}

/**
 * An ANN of a named architecture from weights alone: a PyTorch state dict (.pth, .pt) or a safetensors file, told apart by
 * content. Throws SW1002 for other kinds, and what the readers and `publishedNetwork` throw.
 */
export function readWeights(
  bytes: Uint8Array,
  where: string,
  architecture: ArchitectureName,
  normalisation: Normalisation,
): AnnGraph {
  return publishedNetwork(architecture, readStateDict(bytes, where), normalisation, where);
}

/** The real-valued tensors of a PyTorch state dict or a safetensors file. Throws SW1002, SW1010, SW1011. */
function readStateDict(bytes: Uint8Array, where: string): StateDict {
  const kind = fileKind(bytes);
  switch (kind) {
    case 'zip':
      return readPth(bytes, where);
    case 'safetensors': {
      const { tensors } = readSafetensors(bytes, where);
      return new Map([...tensors].flatMap(([name, tensor]) => (tensor.dtype === 'F32' ? [[name, tensor]] : [])));
    }
    default:
      throw failure('SW1002', {
        where,
        what: `this is ${bytes.length === 0 ? 'an empty file' : fileKindTitle[kind]}; with --arch, weights (.pth, .safetensors) were expected.`,
      });
  }
}
