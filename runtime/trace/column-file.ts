import { arrayBytes } from '../../schemas/wire.js';
import type { Column } from '../../sim/probe-recorder.js';
import { npyHeader } from '../data/npy.js';
import { type PendingFile, StreamFile } from './stream-file.js';

/** Values gathered before they are handed on. */
const batch = 4096;

/** One column that grows row by row: a NumPy file of shape (rows,), or the bare values for a part of a larger file. */
export class ColumnFile implements PendingFile {
  readonly path: string;
  readonly bits: Column['bits'];
  rows = 0;
  readonly #file: StreamFile;
  readonly #hasHeader: boolean;
  readonly #values: Int32Array | BigInt64Array;
  #used = 0;

  /** `partOf`: the larger file; null of a NumPy file. Throws what `StreamFile` throws, as do the other methods. */
  constructor(path: string, { bits }: Column, partOf: string | null) {
    this.path = path;
    this.bits = bits;
    this.#values = bits === 32 ? new Int32Array(batch) : new BigInt64Array(batch);
    this.#file = new StreamFile(path, partOf ?? path);
    this.#hasHeader = partOf === null;
    if (this.#hasHeader) this.#file.write(this.#header());
  }

  append(value: number): void {
    if (this.#values instanceof Int32Array) this.#values[this.#used] = value;
    else this.#values[this.#used] = BigInt(value);
    this.#used++;
    this.rows++;
    if (this.#used === batch) this.#flush();
  }

  seal(): void {
    this.#flush();
    if (this.#hasHeader) this.#file.patch(this.#header(), 0);
    this.#file.seal();
  }

  publish(): void {
    this.#file.publish();
  }

  discard(): void {
    this.#file.discard();
  }

  #header(): Uint8Array {
    return npyHeader(this.bits === 32 ? '<i4' : '<i8', [this.rows]);
  }

  #flush(): void {
    this.#file.write(arrayBytes(this.#values.subarray(0, this.#used)));
    this.#used = 0;
  }
}
