import type { NirGraph } from '../../compiler/nir-graph.js';
import { failure } from '../../schemas/diagnostic.js';
import { readingTime, readWithin } from '../workers/timed-read.js';
import { readNirTask } from './read-task.js';

/**
 * The graph in a NIR file: every node with a type, arrays of finite numbers, edges between pairs of names. Throws SW1050
 * where the bytes are no such file, or are not read within `milliseconds`.
 */
export function readNirFile(
  bytes: Uint8Array,
  where: string,
  milliseconds = readingTime(bytes.length),
): Promise<NirGraph> {
  return readWithin(readNirTask, { bytes, where }, milliseconds, (seconds) => {
    return failure('SW1050', { where, what: `its ${bytes.length} B are not read after ${seconds} s.` });
  });
}
