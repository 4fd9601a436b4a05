import type { CoreState } from './core-state.js';
import { Growing } from './growing.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { PatternTable } from './pattern-table.js';
import { type Sheet, vectorWeights } from './sheet-builder.js';

/** Bytes of what kernel/merged.ts calls Sheet, Section, DelayedPushes. */
const sheetBytes = 24;
const sectionBytes = 24;
const delayedBytes = 16;
/** Words of its Network. */
const networkWords = 12;

/** Weights of a tile, one cache line a row. */
const tileWeights = 64;
/** What 16 bits hold. */
const sumMax = 2 ** 15 - 1;
/** In the lower of two bytes a weight is stored with this added. */
const lowerBias = 128;

/** The rows that the spikes of a core send to one population, by compartment: start[k] … start[k + 1] − 1. */
export interface SourceRows {
  readonly sheet: number;
  readonly start: Int32Array;
  readonly section: Int32Array;
  readonly row: Int32Array;
  /** Timesteps beyond the next after which a row acts. */
  readonly wait: Int32Array;
}

/** Lays merged synapses out in a machine's memory as kernel/merged.ts reads them. */
export class MergedMemory {
  readonly #memory: MachineMemory;
  readonly #states: readonly CoreState[];
  readonly #sheets: Uint32Array[] = [];
  /** Address of each sheet's first section. */
  readonly #sections: Address[] = [];
  #patterns = 0;
  #delayed = 0;
  #longestWait = 0;

  constructor(memory: MachineMemory, states: readonly CoreState[]) {
    this.#memory = memory;
    this.#states = states;
  }

  /** Places a sheet, whose cores have been placed; gives its number. */
  placeSheet({ sections, lanes, rows, weights, heaviest, capacity, stretches }: Sheet): number {
    const memory = this.#memory;
    const tiles: number[] = [];
    for (let lane = 0; lane < lanes; lane += tileWeights) {
      const width = Math.min(tileWeights, lanes - lane);
      // Rows of a whole tile begin on cache lines.
      const address = Math.ceil(memory.reserve((rows + 1) * width + tileWeights) / tileWeights) * tileWeights;
      packTile(weights, memory.uint8(address, rows * width), { lane, width, lanes, rows });
      tiles.push(address, width / vectorWeights, 4 * lane, 0);
    }
    const sums = memory.reserve(4 * lanes * sections + 16);
    const table = new Uint32Array((sectionBytes / 4) * sections);
    for (let section = 0; section < sections; section++) {
      const begin = memory.reserve(4 * capacity[section]!);
      const places = stretches[section]!.flatMap(({ core, first, length, lane }) => {
        const state = this.#states[core]!;
        return [state.get('inputs') + 4 * first, 4 * lane, length, state.address];
      });
      const address = memory.place(Uint32Array.from(places));
      const words = [begin, begin, sums + 4 * lanes * section, address, address + 4 * places.length, 0];
      table.set(words, (sectionBytes / 4) * section);
    }
    const first = memory.place(table);
    const firstTile = memory.place(Uint32Array.from(tiles));
    const rowsPerFlush = heaviest === 0 ? sumMax : Math.floor(sumMax / heaviest);
    this.#sections.push(first);
    const past = first + sectionBytes * sections;
    return this.#sheets.push(Uint32Array.of(first, past, firstTile, firstTile + 4 * tiles.length, rowsPerFlush, 0)) - 1;
  }

  /** The patterns of a core that counts what it sends at `sentOn`, to the cores of `routes`. */
  openPatterns(sentOn: Address, routes: readonly number[]): PatternTable {
    return new PatternTable(
      this.#memory,
      routes.map((to, route) => ({ core: this.#states[to]!.address, sentOn: sentOn + 4 * route })),
      () => this.#patterns++,
    );
  }

  /** Places the rows that a core's spikes send; tells where those of each compartment begin, and of one beyond. */
  placePushes(
    parts: readonly SourceRows[],
    compartments: number,
    tell: (compartment: number, pushes: Address, delayed: Address) => void,
  ): void {
    const memory = this.#memory;
    const prompt = new Growing(new Int32Array(64));
    const late = new Growing(new Int32Array(16));
    const delayed: number[] = [];
    const starts = new Int32Array(2 * (compartments + 1));
    const push = (to: Growing<Int32Array>, { sheet, section, row }: SourceRows, entry: number): void => {
      to.push(this.#sections[sheet]! + sectionBytes * section[entry]!);
      to.push(tileWeights * row[entry]!);
    };
    for (let k = 0; k < compartments; k++) {
      starts[2 * k] = prompt.length;
      starts[2 * k + 1] = delayed.length;
      const waits = new Set<number>();
      for (const part of parts) {
        for (let entry = part.start[k]!; entry < part.start[k + 1]!; entry++) {
          if (part.wait[entry] === 0) push(prompt, part, entry);
          else waits.add(part.wait[entry]!);
        }
      }
      for (const wait of waits) {
        const from = late.length;
        for (const part of parts) {
          for (let entry = part.start[k]!; entry < part.start[k + 1]!; entry++) {
            if (part.wait[entry] === wait) push(late, part, entry);
          }
        }
        delayed.push(wait, from, late.length, 0);
        this.#longestWait = Math.max(this.#longestWait, wait);
      }
    }
    starts[2 * compartments] = prompt.length;
    starts[2 * compartments + 1] = delayed.length;
    const promptAt = memory.place(prompt.taken());
    const lateAt = memory.place(late.taken());
    const table = Uint32Array.from(delayed, (value, word) =>
      word % 4 === 1 || word % 4 === 2 ? lateAt + 4 * value : value,
    );
    const delayedAt = memory.place(table);
    this.#delayed += (4 * delayed.length) / delayedBytes;
    for (let k = 0; k <= compartments; k++) tell(k, promptAt + 4 * starts[2 * k]!, delayedAt + 4 * starts[2 * k + 1]!);
  }

  /** The network of all that was placed: what the loops work on. `end` is that of the cores' states. */
  network(begin: Address, end: Address): Address {
    const memory = this.#memory;
    const sheets = memory.place(Uint32Array.from(this.#sheets.flatMap((words) => [...words])));
    const touched = memory.reserve(4 * this.#patterns);
    const slots = this.#delayed === 0 ? 0 : this.#longestWait + 1;
    const slotBytes = 4 * this.#delayed;
    const ring = memory.reserve(slots * slotBytes);
    const slotEnds = memory.reserve(4 * slots);
    const words = new Uint32Array(networkWords);
    words.set([begin, end, sheets, sheets + sheetBytes * this.#sheets.length, touched, touched]);
    words.set([slots, 0, ring, slotBytes, slotEnds], 6);
    return memory.place(words);
  }
}

/** Lays the weights of some lanes out row by row: in each vector a byte of the first eight lanes, then one of the last. */
function packTile(
  weights: Int8Array,
  tile: Uint8Array,
  { lane, width, lanes, rows }: { lane: number; width: number; lanes: number; rows: number },
): void {
  const half = vectorWeights / 2;
  for (let row = 0; row < rows; row++) {
    for (let vector = 0; vector < width; vector += vectorWeights) {
      const from = row * lanes + lane + vector;
      const to = row * width + vector;
      for (let k = 0; k < half; k++) {
        tile[to + 2 * k] = weights[from + k]! + lowerBias;
        tile[to + 2 * k + 1] = weights[from + half + k]!;
      }
    }
  }
}
