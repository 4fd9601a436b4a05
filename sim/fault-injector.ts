import type { Core } from './core.js';
import { Detours } from './detours.js';
import { type Fault, type FaultDraw, strikes } from './fault.js';
import type { Machine } from './machine.js';
import type { Distance } from './mesh.js';
import type { CompartmentBitmap } from './soma.js';
import { StruckMemory } from './struck-memory.js';

/** A message that acts a timestep late. */
interface LateMessage {
  readonly to: number;
  readonly inlet: number;
}

/** True of a fault for which messages must be sent one by one. */
export function touchesMessages({ kind }: Fault): boolean {
  return ['drop', 'delay', 'core', 'link'].includes(kind);
}

/** What is broken of one core: how many neurons, those that are not dead, and those that are stuck. */
interface BrokenNeurons {
  readonly count: number;
  readonly able: CompartmentBitmap;
  readonly stuck: CompartmentBitmap;
}

/** The messages of some spikes, and the links on their way; those lost are among the messages, but took no link. */
export interface SentMessages {
  readonly messages: number;
  readonly eastWest: number;
  readonly northSouth: number;
  readonly crossings: number;
  readonly lost: number;
  readonly late: number;
}

/**
 * One fault on a loaded machine. Lasting faults (neurons, cores, links) are the same in every sample; what strikes
 * messages depends on the sample's number, its timestep and the output axon, never on what ran before.
 *
 * A lost message has been made, but takes no link. Dead neurons and those of a dead core do not fire, whatever their
 * membranes; stuck neurons fire at every timestep, inside their window or not; messages for a dead core, and those that a
 * dead link leaves no way, are lost. A late message crosses the mesh in time, and is processed a timestep later.
 */
export class FaultInjector {
  /** Neurons that are dead or stuck. */
  readonly neurons: number;
  readonly #machine: Machine;
  readonly #fault: Fault;
  readonly #draw: FaultDraw;
  readonly #broken: readonly (BrokenNeurons | null)[];
  readonly #deadCore: number;
  readonly #detours: Detours | null;
  /** Where messages are struck one by one. */
  readonly #struck: StruckMemory | null;
  /** By sending core, then by receiving core, among those that it sends to. */
  readonly #ways: (readonly (Distance | null)[] | undefined)[] = [];
  /** Late messages of the timestep before, and of this one. */
  #waiting: LateMessage[] = [];
  #late: LateMessage[] = [];

  constructor(machine: Machine, fault: Fault, draw: FaultDraw) {
    this.#machine = machine;
    this.#fault = fault;
    this.#draw = draw;
    this.#deadCore = fault.kind === 'core' ? fault.core : -1;
    this.#broken = machine.cores.map((core) => this.#brokenIn(core));
    this.neurons = this.#broken.reduce((sum, broken) => sum + (broken?.count ?? 0), 0);
    this.#struck = fault.kind === 'drop' || fault.kind === 'delay' ? new StruckMemory(machine, fault.rate) : null;
    this.#detours = fault.kind === 'link' ? new Detours(machine.mesh, machine.mesh.linkAt(fault)) : null;
  }

  /** The start of a stream. */
  open(): void {
    this.#waiting = [];
    this.#late = [];
  }

  /** True where messages must be sent one by one. */
  get touchesMessages(): boolean {
    return touchesMessages(this.#fault);
  }

  /** True of a core that does nothing. */
  isDead(core: number): boolean {
    return core === this.#deadCore;
  }

  /** After the updates of a core: who fires is changed where neurons are broken. */
  alterSpikes({ number, somas }: Core): void {
    if (number === this.#deadCore) somas.setFiring([]);
    const broken = this.#broken[number]!;
    if (broken !== null) somas.overrule(broken.able, broken.stuck);
  }

  /** Delivers the messages that should have acted a timestep ago; `isLast`: those of this timestep too. */
  deliverLate(isLast: boolean): void {
    const due = isLast ? [...this.#waiting, ...this.#late] : this.#waiting;
    for (const { to, inlet } of due) this.#machine.cores[to]!.axonIn.receive(inlet);
    this.#waiting = isLast ? [] : this.#late;
    this.#late = [];
  }

  /** Sends the messages of spikes first … end − 1 of a core at a timestep of a sample, as far as the fault lets them. */
  send(core: Core, first: number, end: number, sample: number, step: number): SentMessages {
    const { kind } = this.#fault;
    if (this.#struck === null) return this.#sendOnWays(core, first, end);
    const drawn = this.#draw(kind, sample, step, core.number);
    const sent = this.#struck.send(core, first, end, drawn);
    const { messages, struck } = sent;
    let { eastWest, northSouth, crossings } = sent;
    const { axonsOut } = core;
    if (kind === 'delay') {
      for (const entry of struck) this.#late.push({ to: axonsOut.core[entry]!, inlet: axonsOut.inlet![entry]! });
      return { messages, eastWest, northSouth, crossings, lost: 0, late: struck.length };
    }
    const ways = this.#waysFrom(core);
    for (const entry of struck) {
      const way = ways[axonsOut.core[entry]!]!;
      eastWest -= way.eastWest;
      northSouth -= way.northSouth;
      crossings -= way.chipCrossings;
    }
    return { messages, eastWest, northSouth, crossings, lost: struck.length, late: 0 };
  }

  /** The same where some ways are barred. */
  #sendOnWays(core: Core, first: number, end: number): SentMessages {
    const { axonsOut, somas } = core;
    const { cores } = this.#machine;
    const ways = this.#waysFrom(core);
    const sent = { messages: 0, eastWest: 0, northSouth: 0, crossings: 0, lost: 0, late: 0 };
    for (let spike = first; spike < end; spike++) {
      const compartment = somas.spiked[spike]!;
      for (let entry = axonsOut.offsets[compartment]!; entry < axonsOut.offsets[compartment + 1]!; entry++) {
        const to = axonsOut.core[entry]!;
        const way = ways[to]!;
        sent.messages++;
        if (way === null) {
          sent.lost++;
          continue;
        }
        sent.eastWest += way.eastWest;
        sent.northSouth += way.northSouth;
        sent.crossings += way.chipCrossings;
        cores[to]!.axonIn.receive(axonsOut.inlet![entry]!);
      }
    }
    return sent;
  }

  /** Pairs of cores that send messages between which the fault leaves no way. */
  unreachable(): { readonly from: number; readonly to: number }[] {
    return this.#machine.cores.flatMap((core) => {
      const ways = this.#waysFrom(core);
      return core.axonsOut.routes.filter((to) => ways[to] === null).map((to) => ({ from: core.number, to }));
    });
  }

  /** How far messages go from a core to each of those it sends to; null where they cannot. */
  #waysFrom({ number, axonsOut }: Core): readonly (Distance | null)[] {
    const known = this.#ways[number];
    if (known !== undefined) return known;
    const { mesh, cores } = this.#machine;
    const ways = new Array<Distance | null>(cores.length).fill(null);
    for (const to of axonsOut.routes) {
      if (to === this.#deadCore) continue;
      ways[to] = this.#detours === null ? mesh.distance(number, to) : this.#detours.distance(number, to);
    }
    this.#ways[number] = ways;
    return ways;
  }

  #brokenIn({ ranges, neuron, somas }: Core): BrokenNeurons | null {
    const fault = this.#fault;
    if (fault.kind !== 'dead' && fault.kind !== 'stuck') return null;
    const struck: number[] = [];
    for (const { population, first, end, spiking } of ranges) {
      if (!spiking) continue;
      for (let k = first; k < end; k++) {
        if (strikes(fault.rate, this.#draw(fault.kind, population, neuron[k]!))) struck.push(k);
      }
    }
    if (struck.length === 0) return null;
    const broken = somas.bitmapOf(struck);
    const none = new Uint32Array(broken.length);
    const count = struck.length;
    return fault.kind === 'dead'
      ? { count, able: broken.map((word) => ~word), stuck: none }
      : { count, able: none.map((word) => ~word), stuck: broken };
  }
}
