import { failure } from '../schemas/diagnostic.js';

export const pageBytes = 65_536;
/** All that 32-bit addresses reach. */
const pagesMax = 65_536;

/** 32-bit words of the first page: pages given away, bytes that all machines have in common, and where chunks of that begin. */
const givenWord = 4;
const commonBytesWord = 5;
const firstChunkWord = 6;

/**
 * Memory for the machines of several threads that run one program: they have weights in common there, which caches then
 * hold once for all of them. It crosses to threads by structured clone. It only ever grows; it is shared also where one machine has it
 * alone, for then arrays over it stay valid when it does. Throws SW3010 where the process may not reserve so many addresses.
 */
export function openMachineMemory(): WebAssembly.Memory {
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: pagesMax, shared: true });
    new Int32Array(memory.buffer)[givenWord] = 1;
    return memory;
  } catch {
    throw outOfMemory('the process may not reserve 4 GiB of addresses.');
  }
}

/** Gives away a memory's pages, once each, to machines of any thread. */
export class MemoryPages {
  readonly #memory: WebAssembly.Memory;
  readonly #words: Int32Array;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer, 0, pageBytes / 4);
  }

  /** So many pages that nobody else has, all zero; gives the first. Throws SW3010 where there are no more. */
  take(pages: number): number {
    const first = Atomics.add(this.#words, givenWord, pages);
    try {
      this.#require(first + pages);
    } catch (error) {
      Atomics.sub(this.#words, givenWord, pages);
      throw error;
    }
    return first;
  }

  /**
   * The same, but all machines that ask for this chunk get the same pages: whoever comes first takes them for all. They
   * ask for as many chunks of the same sizes. Throws SW3010.
   */
  takeCommon(chunk: number, pages: number): number {
    const word = firstChunkWord + chunk;
    if (Atomics.load(this.#words, word) === 0) {
      const first = this.take(pages);
      // One that comes second leaves its own unused.
      Atomics.compareExchange(this.#words, word, 0, first);
    }
    const first = Atomics.load(this.#words, word);
    this.#require(first + pages);
    return first;
  }

  /** Tells how many bytes this machine has in common with others. Throws an Error where another had another number: it runs another program. */
  agree(commonBytes: number): void {
    const found = Atomics.compareExchange(this.#words, commonBytesWord, 0, commonBytes);
    if (found !== 0 && found !== commonBytes) {
      throw new Error(`machines of one memory must run one program; they have ${found} and ${commonBytes} B in common`);
    }
  }

  /** Sees that there are so many pages; grows in steps of an eighth, so that growing does not dominate loading. */
  #require(pages: number): void {
    const now = this.#memory.buffer.byteLength / pageBytes;
    if (pages <= now) return;
    try {
      if (pages > pagesMax) throw new RangeError();
      this.#memory.grow(Math.min(Math.max(pages, Math.ceil(now * 1.125)), pagesMax) - now);
    } catch {
      // Another thread may have made it grow in between, and so far that there is no room for as much once more.
      if (pages * pageBytes <= this.#memory.buffer.byteLength) return;
      const need = (pages * pageBytes) / 2 ** 20;
      throw outOfMemory(`the decoded program needs more than ${Math.floor(need).toLocaleString('en')} MiB.`);
    }
  }
}

function outOfMemory(what: string): Error {
  return failure('SW3010', { where: 'memory of the simulated chips', what });
}
