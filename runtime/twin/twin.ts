import type { Drive, IntegerSpikeGraph, Population } from '../../schemas/spike.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import type { EncodedSample } from '../drive.js';
import { encodeImages } from '../drive.js';
import type { Classifier, ForwardOptions, Pass, Wanted } from '../engine/engine.js';
import { trainingSurrogate } from '../engine/surrogate.js';
import { activationBackward, activationForward } from './activation.js';
import { addTo, LinearMap } from './linear.js';
import type { NeuronTables, PseudoDerivative, Trajectory } from './neuron.js';
import {
  backpropagate,
  backpropagateRate,
  backpropagateReadout,
  inSharedUnits,
  integrate,
  spreadTables,
} from './neuron.js';
import type { PlannedPopulation } from './plan.js';
import { planTwin } from './plan.js';
import type { SampleRecord } from './record.js';

/** A population on the device: its parameters and the maps that lead into it. */
export interface TwinPopulation {
  readonly plan: PlannedPopulation;
  readonly tables: NeuronTables;
  /**
   * One per projection: weights divided by the projection's unit on the way forward, by the population's scale on the
   * way back, since gradients are taken in units of the trained network.
   */
  readonly maps: readonly LinearMap[];
}

/** Encoded drives of N samples, [N, neurons] per drive of the graph. */
export type EncodedBatch = readonly Int32Array[];

/** An integer spike graph run densely: the chip's own integers, and differentiable. */
export interface Twin extends Classifier {
  readonly graph: IntegerSpikeGraph;
  /** Every spike and the readout of each image of `images` [N, H, W, C]. */
  recordSpikes(images: Float32Array): Promise<SampleRecord[]>;
  /** The same for N ≥ 1 samples already encoded. */
  recordEncoded(samples: readonly EncodedSample[]): Promise<SampleRecord[]>;
}

/**
 * The integer spike graph run densely: the same integers as the chip's, and differentiable, so that white-box attacks
 * see exactly what the chip computes. The linear maps run on the tfjs backend in use (exact in float32: `planTwin`
 * proves the bound), drives and neurons here in float64. In the backward pass rounding is the identity, the image's
 * gradient is that of normalisation and convolution, and surrogates act on (v − θ)/scale, units of the trained network.
 * A twin has no trainable parameters, statistics or dropout, so that `mode` changes nothing.
 */
export class IntegerTwin implements Twin {
  readonly inputShape: MapShape;
  readonly classes: number;
  private readonly populations: readonly TwinPopulation[];
  private readonly driveMaps: readonly LinearMap[];
  private readonly readout: number;

  /** Throws SW1005 to SW1007, SW5002 and SW5003 (see `planTwin`). `graph` is not copied and must not change. */
  constructor(readonly graph: IntegerSpikeGraph) {
    const plan = planTwin(graph);
    this.inputShape = plan.inputShape;
    this.readout = plan.readout;
    this.classes = plan.populations[plan.readout]!.neurons;
    this.populations = plan.populations.map((planned) => ({
      plan: planned,
      tables: spreadTables(planned.population, planned.neurons, graph.timesteps, plan.membraneMax),
      maps: planned.projections.map(({ projection, sourceShape, targetShape, unit }) => {
        const { pool, padding, stride, kernel } = projection;
        const geometry = { source: sourceShape, target: targetShape, pool, padding, stride, kernelShape: kernel.shape };
        return new LinearMap(
          geometry,
          Float32Array.from(kernel.data, (weight) => weight / unit),
          unit / planned.population.scale,
        );
      }),
    }));
    this.driveMaps = graph.drives.map((drive) =>
      driveMap(drive, graph.populations.find(({ name }) => name === drive.population)!),
    );
  }

  async forward(images: Float32Array, options: ForwardOptions): Promise<Pass> {
    const samples = encodeImages(this.graph.drives, images);
    const batch = samples.length;
    const drives = this.pack(samples);
    const surrogate = options.surrogate ?? trainingSurrogate;
    if (surrogate.form === 'activation') {
      const values = await activationForward(this.populations, drives, batch);
      return {
        logits: values[this.readout]!,
        backward: (upstream, wanted) =>
          this.finish(wanted, batch, (sink) => activationBackward(this.populations, values, upstream, batch, sink)),
        dispose: () => undefined,
      };
    }
    const isKept = options.gradients !== 'none';
    const trajectories = await this.run(drives, batch, isKept);
    return {
      logits: this.logits(trajectories[this.readout]!),
      backward: async (upstream, wanted) => {
        if (!isKept) throw new Error('this pass keeps nothing for a backward pass');
        return this.finish(wanted, batch, (sink) => this.backpropagate(trajectories, upstream, surrogate, batch, sink));
      },
      dispose: () => undefined,
    };
  }

  async recordSpikes(images: Float32Array): Promise<SampleRecord[]> {
    return this.recordEncoded(encodeImages(this.graph.drives, images));
  }

  async recordEncoded(samples: readonly EncodedSample[]): Promise<SampleRecord[]> {
    const batch = samples.length;
    const trajectories = await this.run(this.pack(samples), batch, false);
    return Array.from({ length: batch }, (_, sample): SampleRecord => {
      const spikes = new Map<string, Uint8Array>();
      for (const [index, { plan }] of this.populations.entries()) {
        if (plan.population.kind === 'readout') continue;
        const all = trajectories[index]!.spikes;
        const own = new Uint8Array(this.graph.timesteps * plan.neurons);
        for (let tau = 0; tau < this.graph.timesteps; tau += 1) {
          const start = (tau * batch + sample) * plan.neurons;
          own.set(all.subarray(start, start + plan.neurons), tau * plan.neurons);
        }
        spikes.set(plan.population.name, own);
      }
      const { membrane } = trajectories[this.readout]!;
      const readout = Int32Array.from(membrane.subarray(sample * this.classes, (sample + 1) * this.classes));
      return { spikes, readout };
    });
  }

  dispose(): void {
    for (const map of [...this.driveMaps, ...this.populations.flatMap(({ maps }) => maps)]) map.dispose();
  }

  private async run(drives: EncodedBatch, batch: number, keep: boolean): Promise<Trajectory[]> {
    const trajectories: Trajectory[] = [];
    for (const { plan, tables, maps } of this.populations) {
      const sums: { values: Float32Array; unit: number }[] = [];
      for (const [index, { source, unit }] of plan.projections.entries()) {
        const values = await maps[index]!.apply(trajectories[source]!.spikes, this.graph.timesteps * batch);
        sums.push({ values, unit });
      }
      const own = plan.drives.map((index) => drives[index]!);
      trajectories.push(integrate(tables, { sums, drives: own }, batch, keep));
    }
    return trajectories;
  }

  /** Hands each driven population's input gradient [N, neurons], summed over time, to `sink`. */
  private async backpropagate(
    trajectories: readonly Trajectory[],
    upstream: Float32Array,
    surrogate: PseudoDerivative | { form: 'rate' },
    batch: number,
    sink: GradientSink,
  ): Promise<void> {
    const steps = this.graph.timesteps;
    const gradients: (Float32Array | null)[] = this.populations.map(() => null);
    for (const [index, { plan, tables, maps }] of [...this.populations.entries()].reverse()) {
      const trajectory = trajectories[index]!;
      const atSpikes = gradients[index] ?? new Float32Array(steps * batch * plan.neurons);
      const atInput =
        plan.population.kind === 'readout'
          ? backpropagateReadout(tables, upstream, batch)
          : surrogate.form === 'rate'
            ? backpropagateRate(tables, trajectory.spikes, atSpikes, batch)
            : backpropagate(tables, trajectory, atSpikes, surrogate, batch);
      const shared = inSharedUnits(atInput, plan.population);
      for (const [k, { source }] of plan.projections.entries()) {
        const found = await maps[k]!.applyTransposed(shared, steps * batch);
        gradients[source] = addTo(gradients[source] ?? null, found);
      }
      if (plan.drives.length > 0) await sink(plan, sumOverTime(shared, steps));
    }
  }

  /** Runs a backward pass and turns the gradients at driven populations into that of the image [N, H, W, C]. */
  private async finish(
    wanted: Wanted,
    batch: number,
    backward: (sink: GradientSink) => Promise<void>,
  ): Promise<{ parameters: Map<string, Float32Array>; input: Float32Array | null }> {
    const parameters = new Map<string, Float32Array>();
    if (!wanted.input) return { parameters, input: null };
    const input = new Float32Array(batch * elementCount(this.inputShape));
    await backward(async (plan, atInput) => {
      for (const index of plan.drives) {
        const { std } = this.graph.drives[index]!;
        const normalised = await this.driveMaps[index]!.applyTransposed(atInput, batch);
        for (let k = 0; k < input.length; k += 1) {
          input[k]! += normalised[k]! / std[k % std.length]!;
        }
      }
    });
    return { parameters, input };
  }

  private logits({ membrane }: Trajectory): Float32Array {
    const unit = this.populations[this.readout]!.plan.population.scale * this.graph.timesteps;
    return Float32Array.from(membrane, (v) => v / unit);
  }

  /** Samples side by side, as one array per drive. */
  private pack(samples: readonly EncodedSample[]): EncodedBatch {
    return this.graph.drives.map((_, index) => {
      const currents = new Int32Array(samples.reduce((length, drives) => length + drives[index]!.length, 0));
      for (const [n, drives] of samples.entries()) currents.set(drives[index]!, n * drives[index]!.length);
      return currents;
    });
  }
}

/** Receives the gradient at a driven population's input, [N, neurons], in units of the trained network. */
export type GradientSink = (plan: PlannedPopulation, atInput: Float32Array) => Promise<void>;

function driveMap({ inputShape, padding, stride, kernel, scale }: Drive, driven: Population<Int32Array>): LinearMap {
  const geometry = { source: inputShape, target: driven.shape, pool: [1, 1] as const, padding, stride };
  return new LinearMap({ ...geometry, kernelShape: kernel.shape }, kernel.data, scale / driven.scale);
}

function sumOverTime(values: Float32Array, timesteps: number): Float32Array {
  const size = values.length / timesteps;
  const sum = new Float32Array(size);
  for (let start = 0; start < values.length; start += size) {
    for (let k = 0; k < size; k += 1) sum[k]! += values[start + k]!;
  }
  return sum;
}
