import { openPool } from './pool.js';
import type { Task } from './task.js';

/** How long reading a file from outside may take: to start a thread, and for each byte. */
const START_MILLISECONDS = 30_000;
const BYTES_PER_MILLISECOND = 1000;

/** What reading a file of so many bytes may take. */
export function readingTime(bytes: number): number {
  return START_MILLISECONDS + bytes / BYTES_PER_MILLISECOND;
}

/**
 * Reads a file in a thread of its own, which is ended where that takes longer than `milliseconds`, for libraries that do not
 * come back from every damaged file. Rejects with what the task throws, or with `tooLong` of the seconds that it was given.
 */
export async function readWithin<Input, Output>(
  task: Task<null, Input, Output>,
  input: Input,
  milliseconds: number,
  tooLong: (seconds: string) => Error,
): Promise<Output> {
  const signal = AbortSignal.timeout(Math.ceil(milliseconds));
  // More than one worker, or it would be this thread.
  const pool = openPool(task, null, { workers: 2, signal });
  try {
    const [output] = await pool.map([input]);
    return output!;
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw tooLong((milliseconds / 1e3).toFixed(1));
  } finally {
    await pool.close();
  }
}
