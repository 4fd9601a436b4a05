import { coreStateBytes } from './core-state.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { share, shareWords } from './pattern-table.js';

/** Words of what kernel/merged-state.ts calls a Receipt. */
const receiptWords = 3;

/**
 * Sorts what spikes of each pattern send by the core that receives it, whose states lie from `begin` to `end`; gives where the
 * loops find it. `patterns` are the words of a Pattern.
 */
export function placeReceipts(
  memory: MachineMemory,
  patterns: readonly Uint32Array[],
  begin: Address,
  end: Address,
): Address {
  const cores = (end - begin) / coreStateBytes;
  const next = new Float64Array(cores + 1);
  const forEachShare = (visit: (core: number, pattern: number, messages: number, synapses: number) => void): void => {
    for (const [pattern, [shares, pastShares]] of patterns.entries()) {
      const words = memory.uint32(shares!, (pastShares! - shares!) / 4);
      for (let k = 0; k < words.length; k += shareWords) {
        const core = (words[k + share.core]! - begin) / coreStateBytes;
        visit(core, pattern, words[k + share.messages]!, words[k + share.synapses]!);
      }
    }
  };
  forEachShare((core) => {
    next[core + 1]!++;
  });
  for (let core = 0; core < cores; core++) next[core + 1]! += next[core]!;
  const all = next[cores]!;
  const first = memory.reserve(4 * receiptWords * all);
  const starts = memory.place(Uint32Array.from(next, (place) => first + 4 * receiptWords * place));
  const table = memory.uint32(first, receiptWords * all);
  forEachShare((core, pattern, messages, synapses) => {
    table.set([4 * pattern, messages, synapses], receiptWords * next[core]!++);
  });
  return starts;
}
