import fc from 'fast-check';
import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Reset, SnnGraph, SnnLayer } from '../../schemas/snn.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';

interface BlockPlan {
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly pool: readonly [number, number] | null;
  readonly norm: boolean;
  readonly bias: boolean;
  readonly leak: number;
  readonly threshold: number;
}

interface NetworkPlan {
  readonly input: MapShape;
  readonly timesteps: number;
  readonly reset: Reset;
  readonly blocks: readonly BlockPlan[];
  readonly hidden: number | null;
  readonly order: 'hwc' | 'chw';
  readonly classes: number;
  readonly outputBias: boolean;
  readonly seed: number;
}

const small = (min: number, max: number) => fc.integer({ min, max });

const block: fc.Arbitrary<BlockPlan> = fc.record({
  channels: small(1, 5),
  kernel: fc.tuple(small(1, 3), small(1, 3)),
  stride: fc.tuple(small(1, 2), small(1, 2)),
  pads: fc.tuple(small(0, 1), small(0, 2), small(0, 2), small(0, 1)),
  pool: fc.option(fc.tuple(small(1, 2), small(1, 2))),
  norm: fc.boolean(),
  bias: fc.boolean(),
  leak: fc.constantFrom(1, 0.99, 0.5),
  threshold: fc.double({ min: 0.1, max: 1.5, noNaN: true }),
});

/** Chains conv–norm–neuron–pool, then dense layers, with whatever is optional there or not. */
export function snnGraph(reset: Reset): fc.Arbitrary<SnnGraph> {
  return fc
    .record({
      input: fc.tuple(small(2, 7), small(2, 7), small(1, 3)),
      timesteps: small(1, 6),
      reset: fc.constant(reset),
      blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
      hidden: fc.option(small(1, 6)),
      order: fc.constantFrom('hwc', 'chw'),
      classes: small(2, 4),
      outputBias: fc.boolean(),
      seed: fc.integer(),
    })
    .map(buildSnn);
}

function buildSnn(plan: NetworkPlan): SnnGraph {
  const random = xoroshiro128plus(plan.seed);
  const between = (low: number, high: number): number => low + (high - low) * uniformFloat32(random);
  const draw = (length: number, low: number, high: number): Float32Array =>
    Float32Array.from({ length }, () => between(low, high));
  const kernelOf = (shape: readonly number[], fanIn: number) => {
    const bound = 2 / Math.sqrt(fanIn);
    return { shape, data: draw(elementCount(shape), -bound, 1.2 * bound) };
  };
  const layers: SnnLayer[] = [
    {
      kind: 'input',
      name: 'image',
      shape: plan.input,
      mean: Array.from({ length: plan.input[2] }, () => 0.45),
      std: Array.from({ length: plan.input[2] }, () => 0.25),
    },
  ];
  let shape: MapShape = plan.input;
  const before = () => [layers.at(-1)!.name] as const;
  for (const [index, wanted] of plan.blocks.entries()) {
    const { channels, norm, threshold, leak } = wanted;
    const kernel = clip(wanted.kernel, shape);
    const [top, bottom, left, right] = wanted.pads;
    const size = [...kernel, shape[2], channels];
    layers.push({
      kind: 'conv2d',
      name: `conv${index}`,
      inputs: before(),
      kernel: kernelOf(size, kernel[0] * kernel[1] * shape[2]),
      bias: wanted.bias ? draw(channels, -0.3, 0.4) : null,
      stride: wanted.stride,
      padding: { top, bottom, left, right },
    });
    shape = [
      Math.floor((shape[0] + top + bottom - kernel[0]) / wanted.stride[0]) + 1,
      Math.floor((shape[1] + left + right - kernel[1]) / wanted.stride[1]) + 1,
      channels,
    ];
    if (norm) {
      layers.push({
        kind: 'batchNorm',
        name: `norm${index}`,
        inputs: before(),
        gamma: draw(channels, 0.5, 1.5),
        beta: draw(channels, -0.3, 0.6),
        mean: draw(channels, -0.3, 0.3),
        variance: draw(channels, 0.3, 1.5),
        epsilon: 1e-5,
        momentum: 0.1,
      });
    }
    layers.push({ kind: 'neuron', name: `neuron${index}`, inputs: before(), leak, reset: plan.reset, threshold });
    if (wanted.pool !== null) {
      const pool = clip(wanted.pool, shape);
      layers.push({ kind: 'avgPool', name: `pool${index}`, inputs: before(), size: pool, stride: pool });
      shape = [Math.floor(shape[0] / pool[0]), Math.floor(shape[1] / pool[1]), channels];
    }
  }
  layers.push({ kind: 'flatten', name: 'flatten', inputs: before(), order: plan.order });
  let width = elementCount(shape);
  if (plan.hidden !== null) {
    layers.push({
      kind: 'dense',
      name: 'hidden',
      inputs: before(),
      kernel: kernelOf([width, plan.hidden], width),
      bias: null,
    });
    layers.push({
      kind: 'neuron',
      name: 'hiddenNeuron',
      inputs: before(),
      leak: 1,
      reset: plan.reset,
      threshold: 0.4,
    });
    width = plan.hidden;
  }
  layers.push({
    kind: 'dense',
    name: 'classes',
    inputs: before(),
    kernel: kernelOf([width, plan.classes], width),
    bias: plan.outputBias ? draw(plan.classes, -0.5, 0.5) : null,
  });
  layers.push({ kind: 'output', name: 'logits', inputs: before() });
  return { kind: 'snn', name: 'random', timesteps: plan.timesteps, layers };
}

function clip(wanted: readonly [number, number], [height, width]: MapShape): readonly [number, number] {
  return [Math.min(wanted[0], height), Math.min(wanted[1], width)];
}
