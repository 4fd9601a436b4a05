import { type LinkLoad, placeLinkLoad } from './link-load.js';
import type { Machine } from './machine.js';
import type { Address } from './machine-memory.js';

/** Bytes of a core's `Reception` and of a `Burst`, and counters, as in kernel/instant.ts. */
const receptionBytes = 16;
const burstBytes = 16;
const digits = 2 ** 11;

/** What kernel/instant.ts works on, in a machine's memory. */
export interface InstantMemory {
  readonly address: Address;
  readonly links: LinkLoad;
}

/** Has the cores count what they send from now on. */
export function placeInstant(machine: Machine, linkTime: Float64Array): InstantMemory {
  const { memory, cores } = machine;
  const links = placeLinkLoad(machine, linkTime);
  const compartments = cores.reduce((sum, core) => sum + core.compartments, 0);
  const receptions = memory.reserve(receptionBytes * cores.length);
  const [bursts, spare] = [memory.reserve(burstBytes * compartments), memory.reserve(burstBytes * compartments)];
  const counters = memory.reserve(4 * digits);
  return { address: memory.place(Uint32Array.of(links.address, receptions, bursts, spare, counters)), links };
}
