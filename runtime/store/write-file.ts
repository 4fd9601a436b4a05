import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failure } from '../../schemas/diagnostic.js';

/**
 * Writes a file so that its name holds the old content or the new, never a part: a temporary file in the same folder
 * is filled, flushed to disk and renamed. Makes the folder where it is missing.
 * Throws SW6010 (no space), SW6011 (not allowed), SW6012 (any other reason); the temporary file is gone then.
 */
export async function writeFileWhole(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFlushed(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeFailure(path, error);
  }
  await flushFolder(dirname(path));
}

/** Writes a new file and flushes it to disk; passes on what the file system throws. */
export async function writeFlushed(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename in `folder` last through a power cut; file systems that cannot do so are left alone. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Some systems cannot open or flush folders; the content itself is on disk all the same.
  }
}

const noSpace = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const notAllowed = new Set(['EACCES', 'EPERM', 'EROFS']);

/** The diagnostic for a failed write to `path`; errors that are no file system's pass through. */
export function writeFailure(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error;
  const reason = String(error.code);
  const code = noSpace.has(reason) ? 'SW6010' : notAllowed.has(reason) ? 'SW6011' : 'SW6012';
  return failure(
    code,
    { where: path, what: `cannot be written (${reason}); nothing was left half-written.` },
    { cause: error },
  );
}
