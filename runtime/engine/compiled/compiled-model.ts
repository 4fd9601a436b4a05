import type { Tensor } from 'onnxruntime-node';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { AnnGraph } from '../../../schemas/ann.js';
import { layerShapes } from '../../../schemas/layer-shapes.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import type { MapShape } from '../../../schemas/tensor.js';
import { elementCount } from '../../../schemas/tensor.js';
import type {
  ForwardOptions,
  LossGradient,
  LossOptions,
  Model,
  ParameterMap,
  Pass,
  SpikeRecord,
  TargetLoss,
  Wanted,
} from '../engine.js';
import { trainingSurrogate } from '../surrogate.js';
import type { CompiledEngine } from './compiled-engine.js';
import { CompiledPass } from './compiled-pass.js';
import { dropoutMasks } from './dropout-masks.js';
import { passInputs } from './network-graph.js';
import { networkSource } from './network-source.js';
import { paddedBatch } from './padded-batch.js';
import { parametersOf } from './parameters.js';
import type { PassKind } from './pass-programs.js';
import { PassPrograms } from './pass-programs.js';
import { poissonThresholds } from './poisson.js';
import { float32Tensor } from './program.js';
import { surrogateNumbers } from './surrogate-numbers.js';
import { targetInputs } from './target-loss.js';

/** A network of the compiled engine. */
export class CompiledModel implements Model {
  readonly inputShape: MapShape;
  readonly classes: number;
  /** By graph input; a parameter that is written gets a new tensor. */
  readonly parameters: Map<string, Tensor>;
  private readonly programs: PassPrograms;
  private isDisposed = false;

  constructor(
    private readonly graph: AnnGraph | SnnGraph,
    private readonly engine: CompiledEngine,
  ) {
    const shapes = layerShapes(graph.layers);
    this.inputShape = shapes.get(graph.layers[0]!.name) as MapShape;
    this.classes = elementCount(shapes.get(graph.layers.at(-1)!.name)!);
    this.parameters = new Map(
      // Copied: tensors share memory with their arrays, and the graph's are not the model's to change.
      [...parametersOf(graph)].map(([name, { data, shape }]) => [name, float32Tensor(data.slice(), shape)]),
    );
    this.programs = new PassPrograms(networkSource(graph, engine.device), engine);
    engine.account(this.parameterBytes(), 1);
  }

  async forward(images: Float32Array, options: ForwardOptions): Promise<Pass> {
    const { kind, surrogate, count, given } = this.prepare(images, options);
    const keep = options.gradients ?? 'all';
    const { logits, updates, saved } = await this.programs.forward(kind, given, keep);
    for (const [name, tensor] of updates) this.parameters.set(name, tensor);
    return new CompiledPass(
      logits.slice(0, count * this.classes),
      keep === 'none' ? null : new Map([...given, ...saved]),
      [...saved.values()],
      { kind, surrogate, count, keep },
      this.programs,
      this.engine,
    );
  }

  async lossGradient(
    images: Float32Array,
    loss: TargetLoss,
    options: LossOptions,
    wanted: Wanted,
  ): Promise<LossGradient> {
    const { kind, surrogate, count, given } = this.prepare(images, options);
    const { logits, updates, parameters, input } = await this.programs.lossGradient(
      kind,
      surrogate.form,
      new Map([...given, ...surrogateNumbers(surrogate), ...targetInputs(loss, kind.batch, this.classes)]),
      wanted,
    );
    for (const [name, tensor] of updates) this.parameters.set(name, tensor);
    return { logits: logits.slice(0, count * this.classes), parameters, input: input?.slice(0, images.length) ?? null };
  }

  /** What a pass over images is, and all that its graph is given of them, the network and its dropout. */
  private prepare(images: Float32Array, options: LossOptions) {
    const { mode, dropoutSeed, encodingSeed } = options;
    const surrogate = options.surrogate ?? trainingSurrogate;
    const count = this.batchOf(images);
    // Without statistics over the batch images do not touch one another: batches of like size share programs.
    const batch = mode === 'eval' ? paddedBatch(count) : count;
    const kind: PassKind = {
      mode,
      batch,
      shards: 1,
      isActivation: surrogate.form === 'activation',
      dropsOut: dropoutSeed !== undefined,
    };
    const masks =
      dropoutSeed === undefined || mode === 'eval'
        ? []
        : dropoutMasks(this.graph.layers, batch, this.programs.timesteps(kind), xoroshiro128plus(dropoutSeed));
    const given = new Map<string, Tensor>([
      ...this.parameters,
      ...masks,
      ...poissonThresholds(this.graph.layers, this.programs.timesteps(kind), encodingSeed ?? dropoutSeed ?? 0),
      [passInputs.image, float32Tensor(padded(images, count, batch), [batch, ...this.inputShape])],
    ]);
    return { kind, surrogate, count, given };
  }

  async readParameters(): Promise<ParameterMap> {
    return new Map([...this.parameters].map(([name, { data }]) => [name, (data as Float32Array).slice()]));
  }

  writeParameters(values: ReadonlyMap<string, Float32Array>): void {
    for (const [name, array] of values) {
      const parameter = this.parameters.get(name);
      if (parameter === undefined) throw new RangeError(`network ${this.graph.name} has no parameter ${name}`);
      if (parameter.size !== array.length) {
        throw new RangeError(`parameter ${name} has ${parameter.size} values, not ${array.length}`);
      }
      // A pass under way keeps those that it began with.
      this.parameters.set(name, float32Tensor(array.slice(), parameter.dims));
    }
  }

  async recordSpikes(images: Float32Array): Promise<{ logits: Float32Array; spikes: SpikeRecord }> {
    const batch = this.batchOf(images);
    const kind: PassKind = { mode: 'eval', batch, shards: 1, isActivation: false, dropsOut: false };
    const thresholds = poissonThresholds(this.graph.layers, this.programs.timesteps(kind), 0);
    const given = new Map([...this.parameters, ...thresholds]);
    given.set(passInputs.image, float32Tensor(images, [batch, ...this.inputShape]));
    return this.programs.record(kind, given);
  }

  dispose(): void {
    if (!this.isDisposed) this.engine.account(this.parameterBytes(), -1);
    this.isDisposed = true;
    this.programs.dispose();
    this.parameters.clear();
  }

  private *parameterBytes(): Iterable<number> {
    for (const { size } of this.parameters.values()) yield size * Float32Array.BYTES_PER_ELEMENT;
  }

  /** Images in a batch. Throws a RangeError where that is no whole number ≥ 1. */
  private batchOf(images: Float32Array): number {
    const batch = images.length / elementCount(this.inputShape);
    if (!Number.isInteger(batch) || batch < 1) {
      throw new RangeError(`${images.length} values are no batch of images [${this.inputShape.join(', ')}]`);
    }
    return batch;
  }
}

/** Images with black ones after them, to fill the batch. */
function padded(images: Float32Array, count: number, batch: number): Float32Array {
  if (count === batch) return images;
  const filled = new Float32Array((images.length / count) * batch);
  filled.set(images);
  return filled;
}
