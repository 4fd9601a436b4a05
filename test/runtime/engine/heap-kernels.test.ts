import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { wasmBackend } from '../../../runtime/engine/backend/portable.js';
import { composedKernels } from '../../../runtime/engine/eager/composed/composed-kernels.js';
import { heapKernels } from '../../../runtime/engine/eager/heap/heap-kernels.js';
import type { Kernels, NeuronBackward } from '../../../runtime/engine/eager/kernels.js';
import { Parameter } from '../../../runtime/engine/eager/parameter.js';
import { startEager } from '../../../runtime/engine/start.js';
import { elementCount } from '../../../schemas/tensor.js';
import { relativeDistance } from './closeness.js';
import { draws } from './small-networks.js';

let heap: Kernels;

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
  await startEager({ backend: 'wasm' });
  heap = heapKernels(wasmBackend());
});

const runs = { numRuns: 60 };

/** Runs the same on the wasm heap and as operations in plain JavaScript: equal shapes, values within rounding. */
async function expectAgreement(run: (kernels: Kernels) => readonly tf.Tensor[]): Promise<void> {
  const results: { shape: number[]; values: Float32Array }[][] = [];
  for (const [backend, kernels] of [['wasm', heap] as const, ['cpu', composedKernels] as const]) {
    await tf.setBackend(backend);
    const tensors = run(kernels);
    results.push(tensors.map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync<'float32'>() })));
    tf.dispose([...tensors]);
  }
  const [fast, plain] = results as [(typeof results)[0], (typeof results)[0]];
  for (const [k, { shape, values }] of fast.entries()) {
    expect(shape).toEqual(plain[k]!.shape);
    expect(relativeDistance(values, plain[k]!.values)).toBeLessThan(3e-5);
  }
}

function random<R extends tf.Rank>(seed: number, shape: readonly number[]): tf.Tensor<R> {
  return tf.tensor<R>(draws(seed, elementCount(shape)), [...shape] as tf.ShapeMap[R]);
}

const extent = (max: number, min = 1) => fc.integer({ min, max });

describe('on the heap and composed agree', () => {
  it('both gradients of any convolution', async () => {
    const geometry = fc.record({
      batch: extent(3),
      kernel: fc.tuple(extent(4), extent(4)),
      stride: fc.tuple(extent(3), extent(3)),
      padding: fc.record({ top: extent(3, 0), bottom: extent(3, 0), left: extent(3, 0), right: extent(3, 0) }),
      size: fc.tuple(extent(9, 4), extent(9, 4)),
      channelsIn: extent(6),
      channelsOut: extent(19),
    });
    const property = fc.asyncProperty(geometry, async (g) => {
      const height = Math.floor((g.size[0] + g.padding.top + g.padding.bottom - g.kernel[0]) / g.stride[0]) + 1;
      const width = Math.floor((g.size[1] + g.padding.left + g.padding.right - g.kernel[1]) / g.stride[1]) + 1;
      const kernelShape = [...g.kernel, g.channelsIn, g.channelsOut];
      await expectAgreement((kernels) => {
        const input = random<tf.Rank.R4>(1, [g.batch, ...g.size, g.channelsIn]);
        const upstream = random<tf.Rank.R4>(2, [g.batch, height, width, g.channelsOut]);
        const kernel = new Parameter(draws(3, elementCount(kernelShape)), kernelShape);
        const gradients = [
          kernels.convInputGradient(upstream, kernel, g.size, g),
          kernels.convKernelGradient(input, upstream, g.kernel, g),
        ];
        kernel.dispose();
        tf.dispose([input, upstream]);
        return gradients;
      });
    });
    await fc.assert(property, runs);
  });

  it('average pools and their gradients, whether windows tile, overlap or leave gaps', async () => {
    const geometry = fc.record({
      batch: extent(3),
      size: fc.tuple(extent(3), extent(3)),
      stride: fc.tuple(extent(4), extent(4)),
      map: fc.tuple(extent(8, 3), extent(8, 3)),
      channels: extent(7),
    });
    const property = fc.asyncProperty(geometry, async ({ batch, size, stride, map, channels }) => {
      await expectAgreement((kernels) => {
        const input = random<tf.Rank.R4>(1, [batch, ...map, channels]);
        const pooled = kernels.averagePool(input, { size, stride });
        const upstream = random<tf.Rank.R4>(2, pooled.shape);
        const gradient = kernels.averagePoolGradient(upstream, map, { size, stride });
        tf.dispose([input, upstream]);
        return [pooled, gradient];
      });
    });
    await fc.assert(property, runs);
  });

  it('norms of any number of rows and channels, far from zero too', async () => {
    const setting = fc.record({
      rows: extent(40, 2),
      channels: extent(11),
      offset: fc.constantFrom(0, 3, -20),
      copies: extent(8),
      from: fc.constantFrom('batch' as const, 'running' as const),
    });
    const property = fc.asyncProperty(setting, async ({ rows, channels, offset, copies, from }) => {
      await expectAgreement((kernels) =>
        tf.tidy(() => {
          const input = tf.add(random(1, [rows, channels]), offset);
          const [gamma, beta] = [random(2, [channels]), random(3, [channels])];
          const running = { mean: random(4, [channels]), variance: tf.ones([channels]), momentum: 0.1, copies };
          const found = kernels.normStatistics(input, 0.1, running);
          const output = kernels.normalise(input, found.statistics, gamma, beta);
          const upstream = random(5, [rows, channels]);
          const gradients = kernels.normGradients(upstream, input, found.statistics, gamma, from, true);
          return [output, found.mean, found.variance, gradients.gamma, gradients.beta, gradients.input!];
        }),
      );
    });
    await fc.assert(property, runs);
  });

  it('neurons of any leak, reset, T, number and surrogate, driven by currents that change or stay', async () => {
    const width = fc.constantFrom(0.5, 1, 2);
    const surrogate: fc.Arbitrary<NeuronBackward> = fc.oneof(
      fc.record({ form: fc.constant('triangular' as const), width }),
      fc.record({ form: fc.constant('rectangular' as const), width }),
      fc.record({ form: fc.constant('exponential' as const), slope: width, dampening: fc.constantFrom(0.3, 1) }),
      fc.constant({ form: 'straightThrough' as const }),
      fc.constant({ form: 'rate' as const }),
    );
    const setting = fc.record({
      batch: extent(3),
      // Beyond 2,048 neurons a second block begins.
      neurons: fc.oneof(extent(9), fc.constantFrom(2048, 2051)),
      timesteps: extent(6),
      stays: fc.boolean(),
      leak: fc.constantFrom(1, 0.5),
      reset: fc.constantFrom('hard' as const, 'soft' as const),
      surrogate,
    });
    const property = fc.asyncProperty(
      setting,
      async ({ batch, neurons, timesteps, stays, surrogate: form, ...own }) => {
        const steps = stays ? 1 : timesteps;
        // Multiples of 1/64 and thresholds to match: sums are exact, so that no spike hangs on rounding.
        const current = draws(1, steps * batch * neurons).map((value) => Math.round(value * 64) / 64);
        await expectAgreement((kernels) =>
          tf.tidy(() => {
            const settings = { ...own, timesteps, unit: null };
            const threshold = tf.scalar(0.25);
            const input = tf.tensor(current, [steps * batch, neurons]);
            const { spikes, distance } = kernels.neuron(input, steps, threshold, settings, true);
            const upstream = random(2, [timesteps * batch, neurons]);
            const back = kernels.neuronGradients(upstream, distance!, steps, threshold, settings, form);
            // Its terms may cancel: rounding is small beside them, not beside their sum.
            const terms = back.current.abs().sum();
            return [spikes, distance!, back.current, tf.stack([back.threshold.reshape([]), terms])];
          }),
        );
      },
    );
    const cancelling = {
      ...{ batch: 2, neurons: 2, timesteps: 2, stays: false, leak: 1 as const, reset: 'hard' as const },
      surrogate: { form: 'triangular' as const, width: 1 },
    };
    await fc.assert(property, { ...runs, examples: [[cancelling]] });
  });
});
