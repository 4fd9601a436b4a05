import * as tf from '@tensorflow/tfjs';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { AnnGraph } from '../../../schemas/ann.js';
import { layerShapes } from '../../../schemas/layer-shapes.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import type { MapShape } from '../../../schemas/tensor.js';
import { elementCount } from '../../../schemas/tensor.js';
import type { ForwardOptions, Kept, Model, ParameterMap, Pass, SpikeRecord, Wanted } from '../engine.js';
import { requireKept } from '../kept.js';
import { trainingSurrogate } from '../surrogate.js';
import type { EagerEngine } from './eager-engine.js';
import type { Kernels } from './kernels.js';
import type { Trace } from './network.js';
import { Network } from './network.js';
import type { ForwardContext, NetworkGradients } from './step.js';

/** A network of the eager engine. */
export class EagerModel implements Model {
  readonly inputShape: MapShape;
  readonly classes: number;
  private readonly network: Network;

  constructor(
    private readonly graph: AnnGraph | SnnGraph,
    private readonly engine: EagerEngine,
    kernels: Kernels,
  ) {
    const shapes = layerShapes(graph.layers);
    this.inputShape = shapes.get(graph.layers[0]!.name) as MapShape;
    this.classes = elementCount(shapes.get(graph.layers.at(-1)!.name)!);
    this.network = new Network(graph, kernels);
  }

  async forward(images: Float32Array, options: ForwardOptions): Promise<Pass> {
    const trace = this.run(images, this.context(options));
    const logits = await trace.logits.data<'float32'>();
    const kept = options.gradients ?? 'all';
    if (kept === 'none') this.network.release(trace);
    return new EagerPass(logits, kept === 'none' ? null : trace, kept, this.network, this.engine, this.classes);
  }

  async readParameters(): Promise<ParameterMap> {
    const values: ParameterMap = new Map();
    for (const [name, { tensor }] of this.network.parameters) values.set(name, await tensor.data<'float32'>());
    return values;
  }

  writeParameters(values: ReadonlyMap<string, Float32Array>): void {
    this.engine.activate();
    for (const [name, array] of values) {
      const parameter = this.network.parameters.get(name);
      if (parameter === undefined) throw new RangeError(`network ${this.graph.name} has no parameter ${name}`);
      if (parameter.size !== array.length) {
        throw new RangeError(`parameter ${name} has ${parameter.size} values, not ${array.length}`);
      }
      parameter.write(array);
    }
  }

  async recordSpikes(images: Float32Array): Promise<{ logits: Float32Array; spikes: SpikeRecord }> {
    const fired: [string, tf.Tensor][] = [];
    const context = this.context({ mode: 'eval', gradients: 'none' });
    const trace = this.run(images, context, (name, kind, { tensor }) => {
      if (kind === 'neuron') fired.push([name, tensor.clone()]);
    });
    const logits = await trace.logits.data<'float32'>();
    this.network.release(trace);
    const spikes: SpikeRecord = new Map();
    for (const [name, tensor] of fired) {
      spikes.set(name, Uint8Array.from(await tensor.data<'float32'>()));
      tensor.dispose();
    }
    return { logits, spikes };
  }

  dispose(): void {
    this.network.dispose();
  }

  private run(images: Float32Array, context: ForwardContext, watch?: Parameters<Network['forward']>[2]): Trace {
    const batch = images.length / elementCount(this.inputShape);
    if (!Number.isInteger(batch) || batch < 1) {
      throw new RangeError(`${images.length} values are no batch of images [${this.inputShape.join(', ')}]`);
    }
    this.engine.activate();
    const image = tf.tensor4d(images, [batch, ...this.inputShape]);
    const trace = this.network.forward(image, context, watch);
    image.dispose();
    return trace;
  }

  private context({ mode, surrogate, dropoutSeed, encodingSeed, gradients }: ForwardOptions): ForwardContext {
    const chosen = surrogate ?? trainingSurrogate;
    return {
      mode,
      surrogate: chosen,
      timesteps: this.graph.kind === 'snn' && chosen.form !== 'activation' ? this.graph.timesteps : 1,
      dropout: dropoutSeed === undefined ? null : xoroshiro128plus(dropoutSeed),
      encoding: xoroshiro128plus(encodingSeed ?? dropoutSeed ?? 0),
      differentiable: gradients !== 'none',
    };
  }
}

class EagerPass implements Pass {
  constructor(
    readonly logits: Float32Array,
    private trace: Trace | null,
    private readonly kept: Kept,
    private readonly network: Network,
    private readonly engine: EagerEngine,
    private readonly classes: number,
  ) {}

  async backward(upstream: Float32Array, wanted: Wanted): Promise<NetworkGradients> {
    if (this.trace === null) throw new Error('this pass keeps nothing for a backward pass, or has been disposed');
    requireKept(this.kept, wanted);
    if (upstream.length !== this.logits.length) {
      throw new RangeError(`the upstream gradient has ${upstream.length} values, the logits ${this.logits.length}`);
    }
    this.engine.activate();
    const gradient = tf.tensor2d(upstream, [upstream.length / this.classes, this.classes]);
    const found = this.network.backward(this.trace, gradient, wanted);
    gradient.dispose();
    const parameters: ParameterMap = new Map();
    for (const [name, tensor] of found.parameters) {
      parameters.set(name, await tensor.data<'float32'>());
      tensor.dispose();
    }
    const input = found.image === null ? null : await found.image.data<'float32'>();
    found.image?.dispose();
    return { parameters, input: wanted.input ? input : null };
  }

  dispose(): void {
    if (this.trace !== null) this.network.release(this.trace);
    this.trace = null;
  }
}
