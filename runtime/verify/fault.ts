import { type Diagnostic, diagnostic } from '../../schemas/diagnostic.js';
import type { CoreImage, Program } from '../../schemas/program.js';
import type { Mismatch } from '../../schemas/reproducer.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { neuronAt } from './compare.js';
import { addTo, arrivalKey, CoreInputs, neuronKey, type SpikeEffect } from './core-inputs.js';
import { forEachArrival } from './network-inputs.js';

/** The part of a Program that does not do what its network says. */
export interface Fault {
  readonly chip: number;
  readonly core: number;
  /** Where its spikes go; how it takes those of others; or what its neurons do themselves: threshold, reset, decay, bias. */
  readonly part: 'output axons' | 'input axons and synapses' | 'compartments';
  /** A neuron whose spikes arrive otherwise than they should; null where those of all arrive rightly. */
  readonly source: Pick<Mismatch, 'population' | 'neuron'> | null;
}

/** Sources that are looked at: a faulty list may be that of thousands. */
const SUSPECTS_MAX = 16;

/**
 * Finds the core that is at fault where chip and twin first differ: not always that of the neuron that differs, for a
 * spike may have been sent astray. What every source's spike does to the neuron's core is held against the network's
 * weights. Where a source's does something else, its own core is to blame if leading one of its output axons elsewhere
 * would mend it, and the receiving core if not. Program and network must be those of the mismatch (`requireSameNetwork`).
 */
export function locateFault(program: Program, graph: IntegerSpikeGraph, mismatch: Mismatch): Fault {
  const home = program.cores.findIndex(({ chip, core }) => chip === mismatch.chip && core === mismatch.core);
  const image = program.cores[home]!;
  const at = (part: Fault['part'], { chip, core }: CoreImage, source: Fault['source']): Fault => ({
    chip,
    core,
    part,
    source,
  });
  const inputs = new CoreInputs(program, home);
  const suspects = suspectsOf(program, graph, image, inputs, mismatch);
  if (suspects.length === 0) return at('compartments', image, null);
  const wanted = wantedEffects(program, graph, image, new Set(suspects));
  const named = (key: number): NonNullable<Fault['source']> => {
    const { population, neuron } = fromKey(key);
    const { name, shape } = program.populations[population]!;
    return { population: name, neuron: neuronAt(neuron, shape) };
  };
  const beyondSender = suspects.find(
    (key) => !couldSendRightly(inputs, inputs.inletsOf.get(key) ?? [], wanted.get(key)!),
  );
  if (beyondSender !== undefined) return at('input axons and synapses', image, named(beyondSender));
  const [first] = suspects;
  return at('output axons', homeOf(program, fromKey(first!)), named(first!));
}

/** SW5013; nothing without a fault. */
export function faultDiagnostics(fault: Fault | null): Diagnostic[] {
  if (fault === null) return [];
  const { chip, core, part, source } = fault;
  return [
    diagnostic('SW5013', 'error', { where: `chip ${chip} core ${core}, ${part}`, what: whatIsWrong(part, source) }),
  ];
}

function whatIsWrong(part: Fault['part'], source: Fault['source']): string {
  if (source === null) return 'spikes reach its neurons as they should; what the neurons do with them is wrong.';
  const { y, x, c } = source.neuron;
  const does = part === 'output axons' ? 'are led elsewhere than' : 'do something else than';
  return `spikes of neuron (${y}, ${x}, ${c}) of ${source.population} ${does} in the network.`;
}

/** Sources whose spikes do something else to the neuron than its network says, the first few. */
function suspectsOf(
  program: Program,
  graph: IntegerSpikeGraph,
  image: CoreImage,
  inputs: CoreInputs,
  { population: name, neuron: { y, x, c } }: Mismatch,
): number[] {
  const population = program.populations.findIndex((other) => other.name === name);
  const [, width, channels] = program.populations[population]!.shape;
  const neuron = (y * width + x) * channels + c;
  const compartment = compartmentOf(image, population, neuron);
  const differences = new Map<number, SpikeEffect>();
  const differenceOf = (key: number): SpikeEffect => {
    const known = differences.get(key) ?? new Map<number, number>();
    differences.set(key, known);
    return known;
  };
  const numbers = populationNumbers(program);
  forEachArrival(graph, name, neuron, (from, source, delay, weight) => {
    addTo(differenceOf(neuronKey(numbers.get(from)!, source)), arrivalKey(compartment, delay), -weight);
  });
  const [first, end] = [arrivalKey(compartment, 0), arrivalKey(compartment + 1, 0)];
  for (const [key, inlets] of inputs.inletsOf) {
    for (const [arrival, weight] of inputs.effect(inlets)) {
      if (arrival >= first && arrival < end) addTo(differenceOf(key), arrival, weight);
    }
  }
  return [...differences].flatMap(([key, { size }]) => (size > 0 ? [key] : [])).slice(0, SUSPECTS_MAX);
}

/** What the network says that a spike of each of `sources` does to a core. */
function wantedEffects(
  program: Program,
  graph: IntegerSpikeGraph,
  { ranges }: CoreImage,
  sources: ReadonlySet<number>,
): ReadonlyMap<number, SpikeEffect> {
  const effects = new Map<number, SpikeEffect>([...sources].map((key) => [key, new Map()]));
  const numbers = populationNumbers(program);
  for (const { population, first, neurons } of ranges) {
    for (const [k, neuron] of neurons.entries()) {
      forEachArrival(graph, program.populations[population]!.name, neuron, (from, source, delay, weight) => {
        const effect = effects.get(neuronKey(numbers.get(from)!, source));
        if (effect !== undefined) addTo(effect, arrivalKey(first + k, delay), weight);
      });
    }
  }
  return effects;
}

/** Whether adding, leaving out or redirecting one output axon would make a spike do what is wanted. */
function couldSendRightly(inputs: CoreInputs, inlets: readonly number[], wanted: SpikeEffect): boolean {
  const missingWith = (kept: readonly number[]): SpikeEffect => {
    const missing: SpikeEffect = new Map(wanted);
    for (const [key, weight] of inputs.effect(kept)) addTo(missing, key, -weight);
    return missing;
  };
  const [added, ...others] = [inlets, ...inlets.map((_, left) => inlets.toSpliced(left, 1))].map(missingWith);
  if (others.some(({ size }) => size === 0)) return true;
  const sought = [added!, ...others];
  for (const inlet of inputs.inlets()) {
    if (sought.some((missing) => inputs.does(inlet, missing))) return true;
  }
  return false;
}

function populationNumbers({ populations }: Program): ReadonlyMap<string, number> {
  return new Map(populations.map(({ name }, number) => [name, number]));
}

function fromKey(key: number): { population: number; neuron: number } {
  return { population: Math.floor(key / 2 ** 32), neuron: key % 2 ** 32 };
}

function compartmentOf({ ranges }: CoreImage, population: number, neuron: number): number {
  for (const { population: own, first, neurons } of ranges) {
    const place = own === population ? neurons.indexOf(neuron) : -1;
    if (place !== -1) return first + place;
  }
  throw new RangeError(`neuron ${neuron} is not in this core`);
}

function homeOf({ cores }: Program, { population, neuron }: { population: number; neuron: number }): CoreImage {
  return cores.find(({ ranges }) =>
    ranges.some((range) => range.population === population && range.neurons.includes(neuron)),
  )!;
}
