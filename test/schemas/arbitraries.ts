import fc from 'fast-check';
import type { AnnGraph, AnnLayer } from '../../schemas/ann.js';
import type { LayerShape } from '../../schemas/layer-shapes.js';
import { layerShapes } from '../../schemas/layer-shapes.js';
import type { SnnGraph, SnnLayer } from '../../schemas/snn.js';

const extent = (least: number, most: number) => fc.integer({ min: least, max: most });

/** A layer kind to append; what it becomes depends on the shape it meets. */
const step = fc.constantFrom('conv2d', 'batchNorm', 'activation', 'avgPool', 'add', 'dropout', 'flatten', 'dense');

/**
 * Sound ANNs of up to nine layers, whose scalars are short decimals: random kernels, strides, paddings, pools, shortcuts (an add of the newest layer with
 * any earlier one of its shape), then flatten, dense, output.
 */
export const annGraphs: fc.Arbitrary<AnnGraph> = fc
  .record({
    shape: fc.tuple(extent(1, 6), extent(1, 6), extent(1, 3)),
    steps: fc.array(step, { maxLength: 9 }),
    name: fc.string(),
    classes: extent(1, 4),
    generator: fc.infiniteStream(fc.float({ min: -1, max: 1, noNaN: true })),
    choices: fc.infiniteStream(fc.nat(1000)),
  })
  .map(({ shape, steps, name, classes, generator, choices }) => {
    const random = (length: number) => Float32Array.from({ length }, () => generator.next().value + 0);
    const choose = (most: number) => choices.next().value % most;
    const channels = shape[2];
    const layers: AnnLayer[] = [
      {
        kind: 'input',
        name: 'input',
        shape,
        mean: Array.from({ length: channels }, () => (choose(1001) - 500) / 1000),
        std: Array.from({ length: channels }, () => (choose(900) + 100) / 1000),
      },
    ];
    for (const kind of [...steps, 'flatten', 'dense'] as const) appendLayer(layers, kind, { random, choose, classes });
    layers.push({ kind: 'output', name: 'output', inputs: [layers[layers.length - 1]!.name] });
    return { kind: 'ann', name, layers };
  });

/** Sound SNNs: the ANNs above with neurons for activations. */
export const snnGraphs: fc.Arbitrary<SnnGraph> = fc
  .record({
    ann: annGraphs,
    timesteps: extent(1, 100),
    leak: fc.double({ min: 0.1, max: 1, noNaN: true }),
    threshold: fc.double({ min: 0.03, max: 10, noNaN: true }),
    reset: fc.constantFrom('hard' as const, 'soft' as const),
  })
  .map(({ ann, timesteps, leak, threshold, reset }) => ({
    kind: 'snn',
    name: ann.name,
    timesteps,
    layers: ann.layers.map((layer): SnnLayer => {
      if (layer.kind !== 'activation') return layer;
      return { kind: 'neuron', name: layer.name, inputs: layer.inputs, leak, reset, threshold };
    }),
  }));

interface Choices {
  readonly random: (length: number) => Float32Array;
  readonly choose: (most: number) => number;
  readonly classes: number;
}

/** Appends a layer of the kind asked for where the newest layer's shape allows it. */
function appendLayer(layers: AnnLayer[], kind: string, { random, choose, classes }: Choices): void {
  const shapes = layerShapes(layers);
  const previous = layers[layers.length - 1]!.name;
  const shape = shapes.get(previous)!;
  const name = `${kind}${layers.length}`;
  const inputs = [previous] as const;
  const [height, width, channels] = shape.length === 3 ? shape : [1, 1, shape[0]];
  switch (kind) {
    case 'conv2d': {
      if (shape.length === 1) return;
      const padding = { top: choose(2), bottom: choose(3), left: choose(2), right: choose(2) };
      const kernelHeight = 1 + choose(Math.min(3, height + padding.top + padding.bottom));
      const kernelWidth = 1 + choose(Math.min(3, width + padding.left + padding.right));
      const outputs = 1 + choose(3);
      layers.push({
        kind,
        name,
        inputs,
        kernel: {
          shape: [kernelHeight, kernelWidth, channels, outputs],
          data: random(kernelHeight * kernelWidth * channels * outputs),
        },
        bias: choose(2) ? random(outputs) : null,
        stride: [1 + choose(2), 1 + choose(2)],
        padding,
      });
      return;
    }
    case 'batchNorm':
      layers.push({
        kind,
        name,
        inputs,
        gamma: random(channels),
        beta: random(channels),
        mean: random(channels),
        variance: random(channels).map((value) => Math.abs(value) + 0.1),
        epsilon: 1e-5,
        momentum: 0.1,
      });
      return;
    case 'activation':
      layers.push({ kind, name, inputs, function: 'relu' });
      return;
    case 'avgPool':
      if (shape.length === 1) return;
      layers.push({
        kind,
        name,
        inputs,
        size: [1 + choose(height), 1 + choose(width)],
        stride: [1 + choose(2), 1 + choose(2)],
      });
      return;
    case 'add': {
      const partners = [...shapes].filter(([, other]) => sameShape(other, shape)).map(([partner]) => partner);
      layers.push({ kind, name, inputs: [previous, partners[choose(partners.length)]!], scales: random(2) });
      return;
    }
    case 'dropout':
      layers.push({ kind, name, inputs, rate: choose(9) / 10 });
      return;
    case 'flatten':
      if (shape.length === 3) layers.push({ kind, name, inputs, order: choose(2) ? 'chw' : 'hwc' });
      return;
    case 'dense': {
      if (shape.length === 3) return;
      const bias = choose(2) ? random(classes) : null;
      const kernel = { shape: [shape[0], classes], data: random(shape[0] * classes) };
      layers.push({ kind, name, inputs, kernel, bias });
    }
  }
}

function sameShape(a: LayerShape, b: LayerShape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
