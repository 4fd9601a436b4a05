import type { Core } from './core.js';
import { Detours } from './detours.js';
import { type Fault, type FaultDraw, strikes } from './fault.js';
import type { Machine } from './machine.js';
import type { Distance } from './mesh.js';

/** A message that acts a timestep late. */
interface LateMessage {
  readonly to: number;
  readonly inlet: number;
}

/** True of a fault for which messages must be sent one by one. */
export function touchesMessages({ kind }: Fault): boolean {
  return ['drop', 'delay', 'core', 'link'].includes(kind);
}

/** Compartments of one core that are broken. */
interface BrokenNeurons {
  readonly dead: ReadonlySet<number>;
  readonly stuck: readonly number[];
}

/** The messages of some spikes, and the links on their way; those lost are among the messages, but took no link. */
export interface SentMessages {
  readonly messages: number;
  readonly eastWest: number;
  readonly northSouth: number;
  readonly crossings: number;
  readonly lost: number;
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
  readonly #ways = new Map<number, Distance | null>();
  /** Late messages of the timestep before, and of this one. */
  #waiting: LateMessage[] = [];
  #late: LateMessage[] = [];

  constructor(machine: Machine, fault: Fault, draw: FaultDraw) {
    this.#machine = machine;
    this.#fault = fault;
    this.#draw = draw;
    this.#deadCore = fault.kind === 'core' ? fault.core : -1;
    this.#broken = machine.cores.map((core) => this.#brokenIn(core));
    this.neurons = this.#broken.reduce(
      (sum, broken) => sum + (broken?.dead.size ?? 0) + (broken?.stuck.length ?? 0),
      0,
    );
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
    if (broken === null) return;
    const fired = somas.firing().filter((compartment) => !broken.dead.has(compartment));
    somas.setFiring([...fired, ...broken.stuck]);
  }

  /** Delivers the messages that should have acted a timestep ago; `isLast`: those of this timestep too. */
  deliverLate(isLast: boolean): void {
    const due = isLast ? [...this.#waiting, ...this.#late] : this.#waiting;
    for (const { to, inlet } of due) this.#machine.cores[to]!.axonIn.receive(inlet);
    this.#waiting = isLast ? [] : this.#late;
    this.#late = [];
  }

  /** Sends the messages of spikes first … end − 1 of a core at a timestep of a sample, as far as the fault lets them. */
  send(core: Core, first: number, end: number, sample: number, step: number): SentMessages & { readonly late: number } {
    const { kind } = this.#fault;
    const { axonsOut, somas, number } = core;
    const sent = { messages: 0, eastWest: 0, northSouth: 0, crossings: 0, lost: 0, late: 0 };
    for (let spike = first; spike < end; spike++) {
      const compartment = somas.spiked[spike]!;
      for (let entry = axonsOut.offsets[compartment]!; entry < axonsOut.offsets[compartment + 1]!; entry++) {
        const to = axonsOut.core[entry]!;
        const inlet = axonsOut.inlet![entry]!;
        const way = this.#way(number, to);
        const isStruck = this.#strikesMessage(sample, step, number, entry);
        sent.messages++;
        if (way === null || (kind === 'drop' && isStruck)) {
          sent.lost++;
          continue;
        }
        sent.eastWest += way.eastWest;
        sent.northSouth += way.northSouth;
        sent.crossings += way.chipCrossings;
        if (kind === 'delay' && isStruck) {
          sent.late++;
          this.#late.push({ to, inlet });
        } else this.#machine.cores[to]!.axonIn.receive(inlet);
      }
    }
    return sent;
  }

  /** Pairs of cores that send messages between which the fault leaves no way. */
  unreachable(): { readonly from: number; readonly to: number }[] {
    return this.#machine.cores.flatMap(({ number: from, axonsOut }) => {
      return axonsOut.routes.filter((to) => this.#way(from, to) === null).map((to) => ({ from, to }));
    });
  }

  #strikesMessage(sample: number, step: number, core: number, entry: number): boolean {
    const fault = this.#fault;
    if (fault.kind !== 'drop' && fault.kind !== 'delay') return false;
    return strikes(fault.rate, this.#draw(fault.kind, sample, step, core, entry));
  }

  /** How far messages go from one core to another; null where they cannot. */
  #way(from: number, to: number): Distance | null {
    if (to === this.#deadCore) return null;
    const { mesh, cores } = this.#machine;
    const key = from * cores.length + to;
    let way = this.#ways.get(key);
    if (way === undefined) {
      way = this.#detours === null ? mesh.distance(from, to) : this.#detours.distance(from, to);
      this.#ways.set(key, way);
    }
    return way;
  }

  #brokenIn({ ranges, neuron }: Core): BrokenNeurons | null {
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
    return fault.kind === 'dead' ? { dead: new Set(struck), stuck: [] } : { dead: new Set(), stuck: struck };
  }
}
