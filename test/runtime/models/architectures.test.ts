import { describe, expect, it } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { startEager } from '../../../runtime/engine/start.js';
import { architectureNames, namedNetwork } from '../../../runtime/models/architectures.js';
import { resnet, wideResnet } from '../../../runtime/models/residual.js';
import type { AnnGraph, AnnLayer } from '../../../schemas/ann.js';
import { checkLayers } from '../../../schemas/layer-check.js';
import { layerShapes } from '../../../schemas/layer-shapes.js';
import { elementCount } from '../../../schemas/tensor.js';
import { annForward } from '../../reference/ann-forward.js';
import { relativeDistance } from '../engine/closeness.js';
import { draws } from '../engine/small-networks.js';

const colour = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
const cifar = { shape: [32, 32, 3] as const, classes: 10, ...colour, seed: 1 };
const tiny = { shape: [64, 64, 3] as const, classes: 200, ...colour, seed: 1 };

/** Neurons of the network once it is converted. */
function spikingNeurons(graph: AnnGraph): number {
  const snn = convert(graph, { timesteps: 8, leak: 1, reset: 'hard' });
  const shapes = layerShapes(snn.layers);
  return snn.layers.reduce((sum, { kind, name }) => sum + (kind === 'neuron' ? elementCount(shapes.get(name)!) : 0), 0);
}

/** Trainable numbers but thresholds. */
function parameterCount(graph: AnnGraph): number {
  const own = (layer: AnnLayer): number => {
    if (layer.kind === 'conv2d' || layer.kind === 'dense') return layer.kernel.data.length + (layer.bias?.length ?? 0);
    if (layer.kind === 'batchNorm') return 2 * layer.gamma.length;
    return layer.kind === 'add' ? layer.scales.length : 0;
  };
  return graph.layers.reduce((sum, layer) => sum + own(layer), 0);
}

describe('the published networks', () => {
  it.each(architectureNames)('%s is sound', (name) => {
    const { graph } = namedNetwork(name, name === 'vgg11-tiny' ? tiny : cifar);
    checkLayers(graph.layers, name);
  });

  it('have the published numbers of spiking neurons', () => {
    // vgg11: 64·32² + (128 + 256)·16² + 3·512·8² + 2·512·4² + 2·4096 = 65,536 + 98,304 + 98,304 + 16,384 + 8,192.
    expect(spikingNeurons(namedNetwork('vgg11', cifar).graph)).toBe(286_720);
    // wrn16-4: 16·32² + 3·64·32² in stage 1, 64·32² + 3·128·16² in stage 2, 128·16² + 3·256·8² in stage 3, 256·8² at the
    // end: 212,992 + 163,840 + 81,920 + 16,384.
    expect(spikingNeurons(namedNetwork('wrn16-4', cifar).graph)).toBe(475_136);
    // resnet20: 7·16·32² + 6·32·16² + 6·64·8² = 114,688 + 49,152 + 24,576.
    expect(spikingNeurons(namedNetwork('resnet20', cifar).graph)).toBe(188_416);
    // vgg11-tiny: 64·64² + 128·32² + 2·256·16² + 2·512·8² + 2·512·4² + 4096.
    expect(spikingNeurons(namedNetwork('vgg11-tiny', tiny).graph)).toBe(
      262_144 + 131_072 + 131_072 + 65_536 + 16_384 + 4096,
    );
  });

  it('have as many parameters as their layers add up to', () => {
    // resnet20: stem 432 + 32; blocks of 16 channels 3·(2·2304 + 64 + 2); 32: (4608 + 9216 + 128 + 512 + 64 + 2) and
    // 2·(2·9216 + 128 + 2); 64: (18,432 + 36,864 + 256 + 2048 + 128 + 2) and 2·(2·36,864 + 256 + 2); dense 640 + 10.
    const stages = 3 * 4674 + 14_530 + 2 * 18_562 + 57_730 + 2 * 73_986;
    expect(parameterCount(namedNetwork('resnet20', cifar).graph)).toBe(464 + stages + 650);
  });

  it('name a module of the published code for every layer with parameters, thresholds included, each once', () => {
    for (const name of architectureNames) {
      const { graph, modules } = namedNetwork(name, name === 'vgg11-tiny' ? tiny : cifar);
      const held = graph.layers.filter(({ kind }) =>
        ['conv2d', 'dense', 'batchNorm', 'add', 'activation'].includes(kind),
      );
      expect([...modules.keys()]).toEqual(held.map((layer) => layer.name));
      expect(new Set(modules.values()).size).toBe(modules.size);
    }
    const { modules } = namedNetwork('vgg11', cifar);
    expect(
      ['conv1', 'conv2', 'norm8', 'relu8', 'dense9', 'relu9', 'classifier'].map((layer) => modules.get(layer)),
    ).toEqual([
      'features.0',
      'features.4',
      'features.25',
      'features.26',
      'classifier.1',
      'classifier.2',
      'classifier.7',
    ]);
    const wide = namedNetwork('wrn16-4', cifar).modules;
    expect([wide.get('block1.shortcut'), wide.get('norm')]).toEqual(['features.1.convShortcut', 'features.7']);
  });
});

describe.each([
  ['a residual network', resnet],
  ['a wide residual network', wideResnet],
])('%s', (_, build) => {
  const setup = { shape: [8, 8, 2] as const, classes: 3, mean: [0.5, 0.4], std: [0.2, 0.3], seed: 5 };
  const { graph } = build('net', { stem: 2, stages: [4, 6], blocks: 2 }, setup);

  it('computes what the reference does, and its branch scales are trained', async () => {
    const { engine } = await startEager({ backend: 'wasm' });
    const model = engine.load(graph);
    const image = draws(3, 128, 0, 1);
    const pass = await model.forward(image, { mode: 'eval' });
    expect(relativeDistance(pass.logits, Float32Array.from(annForward(graph, image)))).toBeLessThan(1e-5);
    const { parameters } = await pass.backward(Float32Array.of(1, -2, 0.5), { parameters: true, input: false });
    const scales = [...parameters].filter(([name]) => name.endsWith('.scales'));
    expect(scales).toHaveLength(4);
    for (const [, gradient] of scales) for (const slope of gradient) expect(Math.abs(slope)).toBeGreaterThan(0);
    pass.dispose();
    model.dispose();
  });
});
