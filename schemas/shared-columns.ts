/** Chunks are at least this long: thousands of small ones would cost more than they hold. */
const chunkBytes = 1 << 20;
/** What every array's first element may have to be a multiple of. */
const alignment = 8;

/** Room for arrays that nobody will change, in memory which threads share: cloned to another thread, they stay the same. */
export class SharedColumns {
  #chunk = new SharedArrayBuffer(0);
  #used = 0;

  /** A place of so many bytes, all zero, at a multiple of 8. */
  place(bytes: number): Uint8Array {
    if (this.#used + bytes > this.#chunk.byteLength) {
      this.#chunk = new SharedArrayBuffer(Math.max(bytes, chunkBytes));
      this.#used = 0;
    }
    const place = new Uint8Array(this.#chunk, this.#used, bytes);
    this.#used = Math.ceil((this.#used + bytes) / alignment) * alignment;
    return place;
  }
}
