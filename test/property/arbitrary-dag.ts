import fc from 'fast-check';
import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type LayerShape, layerShape } from '../../schemas/layer-shapes.js';
import type { SnnGraph, SnnLayer } from '../../schemas/snn.js';
import { elementCount, type MapShape } from '../../schemas/tensor.js';

const small = (min: number, max: number) => fc.integer({ min, max });

/** A layer to be; `from` picks the layer that it reads among those there are, counted from the last. */
const mapPlan = fc.record({
  kind: fc.constantFrom('conv', 'conv', 'pool', 'norm', 'add', 'add', 'neuron', 'neuron', 'neuron', 'dropout'),
  from: fc.constantFrom(0, 0, 0, 1, 2, 3),
  other: small(0, 5),
  channels: small(1, 3),
  kernel: fc.tuple(small(1, 3), small(1, 3)),
  stride: fc.tuple(small(1, 2), small(1, 2)),
  pads: fc.tuple(small(0, 1), small(0, 2), small(0, 2), small(0, 1)),
  bias: fc.boolean(),
  leak: fc.constantFrom(1, 0.99, 0.5),
  reset: fc.constantFrom('hard', 'soft'),
  threshold: fc.double({ min: 0.1, max: 1, noNaN: true }),
});

const vectorPlan = fc.record({
  kind: fc.constantFrom('dense', 'norm', 'neuron', 'add'),
  from: fc.constantFrom(0, 0, 1),
  other: small(0, 3),
  units: small(1, 5),
  bias: fc.boolean(),
});

const plan = fc.record({
  input: fc.tuple(small(2, 6), small(2, 6), small(1, 3)),
  timesteps: small(1, 4),
  maps: fc.array(mapPlan, { minLength: 2, maxLength: 10 }),
  flattened: fc.array(fc.record({ from: small(0, 4), order: fc.constantFrom('hwc', 'chw') }), {
    minLength: 1,
    maxLength: 3,
  }),
  vectors: fc.array(vectorPlan, { maxLength: 4 }),
  classes: small(2, 4),
  seed: fc.integer(),
});

/**
 * Networks of every layer kind in any order: branches, weighted sums of maps that happen to have one shape, convolutions
 * on convolutions and on sums, norms on the image, vectors flattened in both orders and added.
 */
export const snnDag: fc.Arbitrary<SnnGraph> = plan.map((wanted): SnnGraph => {
  const random = xoroshiro128plus(wanted.seed);
  const draw = (length: number, low: number, high: number): Float32Array =>
    Float32Array.from({ length }, () => low + (high - low) * uniformFloat32(random));
  const kernelOf = (shape: readonly number[]) => {
    const bound = 1.7 / Math.sqrt(elementCount(shape.slice(0, -1)));
    return { shape, data: draw(elementCount(shape), -bound, 1.3 * bound) };
  };
  const per = (value: number): number[] => new Array<number>(wanted.input[2]).fill(value);
  const layers: SnnLayer[] = [{ kind: 'input', name: 'image', shape: wanted.input, mean: per(0.45), std: per(0.25) }];
  const shapes: LayerShape[] = [wanted.input];
  const append = (layer: SnnLayer, ...from: readonly number[]): void => {
    shapes.push(
      layerShape(
        layer,
        from.map((index) => shapes[index]!),
      ),
    );
    layers.push(layer);
  };
  const pick = (from: number, floor: number): number => Math.max(floor, layers.length - 1 - from);
  const nameOf = (index: number) => [layers[index]!.name] as const;
  const alike = (index: number, from: number): number[] => {
    const same = layers.flatMap((layer, k) => {
      const flat = layer.kind === 'dropout' ? false : String(shapes[k]) === String(shapes[index]);
      return k !== index && flat ? [k] : [];
    });
    return same.length === 0 ? [] : [same[from % same.length]!];
  };
  const norm = (name: string, index: number): SnnLayer => {
    const channels = shapes[index]!.at(-1)!;
    const [gamma, beta] = [draw(channels, 0.5, 1.5), draw(channels, -0.3, 0.6)];
    const [mean, variance] = [draw(channels, -0.3, 0.3), draw(channels, 0.3, 1.5)];
    return {
      kind: 'batchNorm',
      name,
      inputs: nameOf(index),
      gamma,
      beta,
      mean,
      variance,
      epsilon: 1e-5,
      momentum: 0.1,
    };
  };

  for (const [number, layer] of wanted.maps.entries()) {
    const from = pick(layer.from, 0);
    const inputs = nameOf(from);
    const [height, width, channels] = shapes[from] as MapShape;
    const window = [Math.min(layer.kernel[0], height), Math.min(layer.kernel[1], width)] as const;
    const name = `${layer.kind}${number}`;
    if (layer.kind === 'conv') {
      const [top, bottom, left, right] = layer.pads;
      const kernel = kernelOf([...window, channels, layer.channels]);
      const bias = layer.bias ? draw(layer.channels, -0.3, 0.4) : null;
      const padding = { top, bottom, left, right };
      append({ kind: 'conv2d', name, inputs, kernel, bias, stride: layer.stride, padding }, from);
    } else if (layer.kind === 'pool') {
      const stride = layer.bias ? window : layer.stride;
      append({ kind: 'avgPool', name, inputs, size: window, stride }, from);
    } else if (layer.kind === 'norm') {
      append(norm(name, from), from);
    } else if (layer.kind === 'add') {
      const all = [from, ...alike(from, layer.other)];
      append({ kind: 'add', name, inputs: all.map((k) => nameOf(k)[0]), scales: draw(all.length, -0.4, 0.9) }, ...all);
    } else if (layer.kind === 'dropout') {
      append({ kind: 'dropout', name, inputs, rate: 0.2 }, from);
    } else {
      const { leak, reset, threshold } = layer;
      append({ kind: 'neuron', name, inputs, leak, reset, threshold }, from);
    }
  }
  const maps = layers.length;
  for (const [number, { from, order }] of wanted.flattened.entries()) {
    const index = Math.max(0, maps - 1 - from);
    append({ kind: 'flatten', name: `flatten${number}`, inputs: nameOf(index), order }, index);
  }
  for (const [number, { kind, from, other, units, bias }] of wanted.vectors.entries()) {
    const index = pick(from, maps);
    const inputs = nameOf(index);
    const name = `vector${number}`;
    if (kind === 'dense') {
      const kernel = kernelOf([shapes[index]![0], units]);
      append({ kind, name, inputs, kernel, bias: bias ? draw(units, -0.3, 0.3) : null }, index);
    } else if (kind === 'norm') {
      append(norm(name, index), index);
    } else if (kind === 'add') {
      const all = [index, ...alike(index, other)];
      append({ kind, name, inputs: all.map((k) => nameOf(k)[0]), scales: draw(all.length, 0.2, 0.9) }, ...all);
    } else if (!isChannelFirst(layers, index)) {
      append({ kind, name, inputs, leak: 1, reset: 'soft', threshold: 0.4 }, index);
    }
  }
  const last = layers.length - 1;
  const kernel = kernelOf([shapes[last]![0], wanted.classes]);
  append({ kind: 'dense', name: 'classes', inputs: nameOf(last), kernel, bias: draw(wanted.classes, -0.5, 0.5) }, last);
  append({ kind: 'output', name: 'logits', inputs: ['classes'] }, last + 1);
  return { kind: 'snn', name: 'random', timesteps: wanted.timesteps, layers };
});

/** Whether a vector's neurons would be numbered otherwise than those of the grid it was flattened from. */
function isChannelFirst(layers: readonly SnnLayer[], index: number): boolean {
  const layer = layers[index]!;
  if (layer.kind === 'flatten') return layer.order === 'chw';
  if (layer.kind === 'input' || layer.kind === 'dense') return false;
  return layer.inputs.some((name) =>
    isChannelFirst(
      layers,
      layers.findIndex((other) => other.name === name),
    ),
  );
}
