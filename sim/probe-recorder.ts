import type { Program } from '../schemas/program.js';
import { LinkWatch } from './link-watch.js';
import { compartmentOf, forEachMembrane, forEachSpike } from './machine-view.js';
import type { Observer, PacketObserver, StepMoment } from './observer.js';
import { PacketLog } from './packet-log.js';
import { type CoreProbe, coresWatched, type NeuronProbe, type Probe, probeName, watches } from './probe.js';
import { QueueWatch } from './queue-watch.js';

/** A table that grows by rows of whole numbers. */
export interface RowTable {
  append(...row: readonly number[]): void;
}

/** A column: 32-bit integers, or 64-bit ones (picoseconds). */
export interface Column {
  readonly name: string;
  readonly bits: 32 | 64;
}

/** Opens the table of that name, whose rows have these columns. */
export type OpenTable = (name: string, columns: readonly Column[]) => RowTable;

const narrow = (...names: readonly string[]): readonly Column[] => names.map((name) => ({ name, bits: 32 }));
const wide = (...names: readonly string[]): readonly Column[] => names.map((name) => ({ name, bits: 64 }));

/** The columns of each kind of probe. Packet times are picoseconds from the start of the sample, or of the stream of those that overlap. */
const columnsOf: Readonly<Record<Probe['kind'], readonly Column[]>> = {
  spikes: narrow('sample', 'step', 'neuron'),
  membrane: narrow('sample', 'step', 'neuron', 'value'),
  queue: narrow('sample', 'step', 'chip', 'core', 'longest', 'received'),
  packets: [
    ...narrow('sample', 'step', 'fromChip', 'fromCore', 'compartment', 'toChip', 'toCore', 'axon', 'atom'),
    ...wide('made', 'arrived', 'begin', 'end'),
  ],
  links: narrow('sample', 'step', 'tileColumn', 'tileRow', 'direction', 'messages'),
};

/**
 * Records probes as tables, a row per event: spikes; membranes after the update; the longest input queue of each core that
 * received messages; messages with their times; links that carried messages, direction 0 east, 1 west, 2 south, 3 north.
 * Where samples overlap, what a neuron does belongs to the sample that its population is at work on; queues and links
 * are those of the sample that has begun last.
 */
export class ProbeRecorder implements Observer {
  readonly packets: PacketObserver | null;
  readonly #program: Program;
  readonly #probes: readonly { readonly probe: Probe; readonly table: RowTable }[];
  readonly #queues: QueueWatch | null;
  readonly #log: PacketLog | null;
  readonly #links = new LinkWatch();

  constructor(program: Program, probes: readonly Probe[], open: OpenTable) {
    this.#program = program;
    this.#probes = probes.map((probe) => ({ probe, table: open(probeName(probe, program), columnsOf[probe.kind]) }));
    const ofCores = (kind: CoreProbe['kind']): CoreProbe[] =>
      probes.filter((probe): probe is CoreProbe => probe.kind === kind);
    const [queues, packets] = [ofCores('queue'), ofCores('packets')];
    this.#queues = queues.length > 0 ? new QueueWatch(program.cores.length, coresWatched(queues)) : null;
    this.#log = packets.length > 0 ? new PacketLog(coresWatched(packets)) : null;
    this.packets = bothOf(this.#queues, this.#log);
  }

  step(moment: StepMoment): void {
    const { step } = moment;
    const links = this.#links.messages(moment);
    for (const { probe, table } of this.#probes) {
      switch (probe.kind) {
        case 'spikes':
        case 'membrane':
          recordNeurons(moment, probe, table);
          break;
        case 'queue':
          if (watches(probe, step)) this.#recordQueues(moment, probe.core, table);
          break;
        case 'packets':
          this.#recordPackets(moment, probe, table);
          break;
        case 'links':
          if (watches(probe, step)) recordLinks(moment, links, table);
          break;
      }
    }
    this.#queues?.open();
    this.#log?.open();
  }

  #recordQueues({ sample, step }: StepMoment, core: number | null, table: RowTable): void {
    const { longest, received } = this.#queues!;
    for (let k = core ?? 0; k < (core === null ? received.length : core + 1); k++) {
      const image = this.#program.cores[k]!;
      if (received[k]! > 0) table.append(sample, step, image.chip, image.core, longest[k]!, received[k]!);
    }
  }

  #recordPackets({ at, machine, start }: StepMoment, probe: CoreProbe, table: RowTable): void {
    this.#log!.forEach(({ from, to, entry, made, arrived, begin, end }) => {
      if (probe.core !== null && to !== probe.core) return;
      const source = this.#program.cores[from]!;
      const sink = this.#program.cores[to]!;
      const { axonsOut, population } = machine.cores[from]!;
      const compartment = compartmentOf(axonsOut.offsets, entry);
      const { sample, step } = at[population[compartment]!]!;
      if (!watches(probe, step)) return;
      const where = [source.chip, source.core, compartment, sink.chip, sink.core];
      const { axon, atom } = source.axonsOut;
      const times = [made, arrived, begin, end].map((time) => start! + time);
      table.append(sample, step, ...where, axon[entry]!, atom[entry]!, ...times);
    });
  }
}

function recordNeurons({ at, machine }: StepMoment, probe: NeuronProbe, table: RowTable): void {
  const { sample, step } = at[probe.population]!;
  if (!watches(probe, step)) return;
  if (probe.kind === 'spikes') forEachSpike(machine, probe, (neuron) => table.append(sample, step, neuron));
  else forEachMembrane(machine, probe, (neuron, value) => table.append(sample, step, neuron, value));
}

function recordLinks({ sample, step, machine }: StepMoment, links: Float64Array, table: RowTable): void {
  const { columns } = machine.board;
  for (const [link, messages] of links.entries()) {
    if (messages === 0) continue;
    const tile = Math.floor(link / 4);
    table.append(sample, step, tile % columns, Math.floor(tile / columns), link % 4, messages);
  }
}

/** Tells two observers, of which either may be absent. */
export function bothOf(first: PacketObserver | null, second: PacketObserver | null): PacketObserver | null {
  if (first === null || second === null) return first ?? second;
  const isAll = first.receivers === null || second.receivers === null;
  return {
    receivers: isAll ? null : new Set([...first.receivers, ...second.receivers]),
    made(message, from, to, entry, time) {
      first.made(message, from, to, entry, time);
      second.made(message, from, to, entry, time);
    },
    arrived(message, to, time) {
      first.arrived(message, to, time);
      second.arrived(message, to, time);
    },
    processed(message, to, begin, end) {
      first.processed(message, to, begin, end);
      second.processed(message, to, begin, end);
    },
  };
}
