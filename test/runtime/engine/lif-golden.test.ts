import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { wasmBackend } from '../../../runtime/engine/backend/portable.js';
import { composedKernels } from '../../../runtime/engine/eager/composed/composed-kernels.js';
import { heapKernels } from '../../../runtime/engine/eager/heap/heap-kernels.js';
import type { Kernels, NeuronBackward } from '../../../runtime/engine/eager/kernels.js';
import { startEager } from '../../../runtime/engine/start.js';
import type { Surrogate } from '../../../runtime/engine/surrogate.js';
import { ensemble } from '../../../runtime/engine/surrogate.js';
import { readSafetensors } from '../../../schemas/safetensors.js';
import type { Reset } from '../../../schemas/snn.js';
import { relativeDistance } from './closeness.js';
import { goldenName } from './golden-name.js';

const TIMESTEPS = 8;
const SHAPE = [32, 64]; // [T·B, F] with T = 8, B = 4
const path = new URL('../../golden/lif.safetensors', import.meta.url);
const { tensors } = readSafetensors(readFileSync(path), 'lif.safetensors');
const golden = (name: string): Float32Array => tensors.get(name)!.data as Float32Array;

const configurations: readonly { name: string; leak: number; reset: Reset; threshold: number }[] = [
  { name: 'if_hard', leak: 1, reset: 'hard', threshold: 0.7 },
  { name: 'if_soft', leak: 1, reset: 'soft', threshold: 0.7 },
  { name: 'lif_hard', leak: 0.99, reset: 'hard', threshold: 0.5 },
  { name: 'lif_soft', leak: 0.99, reset: 'soft', threshold: 0.5 },
  { name: 'lif09_soft', leak: 0.9, reset: 'soft', threshold: 1 },
];

describe.each(['wasm', 'cpu'] as const)('one spiking layer on %s, against PyTorch', (backend) => {
  let kernels: Kernels;

  beforeAll(async () => {
    await startEager({ backend });
    kernels = backend === 'wasm' ? heapKernels(wasmBackend()) : composedKernels;
  });

  /** Runs the layer forward and back; all values on the host. */
  function run(settings: (typeof configurations)[number], surrogate: NeuronBackward) {
    return tf.tidy(() => {
      const neuron = { ...settings, timesteps: TIMESTEPS };
      const threshold = tf.scalar(settings.threshold);
      const { spikes, distance } = kernels.neuron(tf.tensor(golden('x'), SHAPE), TIMESTEPS, threshold, neuron, true);
      const upstream = tf.tensor(golden('upstream'), SHAPE);
      const back = kernels.neuronGradients(upstream, distance!, TIMESTEPS, threshold, neuron, surrogate);
      const [fired, current, theta] = [spikes, back.current, back.threshold].map((value) =>
        value.dataSync<'float32'>(),
      );
      return { spikes: fired!, current: current!, threshold: theta! };
    });
  }

  describe.each(configurations)('$name', (settings) => {
    it('fires the same spikes', () => {
      const { spikes } = run(settings, { form: 'straightThrough' });
      expect(spikes).toEqual(golden(`${settings.name}.spikes`));
    });

    it.each(ensemble.filter(({ surrogate }) => surrogate.form !== 'activation'))('$name has the same gradients', ({
      surrogate,
    }) => {
      const found = run(settings, surrogate as NeuronBackward);
      const name = `${settings.name}.${goldenName(surrogate)}`;
      expect(relativeDistance(found.current, golden(`${name}.dx`))).toBeLessThan(1e-5);
      if (surrogate.form !== 'rate')
        expect(relativeDistance(found.threshold, golden(`${name}.dvth`))).toBeLessThan(1e-4);
    });

    it('has the same gradient as a rectified linear unit in activation mode', () => {
      const gradient = tf.tidy(() => {
        const output = kernels.relu(tf.tensor(golden('x'), SHAPE));
        return kernels.reluGradient(tf.tensor(golden('upstream'), SHAPE), output).dataSync<'float32'>();
      });
      const activation: Surrogate = { form: 'activation' };
      expect(relativeDistance(gradient, golden(`${settings.name}.${goldenName(activation)}.dx`))).toBe(0);
    });
  });
});
