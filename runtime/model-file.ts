import { importOnnx } from '../compiler/import/onnx.js';
import type { AnnGraph } from '../schemas/ann.js';
import { decodeAnn } from '../schemas/ann-file.js';
import { failure, type Result } from '../schemas/diagnostic.js';
import { fileKind, fileKindTitle } from '../schemas/file-kind.js';

/** (x − mean)/std per channel, for a model that does not do it itself. */
interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * An ANN from a file of any kind that can be read: ONNX or .swa, told apart by content. `where` names it in messages.
 * Throws SW1002 for other kinds, SW1005 where a .swa is given a normalisation that it has no place for, and what the
 * importers throw.
 */
export function readModel(bytes: Uint8Array, where: string, normalisation: Normalisation | null): Result<AnnGraph> {
  const kind = fileKind(bytes);
  if (kind === 'onnx') return importOnnx(bytes, where, normalisation === null ? {} : { normalisation });
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
