import type { Core } from './core.js';
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
    this.#stepLink = new Float64Array(machine.mesh.linkCount);
    for (const { axonsOut } of machine.cores) axonsOut.countSent();
  }

  reset(): void {
    this.linkMessages.fill(0);
    this.sendBusy.fill(0);
    this.receiveBusy.fill(0);
  }

  /** Single messages have no times here. */
  observe(): void {}

  timestep(hostWork: Float64Array): TimestepTime {
    const { cores } = this.#machine;
    const { neuronUpdateActive, neuronUpdateInactive, spikeOut, axonIn, synapticOperation, withinTile, barrier } =
      this.#figures;
    this.#touched.length = 0;
    let longest = 0;
    let criticalCore = 0;
    for (const core of cores) {
      const { number, somas, axonIn: arrived } = core;
      const messages = somas.spikeCount === 0 ? 0 : this.#countMessages(core);
      const inactive = core.compartments - somas.activeCount;
      const send = somas.activeCount * neuronUpdateActive + inactive * neuronUpdateInactive + messages * spikeOut;
      const { lastReceived, lastSynapticOperations } = arrived;
      const receive = hostWork[number]! + lastReceived * axonIn + lastSynapticOperations * synapticOperation;
      this.sendBusy[number]! += send;
      this.receiveBusy[number]! += receive;
      const time = Math.max(hostWork[number]! + send, receive, lastReceived * withinTile);
      if (time > longest) {
        longest = time;
        criticalCore = number;
      }
    }
    const { criticalLink, busy } = this.#busiestLink();
    return { duration: (Math.max(longest, busy) + barrier) as Picoseconds, criticalCore, criticalLink };
  }

  /** Adds the messages of a core's spikes to the links of their ways; returns how many they are. */
  #countMessages({ number, axonsOut }: Core): number {
    const { mesh } = this.#machine;
    const { routes, sentOn } = axonsOut;
    const home = mesh.tileOf(number);
    let messages = 0;
    for (let route = 0; route < routes.length; route++) {
      const sent = sentOn[route]!;
      if (sent === 0) continue;
      const to = routes[route]!;
      for (let link = mesh.nextLink(home, to); link >= 0; link = mesh.nextLink(mesh.linkEnd(link), to)) {
        if (this.#stepLink[link] === 0) this.#touched.push(link);
        this.#stepLink[link]! += sent;
      }
      messages += sent;
    }
    sentOn.fill(0);
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
