import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failure } from '../../schemas/diagnostic.js';
import type { FileParts } from '../../schemas/message-parts.js';

/** What a file is to hold, whole or in parts. */
type Content = Uint8Array | string | FileParts;

/** Parts are written in pieces of this many bytes. */
const PIECE_BYTES = 1 << 22;

/**
 * Writes a file so that its name holds the old content or the new, never a part: a temporary file in the same folder
 * is filled, flushed to disk and renamed. Makes the folder where it is missing.
 * Throws SW6010 (no space), SW6011 (not allowed), SW6012 (any other reason); the temporary file is gone then.
 */
export async function writeFileWhole(path: string, content: Content): Promise<void> {
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
export async function writeFlushed(path: string, content: Content): Promise<void> {
  const file = await open(path, 'wx');
  try {
    if (typeof content === 'string' || content instanceof Uint8Array) await file.writeFile(content);
    else for (const piece of pieces(content)) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The parts one after another in pieces of a size that is worth a call of the system; each lasts until the next. */
function* pieces(parts: FileParts): Generator<Uint8Array> {
  const piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      const end = Math.min(part.length, from + PIECE_BYTES - filled);
      piece.set(part.subarray(from, end), filled);
      filled += end - from;
      from = end;
      if (filled === PIECE_BYTES) {
        yield piece;
        filled = 0;
      }
    }
  }
  yield piece.subarray(0, filled);
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
