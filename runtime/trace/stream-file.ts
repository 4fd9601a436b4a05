import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { writeFailure } from '../store/write-file.js';

/** Bytes gathered before they are written. */
const chunkBytes = 1 << 18;

/** What becomes a file, or several, once a simulation has ended. */
export interface PendingFile {
  /** Writes all that is left to write, under temporary names: whatever wants space has found it then. */
  seal(): void;
  /** Gives what was sealed its name. */
  publish(): void;
  /** Leaves nothing behind, published or not: no file, and no folder that was made for it. */
  discard(): void;
}

/**
 * A file that grows while a simulation runs, in bounded memory. It has its name only once it is whole: until `publish`
 * it stands under a temporary one in the same folder.
 */
export class StreamFile implements PendingFile {
  readonly path: string;
  readonly #wanted: string;
  readonly #temporary: string;
  /** The outermost folder that was made for the file. */
  #made: string | undefined;
  readonly #handle: number;
  readonly #buffer = new Uint8Array(chunkBytes);
  #used = 0;
  #isOpen = true;
  #isPublished = false;

  /**
   * `wanted`: the file that the user wants, of which this is a part. Throws SW6010 (no space), SW6011 (not allowed),
   * SW6012 (any other reason), as do the other methods.
   */
  constructor(path: string, wanted = path) {
    this.path = path;
    this.#wanted = wanted;
    this.#temporary = temporaryPath(path);
    try {
      this.#handle = this.#guarded(() => {
        this.#made = mkdirSync(dirname(path), { recursive: true });
        return openSync(this.#temporary, 'wx');
      });
    } catch (error) {
      this.#removeFolders();
      throw error;
    }
  }

  write(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length) {
      const count = Math.min(bytes.length - from, chunkBytes - this.#used);
      this.#buffer.set(bytes.subarray(from, from + count), this.#used);
      this.#used += count;
      from += count;
      if (this.#used === chunkBytes) this.#flush();
    }
  }

  /** Writes over bytes that were written before, at `position`; they must have been as many. */
  patch(bytes: Uint8Array, position: number): void {
    this.#flush();
    this.#guarded(() => writeAll(this.#handle, bytes, position));
  }

  seal(): void {
    this.#flush();
    this.#guarded(() => {
      fsyncSync(this.#handle);
      this.#close();
    });
  }

  publish(): void {
    this.#guarded(() => renameSync(this.#temporary, this.path));
    this.#isPublished = true;
  }

  discard(): void {
    this.#close();
    rmSync(this.#isPublished ? this.path : this.#temporary, { force: true });
    this.#removeFolders();
  }

  #flush(): void {
    this.#guarded(() => writeAll(this.#handle, this.#buffer.subarray(0, this.#used), null));
    this.#used = 0;
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#handle);
    this.#isOpen = false;
  }

  /** Removes the folders that were made for the file, as far as nothing else is in them. */
  #removeFolders(): void {
    if (this.#made === undefined) return;
    const outermost = resolve(this.#made);
    for (let folder = resolve(dirname(this.path)); ; folder = dirname(folder)) {
      try {
        rmdirSync(folder);
      } catch (error) {
        if (!isMissing(error)) return;
      }
      if (folder === outermost) return;
    }
  }

  #guarded<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw writeFailure(this.#wanted, error);
    }
  }
}

/** A name beside `path` that nothing else has. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}`);
}

/** Discards files, the last made first: each then leaves empty the folders that an earlier one was the first to need. */
export function discardAll(files: readonly PendingFile[]): void {
  for (const file of files.toReversed()) file.discard();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function writeAll(handle: number, bytes: Uint8Array, position: number | null): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(handle, bytes, done, bytes.length - done, position === null ? null : position + done);
  }
}
