import { type LinkLoad, placeLinkLoad } from './link-load.js';
import type { Machine } from './machine.js';
import type { Address, MachineMemory } from './machine-memory.js';
import type { Picoseconds } from './quantities.js';
import type { TimestepClock, TimestepTime } from './timestep-clock.js';
import type { TimingFigures } from './timing-figures.js';

/** Words of `Bound` in kernel/bound.ts, and the times that follow them. */
const boundWords = 6;
const boundTimes = 7;

/**
 * A lower bound from counts. Every unit and link of the cycle model serves one message at a time, so a timestep takes at
 * least the longest total service time of any of them, plus the barrier:
 * - a core's updates and outgoing messages, after the axons that the host drives;
 * - the axons and synapses that a core processes;
 * - the messages of a link, or those that a router delivers to one core.
 * What it leaves out is waiting: for messages to arrive, for links to be free, for buffers to have room.
 */
export class AnalyticClock implements TimestepClock {
  readonly linkMessages: Float64Array;
  readonly sendBusy: Float64Array;
  readonly receiveBusy: Float64Array;
  readonly #memory: MachineMemory;
  readonly #barrier: Picoseconds;
  readonly #links: LinkLoad;
  readonly #address: Address;
  readonly #hostWork: Float64Array;
  readonly #words: Int32Array;
  readonly #times: Float64Array;

  constructor(machine: Machine, figures: TimingFigures) {
    const { memory, cores } = machine;
    this.#memory = memory;
    this.#barrier = figures.barrier;
    this.#links = placeLinkLoad(machine, linkTimes(machine, figures));
    this.linkMessages = this.#links.messages;
    const byCore = [0, 0, 0].map(() => memory.float64(memory.reserve(8 * cores.length), cores.length));
    [this.#hostWork, this.sendBusy, this.receiveBusy] = byCore as [Float64Array, Float64Array, Float64Array];
    this.#address = memory.reserve(4 * boundWords + 8 * boundTimes);
    this.#words = memory.int32(this.#address, boundWords);
    this.#times = memory.float64(this.#address + 4 * boundWords, boundTimes);
    this.#words.set([this.#links.address, ...byCore.map(({ byteOffset }) => byteOffset)]);
    const { neuronUpdateActive, neuronUpdateInactive, spikeOut, axonIn, synapticOperation, withinTile } = figures;
    this.#times.set([neuronUpdateActive, neuronUpdateInactive, spikeOut, axonIn, synapticOperation, withinTile]);
  }

  reset(): void {
    this.linkMessages.fill(0);
    this.sendBusy.fill(0);
    this.receiveBusy.fill(0);
  }

  /** Single messages have no times here. */
  observe(): void {}

  timestep(hostWork: Float64Array): TimestepTime {
    this.#hostWork.set(hostWork);
    this.#memory.kernels.boundTimestep(this.#address);
    const duration = (this.#times[boundTimes - 1]! + this.#barrier) as Picoseconds;
    return { duration, criticalCore: this.#words[4]!, criticalLink: this.#links.busiest() };
  }
}

/** Time that one message occupies each link, in picoseconds [links]; 0 for links that no route takes. */
export function linkTimes({ mesh, board }: Machine, figures: TimingFigures): Float64Array {
  const lastTile = board.columns * board.rows;
  return Float64Array.from({ length: mesh.linkCount }, (_, link) => {
    const end = mesh.linkEnd(link);
    if (end < 0 || end >= lastTile) return 0;
    const hop = mesh.isNorthSouth(link) ? figures.hopNorthSouth : figures.hopEastWest;
    return hop + (mesh.leavesChip(link) ? figures.chipToChip : 0);
  });
}
