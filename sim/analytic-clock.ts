import type { Machine } from './machine.js';
import type { Picoseconds } from './quantities.js';
import type { TimestepClock, TimestepTime } from './timestep-clock.js';
import type { TimingFigures } from './timing-figures.js';

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
  readonly #machine: Machine;
  readonly #figures: TimingFigures;
  readonly #linkTime: Float64Array;
  readonly #stepReceive: Float64Array;
  readonly #stepDeliveries: Float64Array;
  readonly #stepLink: Float64Array;
  readonly #touched: number[] = [];

  constructor(machine: Machine, figures: TimingFigures) {
    const cores = machine.cores.length;
    this.#machine = machine;
    this.#figures = figures;
    this.linkMessages = new Float64Array(machine.mesh.linkCount);
    this.sendBusy = new Float64Array(cores);
    this.receiveBusy = new Float64Array(cores);
    this.#linkTime = linkTimes(machine, figures);
    this.#stepReceive = new Float64Array(cores);
    this.#stepDeliveries = new Float64Array(cores);
    this.#stepLink = new Float64Array(machine.mesh.linkCount);
  }

  reset(): void {
    this.linkMessages.fill(0);
    this.sendBusy.fill(0);
    this.receiveBusy.fill(0);
  }

  timestep(hostWork: Float64Array): TimestepTime {
    const { cores } = this.#machine;
    const figures = this.#figures;
    const receive = this.#stepReceive;
    const deliveries = this.#stepDeliveries;
    receive.set(hostWork);
    deliveries.fill(0);
    this.#touched.length = 0;
    let longest = 0;
    let criticalCore = 0;
    const consider = (core: number, time: number): void => {
      if (time > longest) {
        longest = time;
        criticalCore = core;
      }
    };
    for (const core of cores) {
      const messages = this.#countMessages(core.number);
      const { activeCount } = core.somas;
      const inactive = core.compartments - activeCount;
      const updates = activeCount * figures.neuronUpdateActive + inactive * figures.neuronUpdateInactive;
      const send = updates + messages * figures.spikeOut;
      this.sendBusy[core.number]! += send;
      consider(core.number, hostWork[core.number]! + send);
    }
    for (const { number } of cores) {
      this.receiveBusy[number]! += receive[number]!;
      consider(number, Math.max(receive[number]!, deliveries[number]! * figures.withinTile));
    }
    const { criticalLink, busy } = this.#busiestLink();
    return {
      duration: (Math.max(longest, busy) + figures.barrier) as Picoseconds,
      criticalCore,
      criticalLink,
    };
  }

  /** Adds the messages of a core's spikes to receivers and links; returns how many they are. */
  #countMessages(from: number): number {
    const { cores, mesh } = this.#machine;
    const { axonIn, synapticOperation } = this.#figures;
    const { axonsOut, somas } = cores[from]!;
    const home = mesh.tileOf(from);
    let messages = 0;
    for (let spike = 0; spike < somas.spikeCount; spike++) {
      const compartment = somas.spiked[spike]!;
      const end = axonsOut.offsets[compartment + 1]!;
      for (let entry = axonsOut.offsets[compartment]!; entry < end; entry++) {
        const to = axonsOut.core[entry]!;
        this.#stepReceive[to]! += axonIn + cores[to]!.axonIn.synapseCount[axonsOut.axon[entry]!]! * synapticOperation;
        this.#stepDeliveries[to]!++;
        for (let link = mesh.nextLink(home, to); link >= 0; link = mesh.nextLink(mesh.linkEnd(link), to)) {
          if (this.#stepLink[link] === 0) this.#touched.push(link);
          this.#stepLink[link]!++;
        }
        messages++;
      }
    }
    return messages;
  }

  #busiestLink(): { criticalLink: number; busy: number } {
    let criticalLink = -1;
    let busy = -1;
    for (const link of this.#touched) {
      const time = this.#stepLink[link]! * this.#linkTime[link]!;
      if (time > busy || (time === busy && link < criticalLink)) {
        busy = time;
        criticalLink = link;
      }
      this.linkMessages[link]! += this.#stepLink[link]!;
      this.#stepLink[link] = 0;
    }
    return { criticalLink, busy: Math.max(busy, 0) };
  }
}

/** Time that one message occupies each link, in picoseconds [links]; 0 for links that no route takes. */
export function linkTimes({ mesh, board }: Machine, figures: TimingFigures): Float64Array {
  const lastTile = board.columns * board.rows;
  return Float64Array.from({ length: mesh.linkCount }, (_, link) => {
    const end = mesh.linkEnd(link);
    if (end < 0 || end >= lastTile) return 0;
    if (mesh.isNorthSouth(link)) return figures.hopNorthSouth;
    return figures.hopEastWest + (mesh.leavesChip(link) ? figures.chipToChip : 0);
  });
}
