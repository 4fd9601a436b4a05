import { bitmapWords, wordBytes } from './bitmap.js';
import { type MergedSender, runLength } from './bundles.js';
import type { MachineMemory } from './machine-memory.js';

/** Cores of a squad: bits of a word. */
const squadCores = 64;
/** Cores that are worth it. */
const membersLeast = 8;
/** Compartments that have one list, on average, where a core alone writes enough down together. */
const runLengthMost = 16;
/** Bytes of a vector. */
const vectorCores = 16;
/** Words of what kernel/merged-state.ts calls a Squad. */
const squadWords = 5;
/** Bytes of the mask of a squad in eight compartments. */
const maskBytes = 8 * 8;

/** The cores of a team have the same lists and shifts, each core's as many rows on as it says. */
export interface SenderTeam {
  readonly members: readonly MergedSender[];
  readonly lists: Uint32Array;
}

/** Brings cores together whose compartments name the same lists with the same shifts. */
export function findTeams(senders: readonly MergedSender[]): readonly SenderTeam[] {
  const alike = new Map<string, SenderTeam & { members: MergedSender[] }>();
  for (const sender of senders) {
    const { lists, shifts } = sender;
    if (runLength(lists) >= runLengthMost) continue;
    let hash = lists.reduce((mixed, list) => Math.imul(mixed ^ list, 0x9e3779b1), lists.length);
    let known = alike.get(`${shifts} ${hash}`);
    while (known !== undefined && !isSame(known.lists, lists)) known = alike.get(`${shifts} ${++hash}`);
    if (known === undefined) alike.set(`${shifts} ${hash}`, { members: [sender], lists });
    else known.members.push(sender);
  }
  return [...alike.values()].filter(({ members }) => members.length >= membersLeast);
}

function isSame(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((list, k) => list === b[k]);
}

/** Words of what the loops call a Team. `slotOf` gives the slot of a list as `slotAt` takes it. */
export function placeTeam(
  memory: MachineMemory,
  { members, lists }: SenderTeam,
  slotOf: (list: number) => number,
): readonly number[] {
  const bytes = Math.ceil(lists.length / 8);
  const nobody = memory.reserve(wordBytes * bitmapWords(lists.length));
  const squads: number[] = [];
  for (let first = 0; first < members.length; first += squadCores) {
    const own = members.slice(first, first + squadCores);
    const firing = new Uint32Array(squadCores).fill(nobody);
    // Loops may look up that of one core more than any word has.
    const shifts = new Uint32Array(squadCores + 1);
    for (const [index, { state }] of own.entries()) {
      firing[index] = state.get('firing');
      shifts[index] = state.get('firstShift');
      state.put('inTeam', 1);
    }
    const cores = memory.place(Uint32Array.from(own, ({ state }) => state.address));
    const vectors = Math.ceil(own.length / vectorCores);
    squads.push(cores, cores + 4 * own.length, memory.place(firing), vectors, memory.place(shifts));
  }
  const count = squads.length / squadWords;
  const address = memory.place(Uint32Array.from(squads));
  const [awake, masks] = [memory.reserve(4 * count), memory.reserve(maskBytes * count)];
  const slotTable = memory.place(lists.map(slotOf));
  return [address, address + 4 * squads.length, slotTable, members[0]!.shifts, bytes, awake, masks];
}
