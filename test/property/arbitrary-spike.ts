import fc from 'fast-check';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Drive, IntegerSpikeGraph, ParameterTable, Population, Projection } from '../../schemas/spike.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';

/** A spiking layer to be: its projection from the layer before it, then its neurons. */
interface LayerPlan {
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number, number, number];
  readonly pool: readonly [number, number];
  readonly delay: number;
  readonly reset: 'hard' | 'soft';
  readonly decay: 0 | 1 | 41 | 2048 | 4095;
  readonly perStep: boolean;
  readonly columns: 'one' | 'channel' | 'neuron';
  readonly shortcut: boolean;
}

interface GraphPlan {
  readonly input: MapShape;
  readonly timesteps: number;
  readonly layers: readonly LayerPlan[];
  readonly classes: number;
  readonly membraneMax: number;
  readonly seed: number;
}

const small = (min: number, max: number) => fc.integer({ min, max });

const layerPlan: fc.Arbitrary<LayerPlan> = fc.record({
  channels: small(1, 4),
  kernel: fc.tuple(small(1, 3), small(1, 3)),
  stride: fc.tuple(small(1, 2), small(1, 2)),
  pad: fc.tuple(small(0, 2), small(0, 1), small(0, 1), small(0, 2)),
  pool: fc.tuple(small(1, 2), small(1, 2)),
  delay: small(1, 2),
  reset: fc.constantFrom('hard', 'soft'),
  decay: fc.constantFrom(0, 1, 41, 2048, 4095),
  perStep: fc.boolean(),
  columns: fc.constantFrom('one', 'channel', 'neuron'),
  shortcut: fc.boolean(),
});

/** Integer graphs of every kind that the contract knows: chains with shortcuts, delays, tables by step and by neuron. */
export const spikeGraph: fc.Arbitrary<IntegerSpikeGraph> = graphs(layerPlan, fc.constantFrom(300, 2 ** 23 - 1));

/** Integer graphs without shortcuts and longer delays, whose membranes saturate at `membraneMax`. */
export function spikeChain(membraneMax: number): fc.Arbitrary<IntegerSpikeGraph> {
  const chained = layerPlan.map((layer): LayerPlan => ({ ...layer, shortcut: false, delay: 1 }));
  return graphs(chained, fc.constant(membraneMax));
}

/** Chains of 3×3 convolutions over maps and channels large enough that cores share weights between neurons. */
export function wideChain(membraneMax: number): fc.Arbitrary<IntegerSpikeGraph> {
  const wide = layerPlan.map((layer): LayerPlan => {
    const [kernel, pad] = [[3, 3] as const, [1, 1, 1, 1] as const];
    return { ...layer, kernel, pad, channels: 4 + layer.channels, shortcut: false, pool: [1, 1], stride: [1, 1] };
  });
  return graphs(wide, fc.constant(membraneMax), fc.tuple(small(5, 8), small(5, 8), small(1, 2)));
}

/** Dense layers, the first heard by two others with many times its neurons: by very many cores, where these hold few each. */
export function fanOutGraph(membraneMax: number): fc.Arbitrary<IntegerSpikeGraph> {
  const dense = (channels: fc.Arbitrary<number>): fc.Arbitrary<LayerPlan> => {
    return fc.tuple(layerPlan, channels).map(([layer, count]) => {
      return { ...layer, channels: count, pad: [0, 0, 0, 0], stride: [1, 1], columns: 'one', shortcut: true };
    });
  };
  return fc
    .record({
      input: fc.constant<MapShape>([1, 1, 3]),
      timesteps: small(1, 4),
      layers: fc.tuple(dense(small(8, 12)), dense(small(90, 130)), dense(small(2, 5))),
      classes: small(1, 4),
      membraneMax: fc.constant(membraneMax),
      seed: fc.integer(),
    })
    .map(buildSpikeGraph);
}

function graphs(
  layers: fc.Arbitrary<LayerPlan>,
  membraneMax: fc.Arbitrary<number>,
  input: fc.Arbitrary<MapShape> = fc.tuple(small(1, 6), small(1, 6), small(1, 3)),
): fc.Arbitrary<IntegerSpikeGraph> {
  return fc
    .record({
      input,
      timesteps: small(1, 6),
      layers: fc.array(layers, { minLength: 1, maxLength: 3 }),
      classes: small(1, 4),
      membraneMax,
      seed: fc.integer(),
    })
    .map(buildSpikeGraph);
}

/** `count` images [H, W, C] with pixels in [0, 1] for a graph's drive. */
export function randomImages(shape: MapShape, count: number, seed: number): Float32Array {
  const random = xoroshiro128plus(seed);
  return Float32Array.from({ length: count * elementCount(shape) }, () => uniformInt(random, 0, 255) / 255);
}

function buildSpikeGraph(plan: GraphPlan): IntegerSpikeGraph {
  const random = xoroshiro128plus(plan.seed);
  const between = (low: number, high: number): number => uniformInt(random, low, high);
  const populations: Population<Int32Array>[] = [];
  const projections: Projection<Int32Array>[] = [];
  const drives: Drive[] = [];
  const kernelOf = (shape: readonly [number, number, number, number]) => ({
    shape,
    data: Int32Array.from({ length: elementCount(shape) }, () => between(-120, 130)),
  });
  const table = (rows: number, columns: number, low: number, high: number): ParameterTable<Int32Array> => ({
    rows,
    columns,
    data: Int32Array.from({ length: rows * columns }, () => between(low, high)),
  });

  for (const [index, layer] of plan.layers.entries()) {
    const before = populations.at(-1);
    const source = before?.shape ?? plan.input;
    const pool = before === undefined ? ([1, 1] as const) : clip(layer.pool, [source[0], source[1]]);
    const pooled: MapShape = [Math.floor(source[0] / pool[0]), Math.floor(source[1] / pool[1]), source[2]];
    const kernel = clip(layer.kernel, [pooled[0], pooled[1]]);
    const [top, bottom, left, right] = layer.pad;
    const shape: MapShape = [
      Math.floor((pooled[0] + top + bottom - kernel[0]) / layer.stride[0]) + 1,
      Math.floor((pooled[1] + left + right - kernel[1]) / layer.stride[1]) + 1,
      layer.channels,
    ];
    const kernelShape = [kernel[0], kernel[1], source[2], layer.channels] as const;
    const name = `layer${index}`;
    const fanIn = kernel[0] * kernel[1] * source[2];
    const columns = { one: 1, channel: layer.channels, neuron: elementCount(shape) }[layer.columns];
    const rows = layer.perStep ? plan.timesteps : 1;
    const phase = before === undefined ? 0 : before.phase + layer.delay;
    populations.push({
      name,
      kind: 'spiking',
      shape,
      phase,
      reset: layer.reset,
      decay: { rows: 1, columns: 1, data: Int32Array.of(layer.decay) },
      threshold: table(rows, columns, 1, 60 + 40 * fanIn),
      bias: table(rows, columns, -40, 60),
      scale: 64,
    });
    const geometry = { stride: layer.stride, padding: { top, bottom, left, right } };
    if (before === undefined) {
      drives.push({
        population: name,
        inputShape: plan.input,
        mean: Array.from({ length: source[2] }, () => 0.4),
        std: Array.from({ length: source[2] }, () => 0.2),
        kernel: {
          shape: kernelShape,
          data: Float32Array.from({ length: elementCount(kernelShape) }, () => between(-100, 100) / 100),
        },
        bias: Float32Array.from({ length: layer.channels }, () => between(-50, 80) / 100),
        ...geometry,
        scale: 64,
        grid: { mantissaMax: 255, exponent: between(0, 2) },
      });
      continue;
    }
    const projection = { to: name, pool, ...geometry };
    projections.push({
      ...projection,
      name: `${before.name}-${name}`,
      from: before.name,
      delay: layer.delay,
      kernel: kernelOf(kernelShape),
    });
    const earlier = populations.find((other) => other.shape[0] === source[0] && other.shape[1] === source[1]);
    if (layer.shortcut && earlier !== undefined && earlier !== before && earlier.name !== name) {
      projections.push({
        ...projection,
        name: `${earlier.name}-${name}`,
        from: earlier.name,
        delay: phase - earlier.phase,
        kernel: kernelOf([kernel[0], kernel[1], earlier.shape[2], layer.channels]),
      });
    }
  }

  const last = populations.at(-1)!;
  populations.push({
    name: 'logits',
    kind: 'readout',
    shape: [1, 1, plan.classes],
    phase: last.phase + 1,
    reset: 'hard',
    decay: { rows: 1, columns: 1, data: Int32Array.of(0) },
    threshold: { rows: 1, columns: 1, data: Int32Array.of(0) },
    bias: table(1, plan.classes, -40, 40),
    scale: 32,
  });
  projections.push({
    name: 'dense',
    from: last.name,
    to: 'logits',
    delay: 1,
    pool: [1, 1],
    kernel: kernelOf([last.shape[0], last.shape[1], last.shape[2], plan.classes]),
    stride: [1, 1],
    padding: { top: 0, bottom: 0, left: 0, right: 0 },
  });
  return {
    kind: 'spike',
    name: 'random',
    timesteps: plan.timesteps,
    populations,
    projections,
    drives,
    membraneMax: plan.membraneMax,
  };
}

function clip(wanted: readonly [number, number], limit: readonly [number, number]): readonly [number, number] {
  return [Math.min(wanted[0], limit[0]), Math.min(wanted[1], limit[1])];
}
