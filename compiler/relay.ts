import type { FloatSpikeGraph, Population, Projection } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { elementCount, type MapShape } from '../schemas/tensor.js';

/** A population that repeats the spikes of another some timesteps later. */
export interface RelayRow {
  readonly population: string;
  /** Whose spikes it repeats, and how many timesteps later. */
  readonly source: string;
  readonly later: number;
  /** The projections that start at it. */
  readonly serves: readonly string[];
}

export interface Relayed {
  readonly graph: FloatSpikeGraph;
  readonly relays: readonly RelayRow[];
}

/** What a relay neuron adds for a spike, and at what it fires: so far apart that no rounding can part them. */
const RELAY_WEIGHT = 1;
const RELAY_THRESHOLD = 0.5;

/**
 * Makes delays that are longer than the target's synapses can hold out of relay populations.
 *
 * Before: a sound graph. After: every delay is at most the target's `delayMax` (where it gives none, the graph is as it
 * was); a population with longer ones behind it is followed by a chain of relays, each hearing the one before it through
 * the identity at the longest delay that the target has, and each long projection starts at the last relay before its
 * destination. Right because a relay neuron fires at exactly the local times at which its source does: each spike alone
 * lifts it over its threshold, its hard reset leaves nothing behind, and without a spike it receives nothing.
 */
export function relay(graph: FloatSpikeGraph, { limits }: Target): Relayed {
  const longest = limits.delayMax.value ?? Number.POSITIVE_INFINITY;
  const populations: Population<Float32Array>[] = [];
  const projections: Projection<Float32Array>[] = [];
  const relays: RelayRow[] = [];
  for (const source of graph.populations) {
    populations.push(source);
    const own = graph.projections.filter(({ from }) => from === source.name);
    const count = own.reduce((most, { delay }) => Math.max(most, Math.ceil(delay / longest) - 1), 0);
    let before: Population<Float32Array> = source;
    for (let k = 1; k <= count; k += 1) {
      const next = relayOf(source, k, source.phase + k * longest);
      populations.push(next);
      projections.push(identity(before, next, longest));
      const serves = own.filter(({ delay }) => Math.ceil(delay / longest) - 1 === k).map(({ name }) => name);
      relays.push({ population: next.name, source: source.name, later: k * longest, serves });
      before = next;
    }
    for (const projection of own) {
      const k = Math.ceil(projection.delay / longest) - 1;
      if (k <= 0) projections.push(projection);
      else projections.push({ ...projection, from: relayName(source.name, k), delay: projection.delay - k * longest });
    }
  }
  return relays.length === 0 ? { graph, relays } : { graph: { ...graph, populations, projections }, relays };
}

function relayName(source: string, k: number): string {
  return `${source} relay ${k}`;
}

function relayOf({ name, shape }: Population<Float32Array>, k: number, phase: number): Population<Float32Array> {
  const constant = (value: number) => ({ rows: 1, columns: 1, data: Float32Array.of(value) });
  return {
    name: relayName(name, k),
    kind: 'spiking',
    shape,
    phase,
    reset: 'hard',
    decay: constant(0),
    threshold: constant(RELAY_THRESHOLD),
    bias: constant(0),
    scale: 1,
  };
}

/** Each neuron to that of the same place: a 1×1 convolution, with channels that keep to themselves. */
function identity(
  from: Population<Float32Array>,
  to: Population<Float32Array>,
  delay: number,
): Projection<Float32Array> {
  const shape: MapShape = from.shape;
  const channels = shape[2];
  const kernelShape = [1, 1, channels, channels] as const;
  const data = new Float32Array(elementCount(kernelShape));
  for (let channel = 0; channel < channels; channel += 1) data[channel * (channels + 1)] = RELAY_WEIGHT;
  return {
    name: `${from.name}->${to.name}`,
    from: from.name,
    to: to.name,
    delay,
    pool: [1, 1],
    kernel: { shape: kernelShape, data },
    stride: [1, 1],
    padding: { top: 0, left: 0, bottom: 0, right: 0 },
  };
}
