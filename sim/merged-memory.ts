import { type MergedSender, placeBundles } from './bundles.js';
import type { CoreState } from './core-state.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { placeReceipts } from './receipts.js';
import { RowLists } from './row-lists.js';
import { SectionSources } from './section-sources.js';
import { findTeams, placeTeam } from './sender-teams.js';
import { type Sheet, vectorWeights } from './sheet-builder.js';
import { placeSums } from './sum-places.js';

/** Words of what kernel/merged-state.ts calls Sheet and Section. */
const sheetWords = 10;
const sectionWords = 8;
/** Compartments of a word of a bitmap. */
const wordBits = 64;
/** Words of a Slot. */
const slotWords = 2;

/** Weights beyond which a tile of all does not fit the fastest caches. */
const cacheBytes = 1 << 19;
/** Weights of a tile, one cache line a row. */
const tileWeights = 64;
/** What 16 bits hold. */
const sumMax = 2 ** 15 - 1;
/** Shifts, or rows, that loops may touch beyond those there are. */
const shiftsBeyond = 8;
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

/** A sheet that has been placed: its words, the number of its first section among those of all, and the most rows of a timestep. */
interface PlacedSheet {
  readonly words: readonly number[];
  readonly firstSection: number;
  readonly rows: number;
  /** Cores whose spikes reach it. */
  readonly senders: Set<Address>;
}

/** Lays merged synapses out in a machine's memory as kernel/merged.ts reads them. */
export class MergedMemory {
  readonly #memory: MachineMemory;
  readonly #states: readonly CoreState[];
  readonly #sheets: PlacedSheet[] = [];
  /** Where each section lies. */
  readonly #sections: Address[] = [];
  readonly #lists = new RowLists();
  readonly #senders: MergedSender[] = [];
  readonly #patterns: Uint32Array[] = [];

  constructor(memory: MachineMemory, states: readonly CoreState[]) {
    this.#memory = memory;
    this.#states = states;
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
    const first = memory.reserve(4 * sectionWords * sections);
    const table = memory.uint32(first, sectionWords * sections);
    const firstSection = this.#sections.length;
    for (let section = 0; section < sections; section++) {
      const own = stretches[section]!;
      const { vectors, waiting } = placeSums(own, lanes / vectorWeights, inputsOf, (bytes) => memory.reserve(bytes));
      const places = own.flatMap(({ core, first: from, length }, index) => {
        const sums = waiting[index]!;
        return [inputsOf(core).address + 4 * from, sums, sums === 0 ? 0 : length, this.#states[core]!.address];
      });
      const address = memory.place(Uint32Array.from(places));
      const sums = memory.place(Uint32Array.from(vectors));
      table.set([0, 0, 0, 0, 0, sums, address, address + 4 * places.length], sectionWords * section);
      this.#sections.push(first + 4 * sectionWords * section);
    }
    const firstTile = memory.place(Uint32Array.from(tiles));
    const rowsPerFlush = heaviest === 0 ? sumMax : Math.floor(sumMax / heaviest);
    const words = [first, first + 4 * table.length, firstTile, firstTile + 4 * tiles.length, rowsPerFlush];
    const rowsMost = capacity.reduce((sum, own) => sum + own, 0);
    return this.#sheets.push({ words, firstSection, rows: rowsMost, senders: new Set() }) - 1;
  }

  /** The list of the rows that a compartment's spikes name, 0 of none, and the shift of these, in bytes. */
  rowsOf(parts: readonly SourceRows[], compartment: number): { readonly list: number; readonly shift: number } {
    for (const { sheet, start, section, row, wait } of parts) {
      const first = this.#sheets[sheet]!.firstSection;
      for (let entry = start[compartment]!; entry < start[compartment + 1]!; entry++) {
        this.#lists.add(first + section[entry]!, row[entry]!, wait[entry]!);
      }
    }
    const { list, shift } = this.#lists.close();
    return { list, shift: tileWeights * shift };
  }

  /** Takes a core that sends to some sheets, whose lists `rowsOf` gave. */
  addSender(sender: MergedSender, sheets: readonly number[]): void {
    this.#senders.push(sender);
    for (const sheet of sheets) this.#sheets[sheet]!.senders.add(sender.state.address);
  }

  /** Adds what kernel/merged-state.ts calls a Pattern; gives its number. */
  addPattern(words: readonly number[]): number {
    return this.#patterns.push(Uint32Array.from(words)) - 1;
  }

  /** The network of all that was placed: what the loops work on. States of cores lie from `begin` to `end`. */
  network(begin: Address, end: Address): Address {
    const memory = this.#memory;
    const teams = this.#placeSenders();
    const firstTeam = memory.place(Uint32Array.from(teams));
    const { longestWait } = this.#lists;
    const sheets = memory.place(
      Uint32Array.from(
        this.#sheets.flatMap(({ words, senders }) => {
          const first = memory.place(Uint32Array.from(senders));
          return [...words, first, first + 4 * senders.size, longestWait + 1, 0, 0];
        }),
      ),
    );
    const patterns = memory.place(Uint32Array.from(this.#patterns.flatMap((words) => [...words])));
    const countBytes = 16 * Math.ceil(this.#patterns.length / 4);
    const counts = memory.reserve(countBytes);
    const most = this.#senders.reduce((largest, { lists }) => Math.max(largest, lists.length), 0);
    const rows = this.#sheets.reduce((sum, sheet) => Math.max(sum, sheet.rows), 0);
    const words = [begin, end, sheets, sheets + 4 * sheetWords * this.#sheets.length];
    words.push(patterns, counts, counts + countBytes, longestWait + 1, 0, ...this.#placeSlots(), 0);
    for (const length of [rows, most, most]) words.push(memory.reserve(4 * (length + shiftsBeyond)));
    words.push(memory.reserve(4 * (Math.ceil(most / wordBits) + 2)), 0, 0, firstTeam, firstTeam + 4 * teams.length);
    words.push(placeReceipts(memory, this.#patterns, begin, end));
    return memory.place(Uint32Array.from(words));
  }

  /** Where the slots of lists are, plane by plane, and the bytes of a plane: that of list 0, whose spikes name no rows, is the first. */
  #placeSlots(): readonly [Address, number] {
    const memory = this.#memory;
    const { size, longestWait } = this.#lists;
    const room = new Uint32Array(size).fill(shiftsBeyond);
    for (const { lists } of this.#senders) for (const list of lists) room[list]!++;
    const table = new Uint32Array(slotWords * size * (longestWait + 1));
    for (let slot = 0; slot < table.length / slotWords; slot++) {
      table[slotWords * slot] = memory.reserve(4 * room[slot % size]!);
    }
    return [memory.place(table), 4 * slotWords * size];
  }

  /** Tells the loops which spikes to write down together, and the sections where to find them; gives the words of the teams. */
  #placeSenders(): readonly number[] {
    const sources = new SectionSources();
    const slotOf = (list: number): number => 4 * slotWords * list;
    for (let list = 1; list < this.#lists.size; list++) {
      this.#lists.forEachRow(list, (section, row, wait) => sources.add(section, slotOf(list), tileWeights * row, wait));
    }
    sources.place(this.#memory, this.#sections);
    const found = findTeams(this.#senders);
    const inTeam = new Set(found.flatMap(({ members }) => members));
    for (const sender of this.#senders) if (!inTeam.has(sender)) placeBundles(this.#memory, sender, slotOf);
    return found.flatMap((team) => placeTeam(this.#memory, team, slotOf));
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
