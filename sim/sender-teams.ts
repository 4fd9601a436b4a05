import type { CoreState } from './core-state.js';
import type { MachineMemory } from './machine-memory.js';

/** Cores of a team: a vector of bytes has 16. */
export const membersMost = 32;
/** Cores that are worth it. */
const membersLeast = 8;
/** Compartments that have one list, on average, where a core alone hands enough over together. */
const runLengthMost = 4;
/** Words of what kernel/merged-state.ts calls a Team. */
const teamWords = 8;

/**
 * Brings cores together whose compartments push the same lists with the same shifts, each core's as many bytes on as it says; gives
 * the words of their teams. `compartments` by core: those of a core that sends for one population alone; else 0.
 */
export function placeTeams(
  memory: MachineMemory,
  states: readonly CoreState[],
  compartments: readonly number[],
): Uint32Array {
  const alike = new Map<string, number[]>();
  for (const [core, state] of states.entries()) {
    if (compartments[core] === 0 || !sendsSingly(memory.uint32(state.get('lists'), compartments[core]!))) continue;
    const key = `${state.get('lists')} ${state.get('shifts')} ${compartments[core]}`;
    const members = alike.get(key);
    if (members === undefined) alike.set(key, [core]);
    else members.push(core);
  }
  const words: number[] = [];
  for (const all of alike.values()) {
    for (let first = 0; first + membersLeast <= all.length; first += membersMost) {
      const members = all.slice(first, first + membersMost);
      words.push(
        ...placeTeam(
          memory,
          members.map((core) => states[core]!),
          compartments[members[0]!]!,
        ),
      );
    }
  }
  return Uint32Array.from(words);
}

/** True where few neighbours have a list in common. */
function sendsSingly(lists: Uint32Array): boolean {
  let runs = 1;
  for (let k = 1; k < lists.length; k++) if (lists[k] !== lists[k - 1]) runs++;
  return lists.length < runLengthMost * runs;
}

function placeTeam(memory: MachineMemory, members: readonly CoreState[], compartments: number): readonly number[] {
  const bytes = Math.ceil(compartments / 8);
  const nobody = memory.reserve(8 * Math.ceil(bytes / 8));
  const firing = new Uint32Array(membersMost).fill(nobody);
  // Loops may look up that of one core more than any word has.
  const shifts = new Uint32Array(64 + 1);
  for (const [index, state] of members.entries()) {
    firing[index] = state.get('firing');
    shifts[index] = state.get('firstShift');
    state.put('inTeam', 1);
  }
  const cores = memory.place(Uint32Array.from(members, ({ address }) => address));
  const [one] = members;
  const words = [cores, cores + 4 * members.length, memory.place(firing), memory.place(shifts)];
  words.push(one!.get('lists'), one!.get('shifts'), bytes);
  return [...words, ...new Array<number>(teamWords - words.length).fill(0)];
}
