import type { AnnGraph } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import { fileKind, fileKindTitle } from '../../schemas/file-kind.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { decodeSnn } from '../../schemas/snn-file.js';
import { readModel, readModelBytes } from '../model-file.js';
import { readFileWhole } from '../store/read-file.js';
import type { CommandContext } from './command.js';

/** Reads an ANN from an ONNX or .swa file and tells what was noticed. Throws SW1001 and what `readModel` throws. */
export async function readAnnFile(path: string, context: CommandContext): Promise<AnnGraph> {
  const { value, diagnostics } = readModel(await readModelBytes(path), path, null);
  context.tell(diagnostics);
  return value;
}

/** Reads an SNN file. Throws SW1001 and what `decodeSnn` throws. */
export async function readSnnFile(path: string): Promise<SnnGraph> {
  return decodeSnn(await readFileWhole(path), path);
}

/** Reads a network of either kind. Throws SW1001, SW1002 and what the readers throw. */
export async function readNetworkFile(path: string, context: CommandContext): Promise<AnnGraph | SnnGraph> {
  const bytes = await readModelBytes(path);
  switch (fileKind(bytes)) {
    case 'snn':
      return decodeSnn(bytes, path);
    case 'ann':
    case 'onnx':
    case 'safetensors': {
      const { value, diagnostics } = readModel(bytes, path, null);
      context.tell(diagnostics);
      return value;
    }
    default: {
      const title = bytes.length === 0 ? 'an empty file' : fileKindTitle[fileKind(bytes)];
      throw failure('SW1002', {
        where: path,
        what: `this is ${title}; an ANN (.onnx, .swa) or an SNN (.sws) was expected.`,
      });
    }
  }
}
