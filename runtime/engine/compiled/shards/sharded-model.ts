import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { AnnGraph } from '../../../../schemas/ann.js';
import { layerShapes } from '../../../../schemas/layer-shapes.js';
import type { SnnGraph } from '../../../../schemas/snn.js';
import type { MapShape } from '../../../../schemas/tensor.js';
import { elementCount } from '../../../../schemas/tensor.js';
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
} from '../../engine.js';
import { trainingSurrogate } from '../../surrogate.js';
import { targetLossByPass } from '../../target-loss.js';
import { dropoutMasks } from '../dropout-masks.js';
import { passInputs } from '../network-graph.js';
import { parametersOf } from '../parameters.js';
import { poissonThresholds } from '../poisson.js';
import { surrogateNumbers } from '../surrogate-numbers.js';
import type { Crew } from './crew.js';
import { EvalPass } from './eval-pass.js';
import { ImageParts } from './image-parts.js';
import { PassPhases } from './pass-phases.js';
import type { NamedArrays, PlainTensor } from './shard-member.js';
import { ShardedPass } from './sharded-pass.js';
import { addTo, joined } from './sums.js';

/** A network whose batches are computed in shards, by one thread or several: the same to the bit for any number. */
export class ShardedModel implements Model {
  readonly inputShape: MapShape;
  readonly classes: number;
  private readonly parameters: ParameterMap;
  /** Names of parameters that the crew has not been told of. */
  private readonly untold = new Set<string>();
  private readonly phases: PassPhases;
  private passes = 0;

  constructor(
    private readonly graph: AnnGraph | SnnGraph,
    private readonly crew: Crew,
    /** Images of a shard; of batches that cannot be cut evenly into such shards those are smaller. */
    private readonly shardSize: number,
  ) {
    const shapes = layerShapes(graph.layers);
    this.inputShape = shapes.get(graph.layers[0]!.name) as MapShape;
    this.classes = elementCount(shapes.get(graph.layers.at(-1)!.name)!);
    this.parameters = new Map([...parametersOf(graph)].map(([name, { data }]) => [name, data.slice()]));
    this.phases = new PassPhases(graph);
  }

  async forward(images: Float32Array, options: ForwardOptions): Promise<Pass> {
    const batch = this.batchOf(images);
    await this.tell();
    if (options.mode === 'eval') return EvalPass.forward(images, this.partsOf(images), this.crew, options);
    let own = Math.min(batch, this.shardSize);
    while (batch % own !== 0) own -= 1;
    const shape = {
      images: own,
      shards: batch / own,
      form: (options.surrogate ?? trainingSurrogate).form,
      dropsOut: options.dropoutSeed !== undefined,
    };
    const number = this.passes;
    this.passes += 1;
    const start = { number, shape, keep: options.gradients ?? 'all', given: this.givenTo(images, batch, own, options) };
    const { pass, updates } = await ShardedPass.forward(start, this.phases, this.crew);
    this.writeParameters(updates);
    return pass;
  }

  /** In train mode by a pass forward and one back, which hold no more than both in one would. */
  async lossGradient(
    images: Float32Array,
    loss: TargetLoss,
    options: LossOptions,
    wanted: Wanted,
  ): Promise<LossGradient> {
    if (options.mode === 'train') return targetLossByPass(this, images, loss, options, wanted);
    this.batchOf(images);
    await this.tell();
    const logits: Float32Array[] = [];
    const inputs: Float32Array[] = [];
    const parameters: ParameterMap = new Map();
    const parts = this.partsOf(images);
    await this.crew.each(
      parts.count,
      'lossGradient',
      (part) => [
        parts.of(images, part),
        { targets: parts.of(loss.targets, part), weight: loss.weight },
        options,
        wanted,
      ],
      (found) => {
        logits.push(found.logits);
        if (found.input !== null) inputs.push(found.input);
        for (const [name, values] of found.parameters) addTo(parameters, name, values);
      },
    );
    return { logits: joined(logits), parameters, input: wanted.input ? joined(inputs) : null };
  }

  async readParameters(): Promise<ParameterMap> {
    return new Map([...this.parameters].map(([name, values]) => [name, values.slice()]));
  }

  writeParameters(values: ReadonlyMap<string, Float32Array>): void {
    for (const [name, array] of values) {
      const own = this.parameters.get(name);
      if (own === undefined) throw new RangeError(`network ${this.graph.name} has no parameter ${name}`);
      if (own.length !== array.length) {
        throw new RangeError(`parameter ${name} has ${own.length} values, not ${array.length}`);
      }
      this.parameters.set(name, array.slice());
      this.untold.add(name);
    }
  }

  async recordSpikes(images: Float32Array): Promise<{ logits: Float32Array; spikes: SpikeRecord }> {
    await this.tell();
    const found: { logits: Float32Array; spikes: SpikeRecord }[] = [];
    await this.crew.each(
      1,
      'recordSpikes',
      () => [images],
      (record) => found.push(record),
    );
    return found[0]!;
  }

  dispose(): void {
    this.crew.close();
  }

  /** Tells the crew of parameters that were written. */
  private async tell(): Promise<void> {
    if (this.untold.size === 0) return;
    const news = new Map([...this.untold].map((name) => [name, this.parameters.get(name)!]));
    this.untold.clear();
    await this.crew.all('write', news);
  }

  /** What the shards of a batch are given, each its images' share. */
  private givenTo(
    images: Float32Array,
    batch: number,
    own: number,
    { dropoutSeed, encodingSeed, surrogate = trainingSurrogate }: ForwardOptions,
  ): (shard: number) => NamedArrays {
    const { layers } = this.graph;
    const timesteps = surrogate.form === 'activation' ? 1 : this.phases.timesteps;
    const masks =
      dropoutSeed === undefined ? [] : dropoutMasks(layers, batch, timesteps, xoroshiro128plus(dropoutSeed));
    const alike = [
      ...poissonThresholds(layers, timesteps, encodingSeed ?? dropoutSeed ?? 0),
      ...surrogateNumbers(surrogate),
    ];
    const size = images.length / batch;
    return (shard) =>
      new Map<string, PlainTensor>([
        ...alike.map(([name, { dims, data }]): [string, PlainTensor] => [
          name,
          { shape: dims, data: data as Float32Array },
        ]),
        ...masks.map(([name, { dims, data }]): [string, PlainTensor] => [
          name,
          shareOfMask(data as Float32Array, dims, { timesteps, batch, own, shard }),
        ]),
        [
          passInputs.image,
          { shape: [own, ...this.inputShape], data: images.slice(shard * own * size, (shard + 1) * own * size) },
        ],
      ]);
  }

  private partsOf(images: Float32Array): ImageParts {
    return new ImageParts(this.batchOf(images), this.shardSize);
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

interface Share {
  readonly timesteps: number;
  readonly batch: number;
  /** Images of a shard. */
  readonly own: number;
  readonly shard: number;
}

/** The rows of a shard's images at each timestep, from a mask [T·N, …]. */
function shareOfMask(
  mask: Float32Array,
  dims: readonly number[],
  { timesteps, batch, own, shard }: Share,
): PlainTensor {
  const row = mask.length / (timesteps * batch);
  const data = new Float32Array(timesteps * own * row);
  for (let t = 0; t < timesteps; t += 1) {
    const start = (t * batch + shard * own) * row;
    data.set(mask.subarray(start, start + own * row), t * own * row);
  }
  return { shape: [timesteps * own, ...dims.slice(1)], data };
}
