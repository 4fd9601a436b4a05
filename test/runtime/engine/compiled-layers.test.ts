import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../runtime/engine/engine.js';
import type { AnnGraph, AnnLayer, InputLayer } from '../../../schemas/ann.js';
import type { MapShape } from '../../../schemas/tensor.js';
import { elementCount } from '../../../schemas/tensor.js';
import { relativeDistance } from './closeness.js';
import { startTested } from './engines.js';
import { draws } from './small-networks.js';

let compiled: Engine;
let plain: Engine;

beforeAll(async () => {
  compiled = await startTested('compiled');
  plain = await startTested('cpu');
});

const runs = { numRuns: 40 };
const extent = (max: number, min = 1) => fc.integer({ min, max });

/** A network of one layer that reads the image. */
function alone(shape: MapShape, layer: AnnLayer): AnnGraph {
  const each = (value: number): number[] => Array.from({ length: shape[2] }, () => value);
  const input: InputLayer = { kind: 'input', name: 'input', shape, mean: each(0), std: each(1) };
  return {
    kind: 'ann',
    name: 'one layer',
    layers: [
      input,
      layer,
      { kind: 'flatten', name: 'flatten', inputs: [layer.name], order: 'hwc' },
      { kind: 'output', name: 'output', inputs: ['flatten'] },
    ],
  };
}

/** Runs the network forward and back on both engines: logits, gradients and what is left in the parameters agree. */
async function expectAgreement(graph: AnnGraph, images: Float32Array, mode: 'train' | 'eval'): Promise<void> {
  const results = [];
  for (const engine of [compiled, plain]) {
    const model = engine.load(graph);
    const pass = await model.forward(images, { mode });
    const gradients = await pass.backward(draws(2, pass.logits.length), { parameters: true, input: true });
    pass.dispose();
    const after = await model.readParameters();
    model.dispose();
    results.push(new Map([['logits', pass.logits], ['image', gradients.input!], ...gradients.parameters, ...after]));
  }
  const [found, expected] = results as [(typeof results)[0], (typeof results)[0]];
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of found) {
    expect(relativeDistance(values, expected.get(name)!), name).toBeLessThan(3e-5);
  }
}

describe('compiled and in plain JavaScript alike', () => {
  it('convolutions of any kernel, stride and padding', async () => {
    const geometry = fc.record({
      batch: extent(3),
      kernel: fc.tuple(extent(4), extent(4)),
      stride: fc.tuple(extent(3), extent(3)),
      padding: fc.record({ top: extent(3, 0), bottom: extent(3, 0), left: extent(3, 0), right: extent(3, 0) }),
      size: fc.tuple(extent(9, 4), extent(9, 4)),
      channelsIn: fc.oneof({ weight: 4, arbitrary: extent(6) }, fc.constant(128)),
      channelsOut: extent(19),
    });
    const property = fc.asyncProperty(
      geometry,
      async ({ batch, kernel, stride, padding, size, channelsIn, channelsOut }) => {
        const shape = [...kernel, channelsIn, channelsOut];
        const graph = alone([...size, channelsIn], {
          kind: 'conv2d',
          name: 'conv',
          inputs: ['input'],
          kernel: { shape, data: draws(3, elementCount(shape)) },
          bias: draws(4, channelsOut),
          stride,
          padding,
        });
        await expectAgreement(graph, draws(1, batch * elementCount([...size, channelsIn])), 'eval');
      },
    );
    await fc.assert(property, runs);
  });

  it('average pools, whether windows tile, overlap or leave gaps', async () => {
    const geometry = fc.record({
      batch: extent(3),
      size: fc.tuple(extent(3), extent(3)),
      stride: fc.tuple(extent(4), extent(4)),
      map: fc.tuple(extent(8, 3), extent(8, 3)),
      channels: extent(7),
    });
    const property = fc.asyncProperty(geometry, async ({ batch, size, stride, map, channels }) => {
      const graph = alone([...map, channels], { kind: 'avgPool', name: 'pool', inputs: ['input'], size, stride });
      await expectAgreement(graph, draws(1, batch * elementCount([...map, channels])), 'eval');
    });
    await fc.assert(property, runs);
  });

  it('norms of any number of rows and channels, far from zero too', async () => {
    const setting = fc.record({
      batch: extent(4),
      map: fc.tuple(extent(5, 2), extent(4)),
      channels: extent(11),
      offset: fc.constantFrom(0, 3, -20),
      mode: fc.constantFrom('train' as const, 'eval' as const),
    });
    const property = fc.asyncProperty(setting, async ({ batch, map, channels, offset, mode }) => {
      const graph = alone([...map, channels], {
        kind: 'batchNorm',
        name: 'norm',
        inputs: ['input'],
        gamma: draws(5, channels),
        beta: draws(6, channels),
        mean: draws(7, channels),
        variance: draws(8, channels, 0.5, 1.5),
        epsilon: 0.1,
        momentum: 0.1,
      });
      const images = draws(1, batch * elementCount([...map, channels])).map((value) => value + offset);
      await expectAgreement(graph, images, mode);
    });
    await fc.assert(property, runs);
  });
});
