import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import { elementCount } from '../schemas/tensor.js';
import { coresInUse } from './board.js';
import type { TimingMode } from './sample-result.js';

/** Timesteps of a sample, `from` … `to`, both included. */
interface Steps {
  readonly from: number;
  readonly to: number;
}

/** Neurons first … end − 1 of a population: those of one core (a place in `program.cores`), or null: all. */
export interface Neurons {
  readonly population: number;
  readonly core: number | null;
  readonly first: number;
  readonly end: number;
}

/** Spikes, or membranes after each update, of neurons. */
export interface NeuronProbe extends Steps, Neurons {
  readonly kind: 'spikes' | 'membrane';
}

/** The input queue of a core (a place in `program.cores`), or every message that it is sent; null: of all cores. */
export interface CoreProbe extends Steps {
  readonly kind: 'queue' | 'packets';
  readonly core: number | null;
}

/** The messages on every link. */
export interface LinkProbe extends Steps {
  readonly kind: 'links';
}

/** What to record of a simulation, found in its Program. */
export type Probe = NeuronProbe | CoreProbe | LinkProbe;

/** True where the probe looks at the timestep. */
export function watches({ from, to }: Probe, step: number): boolean {
  return step >= from && step <= to;
}

/** The cores that probes look at; null: all. */
export function coresWatched(probes: readonly CoreProbe[]): ReadonlySet<number> | null {
  const cores = new Set<number>();
  for (const { core } of probes) {
    if (core === null) return null;
    cores.add(core);
  }
  return cores;
}

/** The neurons that a probe looks at, in ascending order. */
export function neuronsWatched({ population, core, first, end }: Neurons, { cores }: Program): number[] {
  if (core === null) return Array.from({ length: end - first }, (_, k) => first + k);
  const ranges = cores[core]!.ranges.filter((range) => range.population === population);
  const found = ranges.flatMap(({ neurons }) => Array.from(neurons));
  return found.filter((neuron) => neuron >= first && neuron < end).sort((a, b) => a - b);
}

/** KIND, of what, which neurons, in which steps. */
const form =
  /^(?<kind>[a-z]+)(?::(?<of>[^@[\]]+)(?:\[(?<first>\d+)(?:-(?<last>\d+))?\])?)?(?:@(?<from>\d+)(?:-(?<to>\d+))?)?$/;

const coreForm = /^\d+\/\d+$/;

/** How a probe is written, for help and messages. */
export const probeForm =
  'spikes:LAYER, spikes:CHIP/CORE, membrane:LAYER, membrane:CHIP/CORE, queue, queue:CHIP/CORE, packets, packets:CHIP/CORE or links; LAYER[3] or LAYER[0-7] for some neurons; @2 or @2-5 at the end for some timesteps';

/**
 * Reads a probe such as "membrane:conv2[0-7]@3-6" or "queue:0/12"; what looks at the neurons of a core is a probe for each
 * layer that has any there. Throws SW3020 for another form, SW3021 for a layer, neuron, core or timestep that the Program
 * lacks, SW3022 where `timing` has nothing to show for it.
 */
export function parseProbe(text: string, program: Program, timing: TimingMode): readonly Probe[] {
  const where = `probe "${text}"`;
  const found = form.exec(text)?.groups;
  if (found === undefined) throw failure('SW3020', { where, what: `a probe is ${probeForm}.` });
  const { kind, of } = found;
  const steps = parseSteps(found, program, where);
  switch (kind) {
    case 'spikes':
    case 'membrane': {
      const population = program.populations.findIndex(({ name }) => name === of);
      if (population !== -1) {
        return [{ kind, population, core: null, ...parseNeurons(found, program, population, where), ...steps }];
      }
      if (of === undefined || !coreForm.test(of)) {
        const names = program.populations.map(({ name }) => name).join(', ');
        throw failure('SW3021', { where, what: `there is no layer "${of ?? ''}"; the program has ${names}.` });
      }
      if (found.first !== undefined) throw failure('SW3020', { where, what: `a probe is ${probeForm}.` });
      const core = parseCore(of, program, where)!;
      const populations = populationsOn(core, program);
      if (populations.length === 0) throw failure('SW3021', { where, what: `core ${of} holds no neurons.` });
      return populations.map((held) => ({ kind, population: held, core, ...allNeurons(program, held), ...steps }));
    }
    case 'queue':
    case 'packets':
    case 'links':
      if (timing === 'off' || (timing === 'analytic' && kind !== 'links')) {
        const what = `timing "${timing}" follows no ${kind === 'links' ? 'links' : 'single messages'}.`;
        throw failure('SW3022', { where, what });
      }
      if (found.first !== undefined || (kind === 'links' && of !== undefined)) {
        throw failure('SW3020', { where, what: `a probe is ${probeForm}.` });
      }
      return [kind === 'links' ? { kind, ...steps } : { kind, core: parseCore(of, program, where), ...steps }];
    default:
      throw failure('SW3020', { where, what: `there is no kind "${kind}"; a probe is ${probeForm}.` });
  }
}

type Groups = Readonly<Record<string, string | undefined>>;

function parseSteps({ from, to }: Groups, { stepsPerSample }: Program, where: string): Steps {
  if (from === undefined) return { from: 0, to: stepsPerSample - 1 };
  const steps = { from: Number(from), to: Number(to ?? from) };
  if (steps.to < steps.from || steps.to >= stepsPerSample) {
    const what = `timesteps ${steps.from} to ${steps.to}; a sample has timesteps 0 to ${stepsPerSample - 1}.`;
    throw failure('SW3021', { where, what });
  }
  return steps;
}

function parseNeurons(
  { first, last }: Groups,
  program: Program,
  population: number,
  where: string,
): Pick<Neurons, 'first' | 'end'> {
  if (first === undefined) return allNeurons(program, population);
  const { name } = program.populations[population]!;
  const { end: neurons } = allNeurons(program, population);
  const range = { first: Number(first), end: Number(last ?? first) + 1 };
  if (range.end <= range.first || range.end > neurons) {
    const what = `neurons ${range.first} to ${range.end - 1}; ${name} has neurons 0 to ${neurons - 1}.`;
    throw failure('SW3021', { where, what });
  }
  return range;
}

function allNeurons({ populations }: Program, population: number): Pick<Neurons, 'first' | 'end'> {
  return { first: 0, end: elementCount(populations[population]!.shape) };
}

/** The populations of which a core holds neurons, in ascending order. */
function populationsOn(core: number, { cores }: Program): number[] {
  const held = cores[core]!.ranges.flatMap(({ population, neurons }) => (neurons.length > 0 ? [population] : []));
  return [...new Set(held)].sort((a, b) => a - b);
}

function parseCore(text: string | undefined, program: Program, where: string): number | null {
  if (text === undefined) return null;
  const place = program.cores.findIndex(({ chip, core }) => text === `${chip}/${core}`);
  if (place === -1) {
    throw failure('SW3021', { where, what: `the program uses no core ${text}; it uses ${coresInUse(program)}.` });
  }
  return place;
}

/** A name for the probe's data, without characters that file systems refuse. */
export function probeName(probe: Probe, program: Program): string {
  const steps = probe.from === 0 && probe.to === program.stepsPerSample - 1 ? '' : `.steps-${probe.from}-${probe.to}`;
  switch (probe.kind) {
    case 'spikes':
    case 'membrane': {
      const { name, shape } = program.populations[probe.population]!;
      const all = probe.first === 0 && probe.end === elementCount(shape);
      const neurons = all ? '' : `.neurons-${probe.first}-${probe.end - 1}`;
      return `${probe.kind}.${name.replace(/[^\w.-]/g, '_')}${coreSuffix(probe, program)}${neurons}${steps}`;
    }
    case 'queue':
    case 'packets':
      return `${probe.kind}${coreSuffix(probe, program)}${steps}`;
    case 'links':
      return `links${steps}`;
  }
}

function coreSuffix(probe: NeuronProbe | CoreProbe, { cores }: Program): string {
  if (probe.core === null) return '';
  const { chip, core } = cores[probe.core]!;
  return `.chip-${chip}.core-${core}`;
}
