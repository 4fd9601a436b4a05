import type { ParameterTable, Population } from '../../schemas/spike.js';
import type { Surrogate } from '../engine/surrogate.js';

/** A pseudo-derivative h'(z); the two modes that have none (`rate`, `activation`) are handled by their own functions. */
export type PseudoDerivative = Exclude<Surrogate, { form: 'rate' } | { form: 'activation' }>;

/** Parameters of a population spread to one value per neuron, [rows, neurons], for plain loops. */
export interface NeuronTables {
  readonly population: Population<Int32Array>;
  readonly neurons: number;
  readonly timesteps: number;
  readonly membraneMax: number;
  /** By neuron, trained units of one membrane unit: the inverse of scale and channel factor. */
  readonly perUnit: Float64Array;
  readonly decay: Int32Array;
  readonly threshold: Int32Array;
  readonly bias: Int32Array;
}

/** Integer input of a population: sums of spikes times weights, each in its own unit, and the constant drive. */
export interface PopulationInput {
  /** [T·N, neurons] each, time-major; the device's integers in float32, multiples of `unit` once multiplied. */
  readonly sums: readonly { readonly values: Float32Array; readonly unit: number }[];
  /** [N, neurons] each, the same at all T steps. */
  readonly drives: readonly Int32Array[];
}

/** What a population did in one pass. */
export interface Trajectory {
  /** [T·N, neurons], 1 where a neuron fired. Empty for a readout. */
  readonly spikes: Uint8Array;
  /** (v⁻ − θ)/scale, [T·N, neurons]: in units of the trained network. Empty where no gradient is wanted. */
  readonly distance: Float32Array;
  /** [N, neurons] after T steps. */
  readonly membrane: Float64Array;
}

export function spreadTables(
  population: Population<Int32Array>,
  neurons: number,
  timesteps: number,
  membraneMax: number,
): NeuronTables {
  const spread = ({ rows, columns, data }: ParameterTable<Int32Array>): Int32Array => {
    const values = new Int32Array(rows * neurons);
    for (let row = 0, k = 0; row < rows; row += 1) {
      for (let neuron = 0; neuron < neurons; neuron += 1, k += 1) values[k] = data[row * columns + (neuron % columns)]!;
    }
    return values;
  };
  return {
    population,
    neurons,
    timesteps,
    membraneMax,
    perUnit: Float64Array.from({ length: neurons }, (_, neuron) => {
      const factors = population.channelFactors ?? [1];
      return 1 / (population.scale * factors[neuron % factors.length]!);
    }),
    decay: spread(population.decay),
    threshold: spread(population.threshold),
    bias: spread(population.bias),
  };
}

/** The integer contract, steps 1 to 5, for N samples at once; float64 holds every intermediate exactly. */
export function integrate(tables: NeuronTables, input: PopulationInput, batch: number, keep: boolean): Trajectory {
  const { population, neurons, timesteps, membraneMax, perUnit, decay, threshold, bias } = tables;
  const spiking = population.kind === 'spiking';
  const soft = population.reset === 'soft';
  const size = batch * neurons;
  const membrane = new Float64Array(size);
  const spikes = new Uint8Array(spiking ? timesteps * size : 0);
  const distance = new Float32Array(spiking && keep ? timesteps * size : 0);
  const current = new Float64Array(size);
  for (let tau = 0; tau < timesteps; tau += 1) {
    sumInput(input, current, tau * size);
    const decayRow = rowOffset(population.decay, tau, neurons);
    const thresholdRow = rowOffset(population.threshold, tau, neurons);
    const biasRow = rowOffset(population.bias, tau, neurons);
    for (let n = 0, k = 0; n < batch; n += 1) {
      for (let neuron = 0; neuron < neurons; neuron += 1, k += 1) {
        const lost = decay[decayRow + neuron]!;
        let v = membrane[k]!;
        if (lost !== 0) v = Math.trunc(v * (4096 - lost) * (1 / 4096));
        v += current[k]! + bias[biasRow + neuron]!;
        if (v > membraneMax) v = membraneMax;
        else if (v < -membraneMax) v = -membraneMax;
        if (spiking) {
          const theta = threshold[thresholdRow + neuron]!;
          const at = tau * size + k;
          if (keep) distance[at] = (v - theta) * perUnit[neuron]!;
          // Without a branch on the spike, which no processor foresees.
          const spike = v >= theta ? 1 : 0;
          spikes[at] = spike;
          v -= spike * (soft ? theta : v);
        }
        membrane[k] = v;
      }
    }
  }
  return { spikes, distance, membrane };
}

/** Adds up what arrives at one timestep, [N, neurons], starting at `offset` of each time-major sum. */
function sumInput({ sums, drives }: PopulationInput, current: Float64Array, offset: number): void {
  current.fill(0);
  for (const { values, unit } of sums) {
    // Rounding undoes what a device's convolution algorithm (Winograd, FFT) may add to an integer.
    for (let k = 0; k < current.length; k += 1) current[k]! += Math.round(values[offset + k]!) * unit;
  }
  for (const drive of drives) {
    for (let k = 0; k < current.length; k += 1) current[k]! += drive[k]!;
  }
}

/**
 * Backpropagation through time in units of the trained network (membrane/scale): from the gradient at the spikes to
 * that at the input current, both [T·N, neurons]. Reset and decay carry gradient, as in training; rounding and
 * saturation pass it straight through.
 */
export function backpropagate(
  tables: NeuronTables,
  { spikes, distance }: Trajectory,
  upstream: Float32Array,
  surrogate: PseudoDerivative,
  batch: number,
): Float32Array {
  const { population, neurons, timesteps, perUnit, decay, threshold } = tables;
  // A hard reset takes v⁻ = distance + θ away, a soft one θ.
  const hard = population.reset === 'hard' ? 1 : 0;
  const size = batch * neurons;
  const slope = pseudoDerivative(surrogate, distance);
  const gradient = new Float32Array(upstream.length);
  const carried = new Float64Array(size);
  for (let tau = timesteps - 1; tau >= 0; tau -= 1) {
    const decayRow = rowOffset(population.decay, tau, neurons);
    const thresholdRow = rowOffset(population.threshold, tau, neurons);
    for (let n = 0, k = 0; n < batch; n += 1) {
      for (let neuron = 0; neuron < neurons; neuron += 1, k += 1) {
        const at = tau * size + k;
        const theta = threshold[thresholdRow + neuron]! * perUnit[neuron]!;
        const after = carried[k]!;
        const resetBy = theta + hard * distance[at]!;
        const past = after * (1 - hard * spikes[at]!);
        const here = (upstream[at]! - resetBy * after) * slope[at]! + past;
        gradient[at] = here;
        carried[k] = here * (1 - decay[decayRow + neuron]! * (1 / 4096));
      }
    }
  }
  return gradient;
}

/** BPTR: the gradient passes to each step's input where the neuron fired at all; nothing flows through time. */
export function backpropagateRate(tables: NeuronTables, spikes: Uint8Array, upstream: Float32Array, batch: number) {
  const size = batch * tables.neurons;
  const gradient = new Float32Array(upstream.length);
  for (let k = 0; k < size; k += 1) {
    let fired = 0;
    for (let at = k; at < spikes.length; at += size) fired |= spikes[at]!;
    if (fired === 0) continue;
    for (let at = k; at < spikes.length; at += size) gradient[at] = upstream[at]!;
  }
  return gradient;
}

/** The readout's adjoint: logits = v/(scale·T), so each step's current carries upstream/T, decayed on the way. */
export function backpropagateReadout(tables: NeuronTables, upstream: Float32Array, batch: number): Float32Array {
  const { population, neurons, timesteps, decay } = tables;
  const size = batch * neurons;
  const gradient = new Float32Array(timesteps * size);
  const carried = Float64Array.from(upstream, (value) => value / timesteps);
  for (let tau = timesteps - 1; tau >= 0; tau -= 1) {
    const decayRow = rowOffset(population.decay, tau, neurons);
    for (let k = 0; k < size; k += 1) {
      gradient[tau * size + k] = carried[k]!;
      carried[k] = carried[k]! * (1 - decay[decayRow + (k % neurons)]! * (1 / 4096));
    }
  }
  return gradient;
}

/**
 * The gradient at a population's input in units that its channels share, as weights and drive of the graph have them: what
 * a channel's own factor multiplied is divided out. `gradient` ends at a neuron, [..., neurons].
 */
export function inSharedUnits(gradient: Float32Array, { channelFactors }: Population<Int32Array>): Float32Array {
  if (channelFactors === undefined) return gradient;
  return gradient.map((value, k) => value / channelFactors[k % channelFactors.length]!);
}

function rowOffset(table: ParameterTable<Int32Array>, tau: number, neurons: number): number {
  return table.rows === 1 ? 0 : tau * neurons;
}

/** h'(z) of every element (method: surrogates and the ensemble). */
function pseudoDerivative(surrogate: PseudoDerivative, z: Float32Array): Float32Array {
  const slope = new Float32Array(z.length);
  switch (surrogate.form) {
    case 'triangular': {
      const { width } = surrogate;
      for (let k = 0; k < z.length; k += 1) slope[k] = Math.max(0, width - Math.abs(z[k]!)) / (width * width);
      return slope;
    }
    case 'exponential': {
      const { dampening, slope: beta } = surrogate;
      for (let k = 0; k < z.length; k += 1) slope[k] = dampening * Math.exp(-beta * Math.abs(z[k]!));
      return slope;
    }
    case 'rectangular': {
      const { width } = surrogate;
      for (let k = 0; k < z.length; k += 1) slope[k] = Math.abs(z[k]!) < width / 2 ? 1 / width : 0;
      return slope;
    }
    case 'straightThrough':
      return slope.fill(1);
  }
}
