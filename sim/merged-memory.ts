import { bitmapWords } from './bitmap.js';
import { type MergedSender, placeBundles } from './bundles.js';
import type { CoreState } from './core-state.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { placeReceipts } from './receipts.js';
import { RowGroups } from './row-groups.js';
import { RowLists } from './row-lists.js';
import { SectionSources } from './section-sources.js';
import { findTeams, placeTeam } from './sender-teams.js';
import { type Sheet, vectorWeights } from './sheet-builder.js';
import { placeSums } from './sum-places.js';

/** Words of what kernel/merged-state.ts calls Sheet and Section. */
const sheetWords = 14;
const sectionWords = 9;
/** Words of a Slot, and of an Active. */
const slotWords = 2;
const activeWords = 3;

/** Weights beyond which a tile of all does not fit the fastest caches. */
const cacheBytes = 1 << 19;
/** Weights of a tile, one cache line a row. */
const tileWeights = 64;
/** What 16 bits hold. */
const sumMax = 2 ** 15 - 1;
/** Words that loops may write beyond shifts, rows or places that are listed: TOGETHER in kernel/merged-state.ts. */
const wordsBeyond = 8;
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
  readonly groups: RowGroups;
  /** Cores whose spikes reach it. */
  readonly senders: Set<Address>;
}

/** Lays merged synapses out in a machine's memory as kernel/merged.ts reads them. */
export class MergedMemory {
  readonly #memory: MachineMemory;
  readonly #states: readonly CoreState[];
  readonly #sheets: PlacedSheet[] = [];
  /** Where each section lies, and of which sheet it is. */
  readonly #sections: Address[] = [];
  readonly #sheetOf: number[] = [];
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
      table.set([0, 0, 0, 0, 0, sums, address, address + 4 * places.length, 0], sectionWords * section);
      this.#sections.push(first + 4 * sectionWords * section);
      this.#sheetOf.push(this.#sheets.length);
    }
    const firstTile = memory.place(Uint32Array.from(tiles));
    const rowsPerFlush = heaviest === 0 ? sumMax : Math.floor(sumMax / heaviest);
    const words = [first, first + 4 * table.length, firstTile, firstTile + 4 * tiles.length, rowsPerFlush];
    const rowsMost = capacity.reduce((sum, own) => sum + own, 0);
    return this.#sheets.push({ words, firstSection, rows: rowsMost, groups: new RowGroups(), senders: new Set() }) - 1;
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
    const { slotOf, words: slots } = this.#placeSlots();
    const teams = this.#placeSenders(slotOf);
    this.#placeRows(slotOf);
    const firstTeam = memory.place(Uint32Array.from(teams));
    const sheets = memory.place(
      Uint32Array.from(
        this.#sheets.flatMap(({ words, senders, groups }) => {
          const first = memory.place(Uint32Array.from(senders));
          const lasts = groups.longestWait + 1;
          return [...words, first, first + 4 * senders.size, lasts, 0, 0, ...groups.place(memory)];
        }),
      ),
    );
    const patterns = memory.place(Uint32Array.from(this.#patterns.flatMap((words) => [...words])));
    const countBytes = 16 * Math.ceil(this.#patterns.length / 4);
    const counts = memory.reserve(countBytes);
    const compartments = this.#senders.reduce((most, { lists }) => Math.max(most, lists.length), 0);
    const rows = this.#sheets.reduce((most, sheet) => Math.max(most, sheet.rows), 0);
    const groups = this.#sheets.reduce((most, sheet) => Math.max(most, sheet.groups.size), 0);
    const words = [begin, end, sheets, sheets + 4 * sheetWords * this.#sheets.length];
    words.push(patterns, counts, counts + countBytes, ...slots);
    for (const length of [rows, compartments, compartments]) words.push(memory.reserve(4 * (length + wordsBeyond)));
    words.push(memory.reserve(4 * (bitmapWords(compartments) + 2)), memory.reserve(4 * activeWords * groups));
    words.push(0, 0, firstTeam, firstTeam + 4 * teams.length, placeReceipts(memory, this.#patterns, begin, end));
    return memory.place(Uint32Array.from(words));
  }

  /**
   * Places the slots of lists, those of lists with rows that wait plane by plane; gives where that of each is, as `slotAt` takes it, and the
   * words of a Network that tell of them. Spikes of list 0 name no rows.
   */
  #placeSlots(): { readonly slotOf: (list: number) => number; readonly words: readonly number[] } {
    const memory = this.#memory;
    const { size } = this.#lists;
    const room = new Uint32Array(size).fill(wordsBeyond);
    for (const { lists } of this.#senders) for (const list of lists) room[list]!++;
    let longestWait = 0;
    const waits = new Uint8Array(size);
    for (let list = 1; list < size; list++) {
      this.#lists.forEachRow(list, (_section, _row, wait) => {
        if (wait > 0) waits[list] = 1;
        longestWait = Math.max(longestWait, wait);
      });
    }
    const late = waits.reduce((sum, own) => sum + own, 0);
    const planes = longestWait + 1;
    const slots = memory.reserve(4 * slotWords * (size - late));
    const lateSlots = memory.reserve(4 * slotWords * late * planes);
    const slotOf = new Float64Array(size);
    let [next, nextLate] = [slots, lateSlots];
    const open = (slot: Address, list: number): void => {
      memory.uint32(slot, 1)[0] = memory.reserve(4 * room[list]!);
    };
    for (let list = 0; list < size; list++) {
      if (waits[list] === 0) {
        slotOf[list] = next;
        open(next, list);
        next += 4 * slotWords;
      } else {
        slotOf[list] = nextLate + 1;
        for (let plane = 0; plane < planes; plane++) open(nextLate + 4 * slotWords * late * plane, list);
        nextLate += 4 * slotWords;
      }
    }
    return { slotOf: (list) => slotOf[list]!, words: [slots, next, lateSlots, 4 * slotWords * late, planes, 0, 0] };
  }

  /** Tells the loops which spikes to write down together; gives the words of the teams. */
  #placeSenders(slotOf: (list: number) => number): readonly number[] {
    const found = findTeams(this.#senders);
    const inTeam = new Set(found.flatMap(({ members }) => members));
    for (const sender of this.#senders) if (!inTeam.has(sender)) placeBundles(this.#memory, sender, slotOf);
    return found.flatMap((team) => placeTeam(this.#memory, team, slotOf));
  }

  /** Tells sections which lists name rows of theirs, and sheets which rows each list names. */
  #placeRows(slotOf: (list: number) => number): void {
    const sources = new SectionSources();
    for (let list = 1; list < this.#lists.size; list++) {
      const slot = slotOf(list);
      const isSingle = slot % 2 === 0;
      this.#lists.forEachRow(list, (section, row, wait) => {
        if (wait === 0) sources.add(section, isSingle ? slot : slot - 1, tileWeights * row, isSingle);
        this.#sheets[this.#sheetOf[section]!]!.groups.add(slot, this.#sections[section]!, tileWeights * row, wait);
      });
    }
    sources.place(this.#memory, this.#sections);
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
