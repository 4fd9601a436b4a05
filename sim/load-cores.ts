import type { CoreImage, Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { AxonsOut } from './axon-out.js';
import { type Board, coreName } from './board.js';
import { checkAccumulators, checkTargets } from './check-synapses.js';
import { Core, holdsSeveral } from './core.js';
import { coreGroups } from './core-groups.js';
import type { CoreState } from './core-state.js';
import { InletNumbers } from './inlets.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { mergeRows, openSender, type Sender } from './merge-rows.js';
import { MergedMemory, type SourceRows } from './merged-memory.js';
import type { Mesh } from './mesh.js';
import type { MergedCore } from './sheet-builder.js';
import { decodeSynapses, listOf, type SynapseStore, synapseLayout } from './synapse.js';
import { narrowUnit } from './synapse-rows.js';

/** How messages are sent: all of a step at once, or one by one, where some may be lost or late. */
export interface Delivery {
  readonly oneByOne: boolean;
  /** Messages of one output axon that may arrive in one timestep. */
  readonly perStep: number;
}

/** The cores of a Program in a machine's memory. */
export interface LoadedCores {
  readonly cores: readonly Core[];
  /** Inlet of each host axon. */
  readonly hostInlets: readonly number[];
  /** Where the loops find what is merged. */
  readonly network: Address;
}

/** Where cores are loaded to. */
interface Site {
  readonly board: Board;
  readonly mesh: Mesh;
  readonly memory: MachineMemory;
  /** States of the cores from `table` on. */
  readonly states: readonly CoreState[];
  readonly table: { readonly begin: Address; readonly end: Address };
}

/** Loads the cores of one Program, group by group (`coreGroups`), so that only one's synapses are decoded at a time. */
export class CoreLoader {
  readonly #program: Program;
  readonly #target: Target;
  readonly #site: Site;
  readonly #delivery: Delivery;
  readonly #axonsOut: readonly AxonsOut[];
  readonly #rows: readonly SourceRows[][];
  readonly #merged: MergedMemory;
  readonly #cores: Core[] = [];
  readonly #hostInlets: number[];

  /** The Program must have been checked. */
  constructor(program: Program, target: Target, site: Site, delivery: Delivery) {
    this.#program = program;
    this.#target = target;
    this.#site = site;
    this.#delivery = delivery;
    this.#merged = new MergedMemory(site.memory, site.states);
    this.#axonsOut = program.cores.map((image, number) => {
      return new AxonsOut(image, destinations(image, site.board), site.states[number]!);
    });
    this.#rows = program.cores.map(() => []);
    this.#hostInlets = program.hostAxons.map(() => 0);
  }

  /** Throws SW3002 and SW3003 for bad synapses, SW3007 for weights that 32 bits cannot sum, SW3010 where memory ends. */
  load(): LoadedCores {
    const { memory, mesh, states, table } = this.#site;
    const groups = coreGroups(this.#program, this.#axonsOut);
    const groupOf = new Int32Array(this.#program.cores.length);
    for (const [group, members] of groups.entries()) for (const core of members) groupOf[core] = group;
    const sourcesOf = groups.map((): number[] => []);
    for (const [source, { core }] of this.#axonsOut.entries()) {
      const reached = new Uint8Array(groups.length);
      for (let entry = 0; entry < core.length; entry++) reached[groupOf[core[entry]!]!] = 1;
      for (const [group, isReached] of reached.entries()) if (isReached === 1) sourcesOf[group]!.push(source);
    }
    for (const [group, members] of groups.entries()) {
      this.#loadGroup(members, sourcesOf[group]!);
    }
    for (const [from, axonsOut] of this.#axonsOut.entries()) {
      axonsOut.place({ from, rows: this.#rows[from]!, states, mesh, memory, merged: this.#merged });
    }
    const network = this.#merged.network(table.begin, table.end);
    return { cores: this.#cores, hostInlets: this.#hostInlets, network };
  }

  /** Loads cores that hold one population, or each several; `sources` are the cores that send to any of them. */
  #loadGroup(members: readonly number[], sources: readonly number[]): void {
    const stores: (SynapseStore | undefined)[] = [];
    for (const number of members) stores[number] = this.#decode(number);
    const mergeable = this.#delivery.oneByOne ? new Map<number, MergedCore>() : this.#mergeable(members, stores);
    const isMember = new Uint8Array(this.#program.cores.length);
    for (const number of members) isMember[number] = 1;
    const senders = sources.map((number) => {
      return openSender(number, this.#program.cores[number]!, this.#axonsOut[number]!, isMember);
    });
    const merged = mergeable.size === 0 ? null : mergeRows(this.#program, mergeable, senders);
    const inlets: InletNumbers[] = [];
    for (const number of members) inlets[number] = new InletNumbers();
    const isSingle = Uint8Array.from(stores, (_, number) => (merged !== null && mergeable.has(number) ? 0 : 1));
    const bounds = new Float64Array(stores.length);
    const { perStep } = this.#delivery;
    for (const { image, axonsOut, entries } of senders) {
      const { axon, atom } = image.axonsOut;
      const { core, synapses } = axonsOut;
      for (const entry of entries) {
        const to = core[entry]!;
        const store = stores[to]!;
        const list = listOf(store, axon[entry]!, atom[entry]!);
        synapses[entry] = store.lists.count[list]!;
        bounds[to]! += perStep * store.lists.heaviest[list]!;
        if (isSingle[to] === 1) axonsOut.setInlet(entry, inlets[to]!.enter(axon[entry]!, atom[entry]!, perStep));
      }
    }
    for (const [index, { chip, core, axon }] of this.#program.hostAxons.entries()) {
      const to = this.#site.board.indexOf(chip, core);
      const store = stores[to];
      if (store === undefined) continue;
      bounds[to]! += perStep * store.lists.heaviest[listOf(store, axon, 0)]!;
      this.#hostInlets[index] = inlets[to]!.enter(axon, 0, perStep);
    }
    for (const number of members) {
      this.#check(number, stores[number]!, bounds[number]!, senders);
      this.#cores[number] = this.#core(number, stores[number]!, inlets[number]!);
      const single = stores[number]!.lists.heaviest.reduce((most, weight) => Math.max(most, weight), 0);
      const row = merged === null ? 0 : merged.sheet.heaviest * (mergeable.get(number)?.unit ?? 0);
      this.#site.states[number]!.putDouble('heaviest', Math.max(single, row));
    }
    if (merged === null) return;
    const sheet = this.#merged.placeSheet(merged.sheet);
    for (const [source, rows] of merged.rows) this.#rows[source]!.push({ ...rows, sheet });
  }

  #decode(number: number): SynapseStore {
    const image = this.#program.cores[number]!;
    const where = coreName(this.#program, number);
    const store = decodeSynapses(image, synapseLayout(this.#target), where);
    checkTargets(image, store, where);
    return store;
  }

  /** The cores whose synapses can be merged: those of narrow weights, in a group of one population. */
  #mergeable(members: readonly number[], stores: readonly (SynapseStore | undefined)[]): Map<number, MergedCore> {
    const mergeable = new Map<number, MergedCore>();
    for (const number of members) {
      const store = stores[number]!;
      const image = this.#program.cores[number]!;
      if (holdsSeveral(image)) return mergeable;
      const unit = narrowUnit(store, store.listOfAtom);
      if (unit === null) continue;
      const neuron = new Int32Array(image.compartmentCount).fill(-1);
      for (const { first, neurons } of image.ranges) neuron.set(neurons, first);
      mergeable.set(number, { store, unit, neuron });
    }
    return mergeable;
  }

  #check(number: number, store: SynapseStore, bound: number, senders: readonly Sender[]): void {
    const { perStep } = this.#delivery;
    const { cores, hostAxons } = this.#program;
    const { base } = cores[number]!.axonsIn;
    checkAccumulators(this.#program, number, store, bound, this.#target, (visit) => {
      for (const { image, axonsOut, entries } of senders) {
        const { axon, atom } = image.axonsOut;
        for (const entry of entries) {
          if (axonsOut.core[entry] === number)
            visit(listOf(store, axon[entry]!, atom[entry]!), base[axon[entry]!]!, perStep);
        }
      }
      for (const { chip, core, axon } of hostAxons) {
        if (this.#site.board.indexOf(chip, core) === number) visit(listOf(store, axon, 0), base[axon]!, perStep);
      }
    });
  }

  #core(number: number, store: SynapseStore, inlets: InletNumbers): Core {
    const { memory, states } = this.#site;
    const [image, axonsOut, state] = [this.#program.cores[number]!, this.#axonsOut[number]!, states[number]!];
    return new Core(number, image, this.#program, this.#target, axonsOut, store, inlets, memory, state);
  }
}

/** The cores that output axons lead to. */
function destinations({ axonsOut: { chip, core } }: CoreImage, { indexOf }: Board): Int32Array {
  const to = new Int32Array(core.length);
  for (let entry = 0; entry < core.length; entry++) to[entry] = indexOf(chip[entry]!, core[entry]!);
  return to;
}
