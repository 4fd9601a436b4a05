import type { ConversionOptions } from '../../compiler/convert.js';
import type { StateDict, StateTensor } from '../../compiler/import/state-dict.js';
import type { AnnGraph, AnnLayer } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import { checkLayers } from '../../schemas/layer-check.js';
import type { SnnGraph, SnnLayer } from '../../schemas/snn.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import type { Normalisation } from '../data/normalisation.js';
import { THRESHOLD_MIN } from '../train/sgd.js';
import type { ArchitectureName } from './architectures.js';
import { namedNetwork } from './architectures.js';

/** The size of the images that the published networks of a name are for. */
function imageShape(architecture: ArchitectureName): MapShape {
  return architecture === 'vgg11-tiny' ? [64, 64, 3] : [32, 32, 3];
}

/**
 * The network of an architecture with weights by the names and in the layouts of the published PyTorch code: kernels
 * [out, in, h, w], matrices [out, in], feature maps flattened channel by channel. Biases are taken where there are any;
 * thresholds and batch counts, which an ANN has not, may be there. Throws SW1012 where a tensor is missing, of another
 * shape, or of no layer, and SW1005 where a value is not finite.
 */
export function publishedNetwork(
  architecture: ArchitectureName,
  state: StateDict,
  { mean, std }: Normalisation,
  where: string,
): AnnGraph {
  const { graph } = filledNetwork(architecture, state, { mean, std }, where);
  checkLayers(graph.layers, where);
  return graph;
}

/**
 * The SNN of an architecture with published weights: as `publishedNetwork`, with norm statistics as they are, and each
 * neuron layer's threshold from its v_th, held at 0.03 as the published code does. Throws SW1012 where one is missing too.
 */
export function publishedSnn(
  architecture: ArchitectureName,
  state: StateDict,
  normalisation: Normalisation,
  { timesteps, leak, reset }: ConversionOptions,
  where: string,
): SnnGraph {
  const { graph, weights, modules } = filledNetwork(architecture, state, normalisation, where);
  const layers = graph.layers.map((layer): SnnLayer => {
    if (layer.kind !== 'activation') return layer;
    const threshold = Math.max(THRESHOLD_MIN, weights.threshold(modules.get(layer.name)!));
    return { kind: 'neuron', name: layer.name, inputs: layer.inputs, leak, reset, threshold };
  });
  checkLayers(layers, where);
  return { kind: 'snn', name: graph.name, timesteps, layers };
}

/** True where the weights are a trained SNN's: thresholds are among them. */
export function hasThresholds(state: StateDict): boolean {
  return [...state.keys()].some((name) => name.endsWith('.v_th'));
}

function filledNetwork(architecture: ArchitectureName, state: StateDict, { mean, std }: Normalisation, where: string) {
  const weights = new Weights(state, where);
  const classes = weights.classes();
  const setup = { shape: imageShape(architecture), classes, mean, std, seed: 0 };
  const { graph, modules } = namedNetwork(architecture, setup);
  const layers = graph.layers.map((layer) => {
    const module = modules.get(layer.name);
    return module === undefined ? withPublishedOrder(layer) : weights.fill(layer, module);
  });
  weights.requireAllUsed();
  return { graph: { ...graph, layers }, weights, modules };
}

function withPublishedOrder(layer: AnnLayer): AnnLayer {
  return layer.kind === 'flatten' ? { ...layer, order: 'chw' } : layer;
}

class Weights {
  private readonly unused: Set<string>;

  constructor(
    private readonly state: StateDict,
    private readonly where: string,
  ) {
    this.unused = new Set(state.keys());
  }

  /** Rows of the last dense layer's matrix. */
  classes(): number {
    const last = [...this.state].findLast(
      ([name, { shape }]) => /^classifier\..*weight$/.test(name) && shape.length === 2,
    );
    const rows = last?.[1].shape[0] ?? 0;
    if (rows < 2)
      throw failure('SW1012', { where: this.where, what: 'no classifier with 2 or more classes is in it.' });
    return rows;
  }

  fill(layer: AnnLayer, module: string): AnnLayer {
    switch (layer.kind) {
      case 'conv2d': {
        const [height, width, inputs, outputs] = layer.kernel.shape as [number, number, number, number];
        const { data } = this.take(`${module}.weight`, [outputs, inputs, height, width]);
        const kernel = { shape: layer.kernel.shape, data: lastAxisFirst(data, outputs, inputs, height * width) };
        return { ...layer, kernel, bias: this.takeBias(module, outputs) };
      }
      case 'dense': {
        const [inputs, outputs] = layer.kernel.shape as [number, number];
        const { data } = this.take(`${module}.weight`, [outputs, inputs]);
        const kernel = { shape: layer.kernel.shape, data: lastAxisFirst(data, outputs, inputs, 1) };
        return { ...layer, kernel, bias: this.takeBias(module, outputs) };
      }
      case 'batchNorm': {
        const { length } = layer.gamma;
        return {
          ...layer,
          gamma: this.take(`${module}.weight`, [length]).data,
          beta: this.take(`${module}.bias`, [length]).data,
          mean: this.take(`${module}.running_mean`, [length]).data,
          variance: this.take(`${module}.running_var`, [length]).data,
        };
      }
      case 'add':
        return { ...layer, scales: this.take(`${module}.comb`, [layer.scales.length]).data };
      default:
        return layer;
    }
  }

  /** Of a neuron layer: a scalar. */
  threshold(module: string): number {
    return this.take(`${module}.v_th`, []).data[0]!;
  }

  /** Throws SW1012 where tensors are left that no layer of the architecture has. */
  requireAllUsed(): void {
    const left = [...this.unused].filter((name) => !/\.(?:v_th|num_batches_tracked)$/.test(name));
    if (left.length === 0) return;
    const more = left.length > 3 ? ` and ${left.length - 3} more` : '';
    throw failure('SW1012', {
      where: this.where,
      what: `the architecture has no ${left.slice(0, 3).join(', ')}${more}.`,
    });
  }

  private take(name: string, shape: readonly number[]): StateTensor {
    const tensor = this.state.get(name);
    if (tensor === undefined) {
      throw failure('SW1012', { where: this.where, what: `${name} of shape [${shape.join(', ')}] is missing.` });
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((extent, axis) => extent !== shape[axis])) {
      throw failure('SW1012', {
        where: `${this.where}, tensor ${name}`,
        what: `its shape is [${tensor.shape.join(', ')}]; the architecture has [${shape.join(', ')}].`,
      });
    }
    this.unused.delete(name);
    return tensor;
  }

  private takeBias(module: string, length: number): Float32Array | null {
    return this.state.has(`${module}.bias`) ? this.take(`${module}.bias`, [length]).data : null;
  }
}

/** [out, in, taps] → [taps, in, out]. */
function lastAxisFirst(values: Float32Array, outputs: number, inputs: number, taps: number): Float32Array {
  const turned = new Float32Array(elementCount([outputs, inputs, taps]));
  for (let o = 0, from = 0; o < outputs; o += 1) {
    for (let i = 0; i < inputs; i += 1) {
      for (let tap = 0; tap < taps; tap += 1, from += 1) turned[(tap * inputs + i) * outputs + o] = values[from]!;
    }
  }
  return turned;
}
