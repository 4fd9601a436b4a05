import type { Program } from '../../schemas/program.js';
import { coreName } from '../board.js';
import { LinkWatch } from '../link-watch.js';
import type { Machine } from '../machine.js';
import { forEachMembrane, forEachSpike } from '../machine-view.js';
import type { Observer, PacketObserver, StepMoment } from '../observer.js';
import {
  type CoreProbe,
  coresWatched,
  type LinkProbe,
  type NeuronProbe,
  neuronsWatched,
  type Probe,
  watches,
} from '../probe.js';
import { SampleClock } from './sample-clock.js';

/** Takes the text of the file piece by piece. */
export type TextSink = (text: string) => void;

/** A change of an input queue's length within the timestep. */
interface QueueChange {
  readonly time: number;
  readonly core: number;
  readonly length: number;
}

/** First and last printable character of VCD's identifiers. */
const [firstCode, lastCode] = [33, 126];

/**
 * Writes probes as a Value Change Dump (IEEE 1364-2005, section 18), the waveform that GTKWave opens. Spikes are wires
 * that are 1 for the timestep in which the neuron fires; membranes (after the update), queue lengths and the messages that
 * a link carries in a timestep are integers, unknown where their probe does not look.
 * The unit of time is the picosecond; without timing a step counts as a microsecond. Probes of packets have no waveform and
 * are left out. Where samples overlap, `sample` and `timestep` are those of the last that has begun.
 */
export class VcdWriter implements Observer {
  readonly packets: PacketObserver | null;
  readonly #write: TextSink;
  readonly #neurons: readonly NeuronProbe[];
  readonly #queues: readonly CoreProbe[];
  readonly #links: readonly LinkProbe[];
  readonly #linkWatch = new LinkWatch();
  /** Probes of neurons and links that looked at the last timestep. */
  #seen = new Set<NeuronProbe | LinkProbe>();
  readonly #program: Program;
  readonly #clock = new SampleClock();
  /** Identifier code of each variable by its key. */
  readonly #codes = new Map<string, string>();
  /** Wires that are 1, by code. */
  #high = new Set<string>();
  readonly #values = new Map<string, number>();
  readonly #queueLength: Int32Array;
  #changes: QueueChange[] = [];
  #time = -1;

  constructor(program: Program, probes: readonly Probe[], write: TextSink) {
    this.#write = write;
    this.#neurons = probes.filter(
      (probe): probe is NeuronProbe => probe.kind === 'spikes' || probe.kind === 'membrane',
    );
    this.#queues = probes.filter((probe): probe is CoreProbe => probe.kind === 'queue');
    this.#links = probes.filter((probe): probe is LinkProbe => probe.kind === 'links');
    this.#program = program;
    this.#queueLength = new Int32Array(program.cores.length);
    this.packets = this.#queues.length > 0 ? this.#queueObserver() : null;
  }

  step(moment: StepMoment): void {
    const { sample, step, machine } = moment;
    if (this.#codes.size === 0) this.#writeHeader(machine);
    const { begin, end } = this.#clock.span(moment);
    const fired = new Set<string>();
    const links = this.#linkWatch.messages(moment);
    this.#at(begin);
    this.#set('sample', sample);
    this.#set('timestep', step);
    const [neurons, linked] = [this.#neurons, this.#links].map((probes) => {
      return probes.filter((probe) =>
        watches(probe, probe.kind === 'links' ? step : moment.at[probe.population]!.step),
      );
    }) as [NeuronProbe[], LinkProbe[]];
    const seen = new Set<NeuronProbe | LinkProbe>([...neurons, ...linked]);
    for (const probe of this.#seen) if (!seen.has(probe)) this.#forget(probe, machine);
    this.#seen = seen;
    for (const probe of neurons) this.#visit(probe, machine, fired);
    if (linked.length > 0) {
      for (const link of linksOf(machine)) this.#set(`link ${link}`, links[link]!);
    }
    for (const code of this.#high) if (!fired.has(code)) this.#write(`0${code}\n`);
    for (const code of fired) if (!this.#high.has(code)) this.#write(`1${code}\n`);
    this.#high = fired;
    for (const { time, core, length } of this.#changes) {
      if (!this.#isWatched(core, step)) continue;
      this.#at(begin + time);
      this.#set(`queue ${core}`, length);
    }
    this.#changes = [];
    // The last timestep lasts until here.
    if (step === this.#program.stepsPerSample - 1) this.#at(end);
  }

  /** What a probe no longer looks at is unknown. */
  #forget(probe: NeuronProbe | LinkProbe, machine: Machine): void {
    if (probe.kind === 'spikes') return;
    const keys =
      probe.kind === 'links'
        ? linksOf(machine).map((link) => `link ${link}`)
        : neuronsWatched(probe, this.#program).map((neuron) => `membrane ${probe.population} ${neuron}`);
    for (const key of keys) if (this.#values.delete(key)) this.#write(`bx ${this.#codes.get(key)!}\n`);
  }

  #visit(probe: NeuronProbe, machine: Machine, fired: Set<string>): void {
    const { population } = probe;
    if (probe.kind === 'spikes') {
      forEachSpike(machine, probe, (neuron) => fired.add(this.#codes.get(`spikes ${population} ${neuron}`)!));
    } else {
      forEachMembrane(machine, probe, (neuron, value) => this.#set(`membrane ${population} ${neuron}`, value));
    }
  }

  #isWatched(core: number, step: number): boolean {
    return this.#queues.some((probe) => (probe.core ?? core) === core && watches(probe, step));
  }

  #queueObserver(): PacketObserver {
    const change = (core: number, by: number, time: number): void => {
      this.#queueLength[core]! += by;
      this.#changes.push({ time, core, length: this.#queueLength[core]! });
    };
    return {
      receivers: coresWatched(this.#queues),
      made() {},
      arrived: (_message, to, time) => change(to, 1, time),
      processed: (_message, to, _begin, end) => change(to, -1, end),
    };
  }

  /** Moves on to a time; times never descend. */
  #at(time: number): void {
    if (time === this.#time) return;
    this.#time = time;
    this.#write(`#${time}\n`);
  }

  /** Writes an integer that has changed. */
  #set(key: string, value: number): void {
    if (this.#values.get(key) === value) return;
    this.#values.set(key, value);
    this.#write(`b${(value >>> 0).toString(2)} ${this.#codes.get(key)!}\n`);
  }

  /** Declares the variables; wires and queues are low at first, all else is unknown. */
  #writeHeader(machine: Machine): void {
    const program = this.#program;
    const initial: string[] = [];
    const wire = (key: string, type: 'wire 1' | 'integer 32', name: string): void => {
      if (this.#codes.has(key)) return;
      const code = identifier(this.#codes.size);
      this.#codes.set(key, code);
      this.#write(`$var ${type} ${code} ${name} $end\n`);
      initial.push(type === 'wire 1' ? `0${code}\n` : `${key.startsWith('queue') ? 'b0' : 'bx'} ${code}\n`);
    };
    this.#write('$timescale 1 ps $end\n$scope module chip $end\n');
    wire('sample', 'integer 32', 'sample');
    wire('timestep', 'integer 32', 'timestep');
    for (const probe of this.#neurons) {
      const { kind, population } = probe;
      this.#write(`$scope module ${word(program.populations[population]!.name)} $end\n`);
      for (const neuron of neuronsWatched(probe, program)) {
        wire(`${kind} ${population} ${neuron}`, kind === 'spikes' ? 'wire 1' : 'integer 32', `${kind}_${neuron}`);
      }
      this.#write('$upscope $end\n');
    }
    for (const probe of this.#queues) {
      this.#write('$scope module queues $end\n');
      program.cores.forEach((_, core) => {
        if ((probe.core ?? core) === core) wire(`queue ${core}`, 'integer 32', word(coreName(program, core)));
      });
      this.#write('$upscope $end\n');
    }
    if (this.#links.length > 0) {
      this.#write('$scope module links $end\n');
      for (const link of linksOf(machine)) {
        wire(`link ${link}`, 'integer 32', `tile${word(machine.mesh.linkName(link))}`);
      }
      this.#write('$upscope $end\n');
    }
    this.#write('$upscope $end\n$enddefinitions $end\n');
    this.#at(0);
    this.#write('$dumpvars\n');
    for (const value of initial) this.#write(value);
    this.#write('$end\n');
  }
}

/** The links that lead to a tile of the board. */
function linksOf({ mesh, board }: Machine): number[] {
  return Array.from({ length: board.columns * board.rows }, (_, tile) => mesh.linksOf(tile)).flat();
}

/** The n-th short identifier: digits of base 94, least significant first. */
function identifier(n: number): string {
  const base = lastCode - firstCode + 1;
  let text = '';
  for (let rest = n; ; rest = Math.floor(rest / base) - 1) {
    text += String.fromCharCode(firstCode + (rest % base));
    if (rest < base) return text;
  }
}

/** A name without blanks, which would end it. */
function word(name: string): string {
  return name.replace(/[^\w.[\]-]+/g, '_');
}
