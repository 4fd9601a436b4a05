import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeFailure } from '../store/write-file.js';

/** Bytes gathered before they are written. */
const chunkBytes = 1 << 20;

/**
 * A file that grows while a simulation runs, in bounded memory. It has its name only once it is whole: until `finish`
 * it stands under a temporary one in the same folder, and `discard` leaves nothing.
 */
export class StreamFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: number;
  readonly #buffer = new Uint8Array(chunkBytes);
  #used = 0;
  #isOpen = true;

  /** Throws SW6010 (no space), SW6011 (not allowed), SW6012 (any other reason), as do the other methods. */
  constructor(path: string) {
    this.path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}`);
    this.#handle = this.#guarded(() => {
      mkdirSync(dirname(path), { recursive: true });
      return openSync(this.#temporary, 'wx');
    });
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

  finish(): void {
    this.#flush();
    this.#guarded(() => {
      fsyncSync(this.#handle);
      this.#close();
      renameSync(this.#temporary, this.path);
    });
  }

  discard(): void {
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    this.#guarded(() => writeAll(this.#handle, this.#buffer.subarray(0, this.#used), null));
    this.#used = 0;
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#handle);
    this.#isOpen = false;
  }

  #guarded<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw writeFailure(this.path, error);
    }
  }
}

function writeAll(handle: number, bytes: Uint8Array, position: number | null): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(handle, bytes, done, bytes.length - done, position === null ? null : position + done);
  }
}
