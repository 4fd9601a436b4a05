import { loopsModule } from './generated/loops.js';
import { MemoryPages, openMachineMemory } from './memory-pages.js';
import { Room } from './room.js';

/** A byte address in a machine's memory. */
export type Address = number;

/** The compiled loops; see the AssemblyScript in `kernel/` for what each does. `core` is the address of a core's state. */
interface Kernels {
  accumulateCores(begin: Address, end: Address): void;
  openNetwork(network: Address, watched: 0 | 1 | 2): void;
  settle(): void;
  accumulateAll(network: Address): void;
  gatherSheet(network: Address, sheet: Address): void;
  addSheet(sheet: Address): void;
  turnPlane(network: Address): void;
  updateRanges(begin: Address, end: Address): void;
  noteSpikes(begin: Address, end: Address): void;
  takeFired(begin: Address, end: Address, window: Address): number;
  findOffGrid(currents: Address, count: number, offGrid: number, most: number): number;
  loadDrive(currents: Address, places: Address, count: number): void;
  rest(core: Address): void;
  wakeDriven(begin: Address, end: Address): void;
  sendRanges(begin: Address, end: Address): void;
  sendCore(core: Address): void;
  send(core: Address, first: number, end: number): void;
  sendTeams(): void;
  sendUnstruck(core: Address, first: number, past: number, drawn: number, rate: number, to: Address): number;
  receive(core: Address, axon: number): void;
  runTimestep(clock: Address): void;
  boundTimestep(bound: Address): void;
}

/** What is longer is not looked for among what was placed before. */
const lengthsMax = 2 ** 20;

type TypedArray = Int8Array | Uint8Array | Int16Array | Int32Array | Uint32Array;

/** Compiled when the first machine is loaded, for all machines of the process. */
let compiled: WebAssembly.Module | null = null;

/**
 * The memory in which a machine's whole state lies, and the loops that work on it. Address 0 is never given away: it
 * stands for "none".
 */
export class MachineMemory {
  readonly kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  readonly #pages: MemoryPages;
  readonly #own: Room;
  readonly #common: Room;
  /** Address·lengthsMax + words of what was placed once, by a hash of it, or where that was taken by the next number free. */
  readonly #once = new Map<number, number>();

  /** In `memory` other machines may be, also of other threads, which run the same program. Throws SW3010, and a CompileError where the processor has no SIMD. */
  constructor(memory: WebAssembly.Memory = openMachineMemory()) {
    compiled ??= new WebAssembly.Module(Buffer.from(loopsModule, 'base64'));
    this.#memory = memory;
    this.kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernels;
    const pages = new MemoryPages(memory);
    let chunks = 0;
    this.#pages = pages;
    this.#own = new Room((count) => pages.take(count));
    this.#common = new Room((count) => pages.takeCommon(chunks++, count));
  }

  /** Room for `bytes` bytes, all zero. Throws SW3010 where there is none. */
  reserve(bytes: number): Address {
    return this.#own.reserve(bytes);
  }

  /**
   * Room that all machines in this memory get at the same address, since they ask for the same in the same order. Each must
   * fill it with the same, every byte with its last value at once: others may be reading it. Throws SW3010.
   */
  reserveCommon(bytes: number): Address {
    return this.#common.reserve(bytes);
  }

  /**
   * A copy of `values` that nobody will change: the same for equal ones. The cores of a convolution hold the same weights
   * over and over; here they have them once, and caches can hold them.
   */
  placeOnce(values: Uint32Array): Address {
    let hash = values.length;
    for (let k = 0; k < values.length; k++) hash = Math.imul(hash ^ values[k]!, 0x9e3779b1) ^ (hash >>> 15);
    for (let known = this.#once.get(hash); known !== undefined; known = this.#once.get(++hash)) {
      const address = Math.floor(known / lengthsMax);
      if (known % lengthsMax !== values.length) continue;
      const placed = this.uint32(address, values.length);
      if (values.every((value, k) => value === placed[k])) return address;
    }
    const address = this.place(values);
    if (values.length < lengthsMax) this.#once.set(hash, address * lengthsMax + values.length);
    return address;
  }

  /** Forgets what was placed once: there is no more to come. */
  endPlacing(): void {
    this.#once.clear();
    this.#pages.agree(this.#common.bytes);
  }

  /** A copy of `values`, followed by `padding` more zero bytes. */
  place(values: TypedArray, padding = 0): Address {
    const address = this.reserve(values.byteLength + padding);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.uint8(address, bytes.length).set(bytes);
    return address;
  }

  uint8(address: Address, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length);
  }

  int8(address: Address, length: number): Int8Array {
    return new Int8Array(this.#memory.buffer, address, length);
  }

  int16(address: Address, length: number): Int16Array {
    return new Int16Array(this.#memory.buffer, address, length);
  }

  int32(address: Address, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, length);
  }

  uint32(address: Address, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, address, length);
  }

  int64(address: Address, length: number): BigInt64Array {
    return new BigInt64Array(this.#memory.buffer, address, length);
  }

  float64(address: Address, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, length);
  }
}
