import type { IntegerSpikeGraph, ParameterTable, Population, Projection } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import { axonSupply } from './axon-quota.js';
import { coreLimits } from './core-need.js';
import { type FanIn, fanIn } from './fan-in.js';

/** Cores that a network takes at least, and the title of the limit that asks for so many. */
export interface CoreBound {
  readonly cores: number;
  readonly limit: string;
  /** By population, its own part: fractions of cores are not rounded up in the sum. */
  readonly layers: readonly LayerBound[];
}

export interface LayerBound {
  readonly population: string;
  readonly cores: number;
  readonly limit: string;
}

/** What no mapping of one population can avoid, summed over the cores that hold it. */
interface LayerNeed {
  compartments: number;
  synapseWords: number;
  inputAxons: number;
  outputAxons: number;
}

/**
 * The fewest cores that any mapping could do with: of every limit the network's whole need over a core's share, and the
 * largest of those. Needs are what no mapping can avoid, whichever neurons it puts on one core:
 * - each neuron a compartment;
 * - each non-zero weight stored once, with the headers of its entries in whole words; a neuron's weights are all on its own
 *   core, so that no more channels share a core than `FanIn.channelsPerCore`;
 * - each source window of a projection heard by one input axon or atom;
 * - each neuron an output axon for every core that it must reach: those that so few channels to a core take. Where a core
 *   hears more sources than it has input axons, the dearer entries of population axons count.
 */
export function coreBound(graph: IntegerSpikeGraph, target: Target): CoreBound {
  const limits = coreLimits(target);
  const needs = new Map(graph.populations.map((population) => [population.name, ownNeed(population, target)]));
  const shapeOf = new Map(graph.populations.map(({ name, shape }) => [name, shape]));
  for (const { name } of graph.populations) {
    const incoming = graph.projections.filter(({ to }) => to === name);
    const heard = incoming.map((projection) => {
      return fanIn(projection, shapeOf.get(projection.from)!, shapeOf.get(name)!, target);
    });
    const only = heard.length === 1 ? heard[0]! : null;
    heard.forEach((entry, k) => {
      addNeeds(needs.get(name)!, needs.get(incoming[k]!.from)!, incoming[k]!, entry, only !== null, target);
    });
  }
  const boundOf = (need: LayerNeed): { cores: number; limit: string } => {
    let bound = { cores: 0, limit: 'one core' };
    for (const { resource, title, limit } of limits) {
      const cores = resource in need ? need[resource as keyof LayerNeed] / limit : 0;
      if (cores > bound.cores) bound = { cores, limit: title };
    }
    return bound;
  };
  const layers = graph.populations.map(({ name }): LayerBound => {
    const { cores, limit } = boundOf(needs.get(name)!);
    return { population: name, cores: Math.ceil(cores - ROUNDING), limit };
  });
  const { cores, limit } = boundOf(sum([...needs.values()]));
  if (cores <= 1) return { cores: graph.populations.length > 0 ? 1 : 0, limit: 'one core', layers };
  return { cores: Math.ceil(cores - ROUNDING), limit, layers };
}

/** More than fractions of cores lose by rounding. */
const ROUNDING = 1e-9;

function sum(needs: readonly LayerNeed[]): LayerNeed {
  const total: LayerNeed = { compartments: 0, synapseWords: 0, inputAxons: 0, outputAxons: 0 };
  for (const need of needs) {
    total.compartments += need.compartments;
    total.synapseWords += need.synapseWords;
    total.inputAxons += need.inputAxons;
    total.outputAxons += need.outputAxons;
  }
  return total;
}

function ownNeed({ shape, bias }: Population<Int32Array>, { arithmetic }: Target): LayerNeed {
  const biasBits = arithmetic.biasGate ? 0 : biasedNeurons(bias, shape) * arithmetic.weight.bits;
  return { compartments: elementCount(shape), synapseWords: biasBits / 64, inputAxons: 0, outputAxons: 0 };
}

/** Adds what one projection asks of the population that hears it, `to`, and of the one that it comes from. */
function addNeeds(
  to: LayerNeed,
  from: LayerNeed,
  { kernel, pool }: Projection<Int32Array>,
  heard: FanIn,
  isOnly: boolean,
  target: Target,
): void {
  const limitOf = (wanted: string): number => coreLimits(target).find(({ resource }) => resource === wanted)!.limit;
  const { atomsMax, outputAxons, axons } = axonSupply(target, limitOf('inputAxons'));
  const words = limitOf('synapseWords');
  const channels = kernel.shape[3];
  // Cores that its channels take even if all zero weights were where they help most.
  const spread = Math.max(0, channels - heard.channelsByZeros) / heard.channelsPerCore;
  to.synapseWords += Math.max(heard.words, isOnly && Number.isFinite(words) ? spread * words : 0);
  const window = pool[0] * pool[1];
  const byNeurons = Math.ceil(heard.leastTargets / limitOf('compartments') - ROUNDING);
  heard.windowsOf.forEach((windows, input) => {
    to.inputAxons += windows / atomsMax;
    const byWeights = Math.ceil((heard.channelsOf[input]! - heard.channelsByZeros) / heard.channelsPerCore - ROUNDING);
    const full = heard.channelsOf[input] === 0 ? 0 : heard.fullWindows;
    from.outputAxons += window * (windows + full * (Math.max(1, byWeights, byNeurons) - 1));
  });
  const beyond = heard.leastSources - axons;
  if (beyond > 0 && atomsMax > 1) {
    const sources = (beyond * atomsMax) / (atomsMax - 1);
    from.outputAxons += Math.ceil(spread - ROUNDING) * sources * (outputAxons - 1) * window;
  }
}

/** Neurons with a bias other than 0. */
function biasedNeurons({ columns, data }: ParameterTable<Int32Array>, shape: readonly number[]): number {
  let count = 0;
  for (let column = 0; column < columns; column += 1) if (data[column] !== 0) count += 1;
  return (count * elementCount(shape)) / columns;
}
