import type { NirGraph } from '../../compiler/nir-graph.js';
import { failure } from '../../schemas/diagnostic.js';
import { openPool } from '../workers/pool.js';
import { readNirTask } from './read-task.js';

/** How long reading may take: to start, and for each byte. */
const START_MILLISECONDS = 30_000;
const BYTES_PER_MILLISECOND = 1000;

/**
 * The graph in a NIR file: every node with a type, arrays of finite numbers, edges between pairs of names. It is read in a
 * thread of its own, which is ended where that takes longer than `milliseconds`: the HDF5 library does not come back
 * from every damaged file. Throws SW1050 where the bytes are no such file.
 */
export async function readNirFile(
  bytes: Uint8Array,
  where: string,
  milliseconds = START_MILLISECONDS + bytes.length / BYTES_PER_MILLISECOND,
): Promise<NirGraph> {
  const signal = AbortSignal.timeout(Math.ceil(milliseconds));
  // More than one worker, or it would be this thread.
  const pool = openPool(readNirTask, null, { workers: 2, signal });
  try {
    const [graph] = await pool.map([{ bytes, where }]);
    return graph!;
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw failure('SW1050', {
      where,
      what: `its ${bytes.length} B are not read after ${(milliseconds / 1e3).toFixed(1)} s.`,
    });
  } finally {
    await pool.close();
  }
}
