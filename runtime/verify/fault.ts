import { type Diagnostic, diagnostic } from '../../schemas/diagnostic.js';
import type { CoreImage, Program } from '../../schemas/program.js';
import type { Mismatch } from '../../schemas/reproducer.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { neuronAt } from './compare.js';
import { addTo, arrivalKey, CoreInputs, neuronKey, type SpikeEffect } from './core-inputs.js';
import { WantedInputs } from './wanted-inputs.js';

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

/** A neuron whose spikes reach a core, or should, by `neuronKey`; how much later than the network's it fires them; and its inlets there. */
interface Sender {
  readonly key: number;
  readonly later: number;
  readonly inlets: readonly number[];
}

/**
 * Finds the core that is at fault where chip and twin first differ: not always that of the neuron that differs, for a
 * spike may have been sent astray. What every source's spike does to the neuron's core is held against the network's
 * weights. Where a source's does something else, its own core (of a relay: the relay's) is to blame if leading one of its
 * output axons elsewhere would mend it, and the receiving core if not. Program and network must be those of the mismatch
 * (`requireSameNetwork`).
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
  const network = new WantedInputs(program, graph);
  const suspects = suspectsOf(program, network, image, inputs, mismatch);
  if (suspects.length === 0) return at('compartments', image, null);
  const wanted = wantedEffects(network, image, new Set(suspects));
  const named = (key: number): NonNullable<Fault['source']> => {
    const { population, neuron } = fromKey(key);
    const { name, shape } = program.populations[population]!;
    return { population: name, neuron: neuronAt(neuron, shape) };
  };
  const senders = suspects.map((key) => {
    const all = sendersOf(key, program, network, inputs);
    return all.find((sender) => couldSendRightly(inputs, sender, all, wanted.get(key)!)) ?? null;
  });
  const beyondSender = suspects.find((_, k) => senders[k] === null);
  if (beyondSender !== undefined) return at('input axons and synapses', image, named(beyondSender));
  const { key } = senders[0]!;
  return at('output axons', homeOf(program, fromKey(key)), named(key));
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

/** Neurons of the network whose spikes do something else to the neuron that differs than they should, the first few. */
function suspectsOf(
  program: Program,
  network: WantedInputs,
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
  network.forEach(population, neuron, (origin, source, delay, weight) => {
    addTo(differenceOf(neuronKey(origin, source)), arrivalKey(compartment, delay), -weight);
  });
  const [first, end] = [arrivalKey(compartment, 0), arrivalKey(compartment + 1, 0)];
  for (const [key, inlets] of inputs.inletsOf) {
    const sender = fromKey(key);
    const { origin, later } = network.origin(sender.population);
    for (const [arrival, weight] of inputs.effect(inlets)) {
      if (arrival < first || arrival >= end) continue;
      addTo(differenceOf(neuronKey(origin, sender.neuron)), arrival + later, weight);
    }
  }
  return [...differences].flatMap(([key, { size }]) => (size > 0 ? [key] : [])).slice(0, SUSPECTS_MAX);
}

/** What a spike of each of `sources` should do to a core. */
function wantedEffects(
  network: WantedInputs,
  { ranges }: CoreImage,
  sources: ReadonlySet<number>,
): ReadonlyMap<number, SpikeEffect> {
  const effects = new Map<number, SpikeEffect>([...sources].map((key) => [key, new Map()]));
  for (const { population, first, neurons } of ranges) {
    for (const [k, neuron] of neurons.entries()) {
      network.forEach(population, neuron, (origin, source, delay, weight) => {
        const effect = effects.get(neuronKey(origin, source));
        if (effect !== undefined) addTo(effect, arrivalKey(first + k, delay), weight);
      });
    }
  }
  return effects;
}

/**
 * The neurons that send a core the spikes of one of the network: itself, relays of it. Where none does, that of the
 * population from which most of its kind are heard here.
 */
function sendersOf(source: number, { populations }: Program, network: WantedInputs, inputs: CoreInputs): Sender[] {
  const { population, neuron } = fromKey(source);
  const alike = [...populations.keys()].filter((other) => network.origin(other).origin === population);
  const all = alike.map((other): Sender => {
    const key = neuronKey(other, neuron);
    return { key, later: network.origin(other).later, inlets: inputs.inletsOf.get(key) ?? [] };
  });
  const heard = all.filter(({ inlets }) => inlets.length > 0);
  if (heard.length > 0 || all.length === 1) return heard.length > 0 ? heard : all;
  const counts = alike.map(
    (other) => [...inputs.inletsOf.keys()].filter((key) => fromKey(key).population === other).length,
  );
  return [all[counts.indexOf(Math.max(...counts))]!];
}

/** Whether adding, leaving out or redirecting one output axon of a sender would make a spike do what is wanted of all `senders`. */
function couldSendRightly(
  inputs: CoreInputs,
  { key, later, inlets }: Sender,
  senders: readonly Sender[],
  wanted: SpikeEffect,
): boolean {
  const own: SpikeEffect = new Map([...wanted].map(([arrival, weight]) => [arrival - later, weight]));
  for (const other of senders) {
    if (other.key === key) continue;
    for (const [arrival, weight] of inputs.effect(other.inlets)) addTo(own, arrival + other.later - later, -weight);
  }
  const missingWith = (kept: readonly number[]): SpikeEffect => {
    const missing: SpikeEffect = new Map(own);
    for (const [arrival, weight] of inputs.effect(kept)) addTo(missing, arrival, -weight);
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
