import { pageBytes } from './memory-pages.js';

/** Vectors are loaded fastest from multiples of their size. */
const alignment = 16;
/** A chunk is at least so large a part of those before it. */
const growth = 1 / 8;

/** Hands out a memory from end to end in pieces, which begin at multiples of 16. */
export class Room {
  readonly #take: (pages: number) => number;
  #at = 0;
  #end = 0;
  #pages = 0;
  #bytes = 0;

  /** `take` gives the first of so many pages. */
  constructor(take: (pages: number) => number) {
    this.#take = take;
  }

  /** Bytes handed out. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The address of so many bytes. Throws what `take` throws. */
  reserve(bytes: number): number {
    const size = Math.ceil(bytes / alignment) * alignment;
    if (this.#at + size > this.#end) this.#extend(size);
    const address = this.#at;
    this.#at += size;
    this.#bytes += size;
    return address;
  }

  #extend(size: number): void {
    const pages = Math.max(Math.ceil(size / pageBytes), Math.floor(this.#pages * growth));
    const begin = this.#take(pages) * pageBytes;
    // Where nobody else took pages in between they follow.
    if (begin !== this.#end) this.#at = begin;
    this.#end = begin + pages * pageBytes;
    this.#pages += pages;
  }
}
