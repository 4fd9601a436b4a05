import { open } from 'node:fs/promises';
import { failure } from '../../schemas/diagnostic.js';

/** The largest file that is read whole into memory, in bytes. */
const FILE_SIZE_MAX = 2 ** 31 - 1;

/** The whole content of a regular file. Throws SW1001 where it is missing, unreadable, no file, or too large. */
export async function readFileWhole(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat().then((stat) => {
        if (!stat.isFile()) throw unreadable(path, 'this is no regular file.');
        return stat;
      });
      if (size > FILE_SIZE_MAX) {
        throw unreadable(path, `it has ${size} B; at most ${FILE_SIZE_MAX} B are read into memory.`);
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) throw error;
    throw unreadable(
      path,
      error.code === 'ENOENT' ? 'there is no such file.' : `it cannot be read (${error.code}).`,
      error,
    );
  }
}

function unreadable(path: string, what: string, cause?: Error): Error {
  return failure('SW1001', { where: path, what }, { cause });
}
