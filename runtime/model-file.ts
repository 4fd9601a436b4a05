import type { ConversionOptions } from '../compiler/convert.js';
import { importKeras } from '../compiler/import/keras.js';
import { importOnnx } from '../compiler/import/onnx.js';
import { readPth } from '../compiler/import/pth.js';
import type { StateDict } from '../compiler/import/state-dict.js';
import type { AnnGraph } from '../schemas/ann.js';
import { decodeAnn } from '../schemas/ann-file.js';
import { diagnostic, failure, type Result } from '../schemas/diagnostic.js';
import { fileKind, fileKindTitle } from '../schemas/file-kind.js';
import { readSafetensors } from '../schemas/safetensors.js';
import type { SnnGraph } from '../schemas/snn.js';
import type { Normalisation } from './data/normalisation.js';
import { KERAS_KEY, packKeras, packTfjs, unpackKeras } from './keras-file.js';
import type { ArchitectureName } from './models/architectures.js';
import { hasThresholds, publishedNetwork, publishedSnn } from './models/published-weights.js';
import { readFileWhole } from './store/read-file.js';

/**
 * The bytes of a model: of its file, or, of a Keras model in whatever files it lies, one safetensors file with all of it,
 * which `readModel` reads. Throws SW1001, and of Keras models SW1011, SW1040 and SW1041.
 */
export async function readModelBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFileWhole(path);
  switch (fileKind(bytes)) {
    case 'json':
      return isTfjsModel(bytes) ? packTfjs(bytes, path) : bytes;
    case 'hdf5':
      return packKeras(bytes, path);
    case 'zip':
      return path.endsWith('.keras') ? packKeras(bytes, path) : bytes;
    default:
      return bytes;
  }
}

/** Told by its key, which other JSON files have not. */
function isTfjsModel(json: Uint8Array): boolean {
  return Buffer.from(json.buffer, json.byteOffset, json.byteLength).includes('"modelTopology"');
}

/**
 * An ANN from the bytes of a model (`readModelBytes`): ONNX, .swa or Keras, told apart by content. `where` names it in messages.
 * Throws SW1002 for other kinds, SW1005 where a .swa is given a normalisation that it has no place for, and what the
 * importers throw.
 */
export function readModel(bytes: Uint8Array, where: string, normalisation: Normalisation | null): Result<AnnGraph> {
  const kind = fileKind(bytes);
  if (kind === 'onnx') return importOnnx(bytes, where, normalisation === null ? {} : { normalisation });
  if (kind === 'safetensors') {
    const { tensors, metadata } = readSafetensors(bytes, where);
    const topology = metadata[KERAS_KEY];
    if (topology !== undefined) return importKeras(unpackKeras(topology, tensors, where), where, normalisation);
  }
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
      what: `this is ${bytes.length === 0 ? 'an empty file' : fileKindTitle[kind]}; an ONNX model, an ANN (.swa) or a Keras model was expected.`,
    });
  }
  if (normalisation !== null) {
    throw failure('SW1005', { where, what: 'an ANN file holds its normalisation; a second one cannot be applied.' });
  }
  return { value: decodeAnn(bytes, where), diagnostics: [] };
}

/**
 * A network of a named architecture from weights alone: a PyTorch state dict (.pth, .pt) or a safetensors file, told apart
 * by content. With `neurons` an SNN, its thresholds from the weights; without an ANN, with a note where thresholds are
 * left out. Throws SW1002 for other kinds, and what the readers, `publishedNetwork` and `publishedSnn` throw.
 */
export function readWeights(
  bytes: Uint8Array,
  where: string,
  architecture: ArchitectureName,
  normalisation: Normalisation,
  neurons: ConversionOptions | null,
): Result<AnnGraph | SnnGraph> {
  const state = readStateDict(bytes, where);
  if (neurons !== null) {
    return { value: publishedSnn(architecture, state, normalisation, neurons, where), diagnostics: [] };
  }
  const note = diagnostic('SW1013', 'note', { where, what: 'it holds thresholds (v_th), which an ANN has not.' });
  return {
    value: publishedNetwork(architecture, state, normalisation, where),
    diagnostics: hasThresholds(state) ? [note] : [],
  };
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
