import type { FloatSpikeGraph, ParameterTable, Population } from '../../schemas/spike.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import { driveCurrent } from '../drive.js';
import { LinearMap } from './linear.js';
import { arrange } from './plan.js';

/** What a float spike graph did with N images. */
export interface FloatRun {
  /** [N, classes]. */
  readonly logits: Float32Array;
  /** By spiking population, [T·N, neurons], time-major, in local time. */
  readonly spikes: ReadonlyMap<string, Uint8Array>;
}

interface FloatPopulation {
  readonly population: Population<Float32Array>;
  readonly neurons: number;
  readonly inputs: readonly { readonly source: number; readonly map: LinearMap }[];
  readonly drives: readonly number[];
}

/**
 * The float spike graph run densely, as the twin runs the integer one: the network as it is after folding and before
 * quantisation. Linear maps run in float32 on the tfjs backend in use, drives and neurons here in float64. Forward only.
 */
export class FloatSpikes {
  readonly inputShape: MapShape;
  readonly classes: number;
  private readonly populations: readonly FloatPopulation[];
  private readonly readout: number;

  /** Throws SW1005 to SW1007 and SW5003 (see `arrange`). `graph` is not copied and must not change. */
  constructor(private readonly graph: FloatSpikeGraph) {
    const { populations, readout, inputShape } = arrange(graph);
    this.inputShape = inputShape;
    this.readout = readout;
    this.classes = populations[readout]!.neurons;
    this.populations = populations.map(({ population, neurons, projections, drives }) => ({
      population,
      neurons,
      drives,
      inputs: projections.map(({ projection, source, sourceShape, targetShape }) => {
        const { pool, padding, stride, kernel } = projection;
        const geometry = { source: sourceShape, target: targetShape, pool, padding, stride, kernelShape: kernel.shape };
        return { source, map: new LinearMap(geometry, kernel.data, 1) };
      }),
    }));
  }

  /** Images [N, H, W, C] in [0, 1]. Throws SW5001 on images of another size. */
  async run(images: Float32Array): Promise<FloatRun> {
    const { timesteps, drives } = this.graph;
    const size = elementCount(this.inputShape);
    const batch = images.length / size;
    const currents = drives.map((drive, index) => {
      const neurons = this.populations.find((own) => own.drives.includes(index))!.neurons;
      const all = new Float64Array(batch * neurons);
      for (let n = 0; n < batch; n += 1) {
        all.set(driveCurrent(drive, images.subarray(n * size, (n + 1) * size)), n * neurons);
      }
      return all;
    });
    const spikes: Uint8Array[] = [];
    let logits = new Float32Array(0);
    for (const [index, { population, neurons, inputs, drives: own }] of this.populations.entries()) {
      const sums: Float32Array[] = [];
      for (const { source, map } of inputs) sums.push(await map.apply(spikes[source]!, timesteps * batch));
      const constant = own.map((drive) => currents[drive]!);
      const { fired, membrane } = integrate(population, neurons, timesteps, batch, sums, constant);
      spikes.push(fired);
      if (index === this.readout) logits = Float32Array.from(membrane, (v) => v / (population.scale * timesteps));
    }
    return {
      logits,
      spikes: new Map(
        this.populations.flatMap(({ population: { kind, name } }, index) =>
          kind === 'spiking' ? [[name, spikes[index]!]] : [],
        ),
      ),
    };
  }

  dispose(): void {
    for (const { inputs } of this.populations) for (const { map } of inputs) map.dispose();
  }
}

/** The steps of `Population`'s contract for N samples, unbounded and unrounded. */
function integrate(
  population: Population<Float32Array>,
  neurons: number,
  timesteps: number,
  batch: number,
  sums: readonly Float32Array[],
  constant: readonly Float64Array[],
): { fired: Uint8Array; membrane: Float64Array } {
  const { kind, reset, decay, threshold, bias } = population;
  const size = batch * neurons;
  const membrane = new Float64Array(size);
  const fired = new Uint8Array(kind === 'spiking' ? timesteps * size : 0);
  for (let tau = 0; tau < timesteps; tau += 1) {
    const at = (table: ParameterTable<Float32Array>): number => (table.rows === 1 ? 0 : tau * table.columns);
    const [decayRow, thresholdRow, biasRow] = [at(decay), at(threshold), at(bias)];
    for (let k = 0; k < size; k += 1) {
      const neuron = k % neurons;
      let input = bias.data[biasRow + (neuron % bias.columns)]!;
      for (const sum of sums) input += sum[tau * size + k]!;
      for (const current of constant) input += current[k]!;
      const before = membrane[k]! * (1 - decay.data[decayRow + (neuron % decay.columns)]!) + input;
      membrane[k] = before;
      if (kind === 'readout') continue;
      const theta = threshold.data[thresholdRow + (neuron % threshold.columns)]!;
      if (before < theta) continue;
      fired[tau * size + k] = 1;
      membrane[k] = reset === 'hard' ? 0 : before - theta;
    }
  }
  return { fired, membrane };
}
