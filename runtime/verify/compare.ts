import { isDeepStrictEqual } from 'node:util';
import type { Diagnostic } from '../../schemas/diagnostic.js';
import { diagnostic, failure } from '../../schemas/diagnostic.js';
import type { Program } from '../../schemas/program.js';
import type { Mismatch } from '../../schemas/reproducer.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import type { MapShape } from '../../schemas/tensor.js';
import type { SampleRecord } from '../twin/record.js';

/** A mismatch, and the sample that it is of. */
interface SampleMismatch extends Mismatch {
  readonly sample: number;
}

/** Counts over samples, and the first difference of the first sample that has one. */
export interface Comparison {
  readonly samples: number;
  /** (neuron, timestep) pairs compared, and how many of them differ. */
  readonly spikesCompared: number;
  readonly spikeMismatches: number;
  /** Readout neurons whose membrane differs. */
  readonly readoutMismatches: number;
  readonly firstMismatch: SampleMismatch | null;
}

export const nothingCompared: Comparison = {
  samples: 0,
  spikesCompared: 0,
  spikeMismatches: 0,
  readoutMismatches: 0,
  firstMismatch: null,
};

/** The comparison of both sets of samples, `earlier`'s first mismatch before `later`'s. */
export function mergeComparisons(earlier: Comparison, later: Comparison): Comparison {
  return {
    samples: earlier.samples + later.samples,
    spikesCompared: earlier.spikesCompared + later.spikesCompared,
    spikeMismatches: earlier.spikeMismatches + later.spikeMismatches,
    readoutMismatches: earlier.readoutMismatches + later.readoutMismatches,
    firstMismatch: earlier.firstMismatch ?? later.firstMismatch,
  };
}

/** Throws SW5004 unless program and graph name the same populations, windows, scales and drives. */
export function requireSameNetwork(program: Program, graph: IntegerSpikeGraph): void {
  const refuse = (what: string): Error => failure('SW5004', { where: `program ${program.name}`, what });
  if (program.timesteps !== graph.timesteps) {
    throw refuse(`it runs ${program.timesteps} timesteps, the spike graph ${graph.timesteps}`);
  }
  const outline = ({ name, kind, shape, phase, scale }: Omit<Program['populations'][number], 'relayOf'>) =>
    `${kind} ${name} [${shape.join(', ')}] from step ${phase}, scale ${scale}`;
  const wanted = new Set(graph.populations.map(outline));
  // Relays are the mapping's own; the spikes that they repeat are the network's.
  const own = program.populations.filter(({ relayOf }) => relayOf === null);
  const stranger = own.map(outline).find((text) => !wanted.has(text));
  if (stranger !== undefined) throw refuse(`its population "${stranger}" is not in the spike graph`);
  if (own.length !== graph.populations.length) {
    throw refuse(`it has ${own.length} populations, the spike graph ${graph.populations.length}`);
  }
  if (!isDeepStrictEqual(program.drives, graph.drives)) throw refuse('its host encoders differ from the spike graph’s');
}

/** Holds one sample of the chip (`found`) against the twin's (`expected`), every spike and every readout. */
export function compareSample(
  program: Program,
  sample: number,
  expected: SampleRecord,
  found: SampleRecord,
): Comparison {
  let spikesCompared = 0;
  let spikeMismatches = 0;
  let first: { step: number; population: number; neuron: number; expected: number; found: number } | null = null;
  for (const [population, { name, kind, phase, relayOf }] of program.populations.entries()) {
    if (kind === 'readout') continue;
    const wanted = expected.spikes.get(relayOf ?? name)!;
    const seen = found.spikes.get(name)!;
    const neurons = wanted.length / program.timesteps;
    spikesCompared += wanted.length;
    let earliest = -1;
    for (let k = 0; k < wanted.length; k += 1) {
      if (wanted[k] === seen[k]) continue;
      spikeMismatches += 1;
      if (earliest === -1) earliest = k;
    }
    const step = phase + Math.floor(earliest / neurons);
    if (earliest !== -1 && (first === null || step < first.step)) {
      first = { step, population, neuron: earliest % neurons, expected: wanted[earliest]!, found: seen[earliest]! };
    }
  }
  let readoutMismatches = 0;
  const readout = program.populations.findIndex(({ kind }) => kind === 'readout');
  for (const [neuron, wanted] of expected.readout.entries()) {
    if (wanted === found.readout[neuron]) continue;
    readoutMismatches += 1;
    const step = program.populations[readout]!.phase + program.timesteps - 1;
    first ??= { step, population: readout, neuron, expected: wanted, found: found.readout[neuron]! };
  }
  return {
    samples: 1,
    spikesCompared,
    spikeMismatches,
    readoutMismatches,
    firstMismatch: first === null ? null : locate(program, sample, first),
  };
}

function locate(
  program: Program,
  sample: number,
  at: { step: number; population: number; neuron: number; expected: number; found: number },
): SampleMismatch {
  const { name, shape, phase } = program.populations[at.population]!;
  const home = program.cores.find(({ ranges }) =>
    ranges.some(({ population, neurons }) => population === at.population && neurons.includes(at.neuron)),
  );
  return {
    sample,
    population: name,
    neuron: neuronAt(at.neuron, shape),
    timestep: at.step - phase,
    step: at.step,
    chip: home!.chip,
    core: home!.core,
    expected: at.expected,
    found: at.found,
  };
}

/** The place of a population's neuron by its index (y·W + x)·C + c. */
export function neuronAt(index: number, [, width, channels]: MapShape): Mismatch['neuron'] {
  return { y: Math.floor(index / (width * channels)), x: Math.floor(index / channels) % width, c: index % channels };
}

/** SW5005 and SW5006 where anything differs; nothing where chip and twin are equal. */
export function comparisonDiagnostics(comparison: Comparison): Diagnostic[] {
  const { firstMismatch: first, spikeMismatches, readoutMismatches, samples } = comparison;
  if (first === null) return [];
  const { y, x, c } = first.neuron;
  const where = `population ${first.population}, neuron (${y}, ${x}, ${c}) on chip ${first.chip} core ${first.core}`;
  const at = `sample ${first.sample}, timestep ${first.timestep} (step ${first.step} of the sample)`;
  const count = (many: number, of: string): string =>
    `${many.toLocaleString('en')} ${of} over ${samples} samples differ`;
  return spikeMismatches > 0
    ? [
        diagnostic('SW5005', 'error', {
          where,
          what: `${at}: the twin has ${spikeWord(first.expected)}, the chip ${spikeWord(first.found)}; ${count(spikeMismatches, 'spikes')} and ${readoutMismatches.toLocaleString('en')} readouts.`,
        }),
      ]
    : [
        diagnostic('SW5006', 'error', {
          where,
          what: `${at}: the twin has ${first.expected.toLocaleString('en')}, the chip ${first.found.toLocaleString('en')}; ${count(readoutMismatches, 'readouts')}.`,
        }),
      ];
}

function spikeWord(value: number): string {
  return value === 1 ? 'a spike' : 'none';
}
