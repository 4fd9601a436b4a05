import { linkTimes } from './analytic-clock.js';
import { CycleMemory } from './cycle-memory.js';
import { checkLongestTimestep } from './longest-timestep.js';
import type { Machine } from './machine.js';
import type { PacketObserver } from './observer.js';
import type { Picoseconds } from './quantities.js';
import { replayArrivals } from './replay-arrivals.js';
import type { TimestepClock, TimestepTime } from './timestep-clock.js';
import type { TimingFigures } from './timing-figures.js';

/** Of a moment in kernel/clock-state.ts. */
const momentBits = 62;

/**
 * The discrete-event model of one timestep, in integer picoseconds from the timestep's start.
 *
 * Every core has two units that work side by side:
 * - *sending*: once the axons that the host drives in this timestep are processed, the somas update their compartments in
 *   ascending order (`neuronUpdateActive` or `neuronUpdateInactive` each). After the update of a compartment that fires,
 *   its messages are made one by one (`spikeOut` each) and injected; a message that finds no room holds up everything
 *   behind it, the next updates included.
 * - *receiving*: host-driven axons first, then messages in the order of arrival; each takes `axonIn` plus
 *   `synapticOperation` for each synapse. Their weights act in the next timestep, so the two units need not wait for
 *   one another.
 *
 * Between them messages pass through stations: the links of their way (east-west first, then north-south), the port by
 * which the last router delivers to the core, and the core's input queue. A station serves one message at a time, in the
 * order of arrival, and holds at most `linkBuffer` messages, the one in service included. So buffers stand at the outputs of
 * routers, and messages that go different ways have parted when they wait; a router with buffers at its inputs would let
 * them hold up one another:
 * - a link serves for `hopEastWest` or `hopNorthSouth`; one that leaves a chip for `hopEastWest` + `chipToChip`. No link
 *   bandwidth is published, so a link takes its next message when the last has crossed;
 * - a port serves for `withinTile`, for messages from the same tile and from afar;
 * - a message that has been served but finds the next station full stays and blocks its own (back-pressure). When room
 *   appears those that wait for it take turns (round robin): it goes to the next behind the one whose message came in last, in the
 *   order sending units, links, both by number. Dimension-order routes cannot form a ring of waiting senders, and receiving
 *   never waits, so the mesh always drains.
 *
 * Of simultaneous completions that of the station with the smaller number comes first: sending units, receiving units,
 * ports, links, each in ascending order. The timestep ends with the barrier, after the last core has done all its
 * updates, and all messages are processed. The sources of the figures stand with them in the target file.
 *
 * The model itself is kernel/cycle.ts; here its figures are brought to the largest unit that divides all of them.
 */
export class CycleClock implements TimestepClock {
  readonly linkMessages: Float64Array;
  readonly sendBusy: Float64Array;
  readonly receiveBusy: Float64Array;
  readonly #barrier: number;
  readonly #memory: CycleMemory;
  #packets: PacketObserver | null = null;

  /** Throws SW3010 where memory ends, SW3013 where a timestep could outlast the numbers. */
  constructor(machine: Machine, figures: TimingFigures) {
    const { neuronUpdateActive, neuronUpdateInactive, spikeOut, withinTile, axonIn, synapticOperation } = figures;
    const links = linkTimes(machine, figures);
    const own = [neuronUpdateActive, neuronUpdateInactive, spikeOut, withinTile, axonIn, synapticOperation];
    const unit = [...own, ...new Set(links)].reduce(commonDivisor, 0) || 1;
    const stationBits = Math.ceil(Math.log2(3 * machine.cores.length + machine.mesh.linkCount));
    // In the loops the number of a station stands behind an instant; results are exact up to 2⁵³ ps.
    const limit = Math.min(2 ** (momentBits - stationBits) * unit, 2 ** 53) - 1;
    checkLongestTimestep(machine, figures, links, limit as Picoseconds);
    this.#barrier = figures.barrier;
    this.#memory = new CycleMemory(machine, {
      updateActive: neuronUpdateActive / unit,
      updateInactive: neuronUpdateInactive / unit,
      spikeOut: spikeOut / unit,
      withinTile: withinTile / unit,
      unit,
      axonIn: axonIn / unit,
      synapticOperation: synapticOperation / unit,
      linkTime: links.map((time) => time / unit),
      buffer: figures.linkBuffer,
      stationBits,
    });
    this.linkMessages = this.#memory.linkMessages;
    this.sendBusy = this.#memory.sendBusy;
    this.receiveBusy = this.#memory.receiveBusy;
  }

  reset(): void {
    this.linkMessages.fill(0);
    this.sendBusy.fill(0);
    this.receiveBusy.fill(0);
  }

  observe(packets: PacketObserver | null): void {
    this.#packets = packets;
    if (packets === null) this.#memory.keepNoArrivals();
    else this.#memory.keepArrivals(packets.receivers);
  }

  timestep(hostWork: Float64Array): TimestepTime {
    const { last, criticalCore, criticalLink } = this.#memory.run(hostWork);
    const memory = this.#memory;
    if (this.#packets !== null) replayArrivals(memory.arrivals(), memory.firstMessage, this.#packets);
    return { duration: (last + this.#barrier) as Picoseconds, criticalCore, criticalLink };
  }
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
