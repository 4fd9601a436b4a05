import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import type { AnnGraph, AnnLayer } from '../../schemas/ann.js';
import type { LayerShape } from '../../schemas/layer-shapes.js';
import { layerShape } from '../../schemas/layer-shapes.js';
import type { MapShape, Tensor } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import { seededGenerator } from '../seed.js';

/** What a network is built for. */
export interface NetworkSetup {
  readonly shape: MapShape;
  readonly classes: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Of the initial weights. */
  readonly seed: number;
}

/** A network, and for each layer with parameters the module of the published PyTorch code that holds them. */
export interface NamedNetwork {
  readonly graph: AnnGraph;
  /** Path of the module by layer name, e.g. "features.0". */
  readonly modules: ReadonlyMap<string, string>;
}

/** A layer's own name and the module of the published code whose parameters it takes. */
export interface LayerNames {
  readonly name: string;
  readonly module: string;
}

/** Layers one after the other, each reading the last unless said; weights are uniform in ±√(6/fan-in) (He et al. 2015). */
export class NetworkBuilder {
  private readonly layers: AnnLayer[];
  private readonly shapes: Map<string, LayerShape>;
  private readonly modules = new Map<string, string>();
  /** Name of the layer added last. */
  last = 'input';
  private kernels = 0;

  constructor(private readonly setup: NetworkSetup) {
    const { shape, mean, std } = setup;
    this.layers = [{ kind: 'input', name: 'input', shape, mean, std }];
    this.shapes = new Map([['input', shape]]);
  }

  /** Channels of the last layer's map, or its features. */
  get channels(): number {
    return this.shapes.get(this.last)!.at(-1)!;
  }

  /** A square convolution without bias whose padding keeps the size at stride 1. */
  conv(names: LayerNames, channels: number, size: number, stride: number, from = this.last): void {
    this.last = from;
    const margin = (size - 1) / 2;
    this.append(
      {
        kind: 'conv2d',
        name: names.name,
        inputs: [from],
        kernel: this.weights([size, size, this.channels, channels]),
        bias: null,
        stride: [stride, stride],
        padding: { top: margin, bottom: margin, left: margin, right: margin },
      },
      names.module,
    );
  }

  norm({ name, module }: LayerNames): void {
    const { channels } = this;
    this.append(
      {
        kind: 'batchNorm',
        name,
        inputs: [this.last],
        gamma: new Float32Array(channels).fill(1),
        beta: new Float32Array(channels),
        mean: new Float32Array(channels),
        variance: new Float32Array(channels).fill(1),
        epsilon: 1e-5,
        momentum: 0.1,
      },
      module,
    );
  }

  relu({ name, module }: LayerNames): void {
    this.append({ kind: 'activation', name, inputs: [this.last], function: 'relu' }, module);
  }

  /** Means over windows of `size`, side by side. */
  pool(name: string, size: number): void {
    this.append({ kind: 'avgPool', name, inputs: [this.last], size: [size, size], stride: [size, size] });
  }

  /** Mean over the whole map. */
  globalPool(name: string): void {
    const [height, width] = this.shapes.get(this.last) as MapShape;
    this.append({ kind: 'avgPool', name, inputs: [this.last], size: [height, width], stride: [height, width] });
  }

  /** The trainable weighted sum of two branches, each weighing ½ at first. */
  mix({ name, module }: LayerNames, shortcut: string, branch: string): void {
    this.append({ kind: 'add', name, inputs: [shortcut, branch], scales: Float32Array.of(0.5, 0.5) }, module);
  }

  flatten(order: 'hwc' | 'chw'): void {
    this.append({ kind: 'flatten', name: 'flatten', inputs: [this.last], order });
  }

  dense({ name, module }: LayerNames, units: number, hasBias: boolean): void {
    const kernel = this.weights([this.channels, units]);
    const bias = hasBias ? new Float32Array(units) : null;
    this.append({ kind: 'dense', name, inputs: [this.last], kernel, bias }, module);
  }

  dropout(name: string, rate: number): void {
    this.append({ kind: 'dropout', name, inputs: [this.last], rate });
  }

  /** The whole network, its last layer's values the logits. */
  finish(name: string): NamedNetwork {
    this.append({ kind: 'output', name: 'output', inputs: [this.last] });
    return { graph: { kind: 'ann', name, layers: this.layers }, modules: this.modules };
  }

  private append(layer: AnnLayer, module?: string): void {
    const inputs = layer.kind === 'input' ? [] : layer.inputs.map((name) => this.shapes.get(name)!);
    this.shapes.set(layer.name, layerShape(layer, inputs));
    this.layers.push(layer);
    if (module !== undefined) this.modules.set(layer.name, module);
    this.last = layer.name;
  }

  /** The last axis of `shape` is the output's; fan-in is the product of the others. */
  private weights(shape: readonly number[]): Tensor {
    this.kernels += 1;
    const bound = Math.sqrt(6 / elementCount(shape.slice(0, -1)));
    const random = seededGenerator(this.setup.seed, 'weights', this.kernels);
    const data = new Float32Array(elementCount(shape));
    for (let k = 0; k < data.length; k += 1) data[k] = bound * (2 * uniformFloat32(random) - 1);
    return { shape, data };
  }
}
