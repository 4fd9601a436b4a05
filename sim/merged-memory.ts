import type { CoreState } from './core-state.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { PushTable } from './push-table.js';
import { membersMost, placeTeams } from './sender-teams.js';
import { type Sheet, vectorWeights } from './sheet-builder.js';
import { placeSums } from './sum-places.js';

/** Bytes of what kernel/merged-state.ts calls Sheet and Section, and of a delayed push in its slot. */
const sheetBytes = 24;
const sectionBytes = 24;
const dueBytes = 8;
/** Words of its Network. */
const networkWords = 20;

/** Weights beyond which a tile of all does not fit the fastest caches. */
const cacheBytes = 1 << 19;
/** Weights of a tile, one cache line a row. */
const tileWeights = 64;
/** What 16 bits hold. */
const sumMax = 2 ** 15 - 1;
/** Shifts and rows that vectors may touch beyond those of a core or a section. */
const shiftsBeyond = 7;
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
  readonly #pushes: PushTable;
  /** A section of no neurons, that takes what would else be one row too few. */
  readonly #nowhere: Address;
  readonly #patterns: Uint32Array[] = [];

  constructor(memory: MachineMemory, states: readonly CoreState[]) {
    this.#memory = memory;
    this.#states = states;
    this.#nowhere = memory.reserve(sectionBytes);
    this.#pushes = new PushTable(memory, this.#nowhere);
  }

  /** Places a sheet, whose cores have been placed; gives its number. */
  placeSheet({ sections, lanes, rows, order, weights, heaviest, capacity, stretches }: Sheet): number {
    const memory = this.#memory;
    const tiles: number[] = [];
    // Rows of one section are read once in a timestep: where they are many, best from end to end.
    const isWhole = sections === 1 && rows * lanes > cacheBytes;
    const widest = isWhole ? lanes : tileWeights;
    for (let lane = 0; lane < lanes; lane += widest) {
      const width = Math.min(widest, lanes - lane);
      // Rows of a tile of 64 begin on cache lines.
      const address = Math.ceil(memory.reserveCommon((rows + 1) * width + tileWeights) / tileWeights) * tileWeights;
      packTile(weights, memory.uint8(address, (rows + 1) * width), { lane, width, lanes, order });
      tiles.push(address, width / vectorWeights, 4 * (lane / vectorWeights), isWhole ? tileWeights * rows : 0);
    }
    const inputsOf = (core: number): { address: Address; compartments: number } => {
      const state = this.#states[core]!;
      return { address: state.get('inputs'), compartments: state.get('lanes') + vectorWeights };
    };
    const table = new Uint32Array((sectionBytes / 4) * sections);
    for (let section = 0; section < sections; section++) {
      const begin = memory.reserve(4 * (capacity[section]! + shiftsBeyond));
      const own = stretches[section]!;
      const { vectors, waiting } = placeSums(own, lanes / vectorWeights, inputsOf, (bytes) => memory.reserve(bytes));
      const places = own.flatMap(({ core, first, length }, index) => {
        const sums = waiting[index]!;
        return [inputsOf(core).address + 4 * first, sums, sums === 0 ? 0 : length, this.#states[core]!.address];
      });
      const address = memory.place(Uint32Array.from(places));
      const sums = memory.place(Uint32Array.from(vectors));
      const words = [begin, begin, sums, address, address + 4 * places.length, 0];
      table.set(words, (sectionBytes / 4) * section);
    }
    const first = memory.place(table);
    const firstTile = memory.place(Uint32Array.from(tiles));
    const rowsPerFlush = heaviest === 0 ? sumMax : Math.floor(sumMax / heaviest);
    this.#sections.push(first);
    const past = first + sectionBytes * sections;
    return this.#sheets.push(Uint32Array.of(first, past, firstTile, firstTile + 4 * tiles.length, rowsPerFlush, 0)) - 1;
  }

  /** The list of the rows that a compartment's spikes push, and its shift. */
  rowsOf(parts: readonly SourceRows[], compartment: number): { readonly list: Address; readonly shift: number } {
    for (const { sheet, start, section, row, wait } of parts) {
      for (let entry = start[compartment]!; entry < start[compartment + 1]!; entry++) {
        const address = this.#sections[sheet]! + sectionBytes * section[entry]!;
        this.#pushes.add(address, tileWeights * row[entry]!, wait[entry]!);
      }
    }
    return this.#pushes.close();
  }

  /** Adds what kernel/merged-state.ts calls a Pattern; gives its number. */
  addPattern(words: readonly number[]): number {
    return this.#patterns.push(Uint32Array.from(words)) - 1;
  }

  /**
   * The network of all that was placed: what the loops work on. States of cores lie from `begin` to `end`; by core, its compartments, and those
   * that send to merged synapses for one population alone, else 0.
   */
  network(begin: Address, end: Address, compartments: readonly number[], senders: readonly number[]): Address {
    const memory = this.#memory;
    // Of one core, or of one compartment of a team.
    const most = compartments.reduce((largest, own) => Math.max(largest, own), membersMost);
    const all = compartments.reduce((sum, own) => sum + own, 0);
    const teams = placeTeams(memory, this.#states, senders);
    const firstTeam = memory.place(teams);
    const { delayed, longestWait } = this.#pushes;
    const sheets = memory.place(Uint32Array.from(this.#sheets.flatMap((words) => [...words])));
    const patterns = memory.place(Uint32Array.from(this.#patterns.flatMap((words) => [...words])));
    const countBytes = 16 * Math.ceil(this.#patterns.length / 4);
    const counts = memory.reserve(countBytes);
    const [lists, shifts] = [0, 0].map(() => memory.reserve(4 * (most + shiftsBeyond)));
    const slots = delayed === 0 ? 0 : longestWait + 1;
    const slotBytes = dueBytes * delayed;
    const ring = memory.reserve(slots * slotBytes);
    const slotEnds = memory.reserve(4 * slots);
    const rows = memory.reserve(4 * (all + shiftsBeyond));
    memory.uint32(this.#nowhere, 2).set([rows, rows]);
    const words = new Uint32Array(networkWords);
    words.set([begin, end, sheets, sheets + sheetBytes * this.#sheets.length, patterns, counts, counts + countBytes]);
    words.set([slots, 0, ring, slotBytes, slotEnds, lists!, shifts!, 0, 0, this.#nowhere, 0], 7);
    words.set([firstTeam, firstTeam + teams.byteLength], 18);
    return memory.place(words);
  }
}

/**
 * Lays the weights of some lanes out row by row, in the order of the rows' places, and a row of zeros behind them: in each
 * vector a byte of the first eight lanes, then one of the last.
 */
function packTile(
  weights: Int8Array,
  tile: Uint8Array,
  { lane, width, lanes, order }: { lane: number; width: number; lanes: number; order: Int32Array },
): void {
  const half = vectorWeights / 2;
  for (let place = 0; place < order.length; place++) {
    for (let vector = 0; vector < width; vector += vectorWeights) {
      const from = order[place]! * lanes + lane + vector;
      const to = place * width + vector;
      for (let k = 0; k < half; k++) {
        tile[to + 2 * k] = weights[from + k]! + lowerBias;
        tile[to + 2 * k + 1] = weights[from + half + k]!;
      }
    }
  }
  for (let at = order.length * width; at < tile.length; at += 2) tile[at] = lowerBias;
}
