import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { wasmBackend } from '../../../runtime/engine/backend/portable.js';
import type { Device } from '../../../runtime/engine/compiled/emission.js';
import { extract } from '../../../runtime/engine/compiled/extract.js';
import { Graph } from '../../../runtime/engine/compiled/graph.js';
import { emitNeuron } from '../../../runtime/engine/compiled/neuron.js';
import { emitNeuronTogether } from '../../../runtime/engine/compiled/neuron-together.js';
import { float32Tensor, Program } from '../../../runtime/engine/compiled/program.js';
import { Signal } from '../../../runtime/engine/compiled/signal.js';
import { surrogateNumbers } from '../../../runtime/engine/compiled/surrogate-numbers.js';
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

type Settings = (typeof configurations)[number];

/** A spiking layer forward and back, or a rectified linear unit in its place; all values on the host. */
interface LayerRuns {
  neuron(
    settings: Settings,
    surrogate: NeuronBackward,
  ): Promise<{ spikes: Float32Array; current: Float32Array; threshold: Float32Array }>;
  activationGradient(): Promise<Float32Array>;
}

async function onKernels(backend: 'wasm' | 'cpu'): Promise<LayerRuns> {
  await startEager({ backend });
  const kernels: Kernels = backend === 'wasm' ? heapKernels(wasmBackend()) : composedKernels;
  return {
    async neuron(settings, surrogate) {
      return tf.tidy(() => {
        const neuron = { ...settings, timesteps: TIMESTEPS, unit: null };
        const threshold = tf.scalar(settings.threshold);
        const { spikes, distance } = kernels.neuron(tf.tensor(golden('x'), SHAPE), TIMESTEPS, threshold, neuron, true);
        const upstream = tf.tensor(golden('upstream'), SHAPE);
        const back = kernels.neuronGradients(upstream, distance!, TIMESTEPS, threshold, neuron, surrogate);
        return {
          spikes: spikes.dataSync<'float32'>(),
          current: back.current.dataSync<'float32'>(),
          threshold: back.threshold.dataSync<'float32'>(),
        };
      });
    },
    async activationGradient() {
      return tf.tidy(() => {
        const output = kernels.relu(tf.tensor(golden('x'), SHAPE));
        return kernels.reluGradient(tf.tensor(golden('upstream'), SHAPE), output).dataSync<'float32'>();
      });
    },
  };
}

/** The layer as a compiled graph of its own, run on the CPU whatever it is written for. */
function compiled(device: Device): LayerRuns {
  const emit = device === 'gpu' ? emitNeuronTogether : emitNeuron;
  async function run(settings: Settings, surrogate: Surrogate) {
    const graph = new Graph();
    const context = {
      graph,
      mode: 'train',
      batch: 4,
      shards: 1,
      timesteps: TIMESTEPS,
      form: surrogate.form,
      dropsOut: false,
      device,
    } as const;
    const layer = { kind: 'neuron', inputs: ['x'], ...settings } as const;
    const current = Signal.merged(graph, graph.input('x', SHAPE, 'pass'), TIMESTEPS);
    const { output, backward } = emit(layer, context, current);
    const spikes = output.merged;
    graph.startBackward();
    const { inputs, parameters } = backward(Signal.merged(graph, graph.input('upstream', SHAPE, 'pass'), TIMESTEPS));
    const below = inputs[0]!.merged;
    const threshold = parameters.get('threshold');
    const outputs = threshold === undefined ? [spikes, below] : [spikes, below, threshold];
    const program = await Program.compile(extract(graph, outputs, 'nothing'), 1);
    const given = new Map([
      ['x', float32Tensor(golden('x'), SHAPE)],
      ['upstream', float32Tensor(golden('upstream'), SHAPE)],
      [`${settings.name}.threshold`, float32Tensor(Float32Array.of(settings.threshold), [])],
      ...surrogateNumbers(surrogate),
    ]);
    const results = await program.run((name) => given.get(name));
    await program.release();
    return outputs.map(({ name }) => results.get(name)!.data as Float32Array);
  }
  return {
    async neuron(settings, surrogate) {
      const [spikes, current, threshold] = await run(settings, surrogate);
      return { spikes: spikes!, current: current!, threshold: threshold! };
    },
    async activationGradient() {
      const [, gradient] = await run(configurations[0]!, { form: 'activation' });
      return gradient!;
    },
  };
}

describe.each([
  'wasm',
  'cpu',
  'compiled',
  'compiled for a GPU',
] as const)('one spiking layer on %s, against PyTorch', (engine) => {
  let runs: LayerRuns;

  beforeAll(async () => {
    if (engine === 'wasm' || engine === 'cpu') runs = await onKernels(engine);
    else runs = compiled(engine === 'compiled' ? 'cpu' : 'gpu');
  });

  describe.each(configurations)('$name', (settings) => {
    it('fires the same spikes', async () => {
      const { spikes } = await runs.neuron(settings, { form: 'straightThrough' });
      expect(spikes).toEqual(golden(`${settings.name}.spikes`));
    });

    it.each(
      ensemble.filter(({ surrogate }) => surrogate.form !== 'activation'),
    )('$name has the same gradients', async ({ surrogate }) => {
      const found = await runs.neuron(settings, surrogate as NeuronBackward);
      const name = `${settings.name}.${goldenName(surrogate)}`;
      expect(relativeDistance(found.current, golden(`${name}.dx`))).toBeLessThan(1e-5);
      if (surrogate.form !== 'rate')
        expect(relativeDistance(found.threshold, golden(`${name}.dvth`))).toBeLessThan(1e-4);
    });

    it('has the same gradient as a rectified linear unit in activation mode', async () => {
      const activation: Surrogate = { form: 'activation' };
      const expected = golden(`${settings.name}.${goldenName(activation)}.dx`);
      expect(relativeDistance(await runs.activationGradient(), expected)).toBe(0);
    });
  });
});
