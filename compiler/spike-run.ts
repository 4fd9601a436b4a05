import type { Drive, Numbers, ParameterTable, Population, Projection, SpikeGraph } from '../schemas/spike.js';
import type { MapShape } from '../schemas/tensor.js';
import { elementCount } from '../schemas/tensor.js';
import { DECAY_UNIT, nearestMantissa } from './grid.js';
import { convolution } from './grid-map.js';

/** What one population did during its window of T steps. */
export interface PopulationRun {
  /** [T, H·W·C], 1 where a neuron fired; zeros of a readout. */
  readonly spikes: Uint8Array;
  /** [H·W·C] after the window. */
  readonly membrane: Float64Array;
  /** [T, H·W·C]: what each step added, bias and drive with it. */
  readonly input: Float64Array;
  /** Largest magnitude that a membrane came to before its reset. */
  readonly membraneMost: number;
  /** Times that a membrane passed the width of the chip's. */
  readonly saturations: number;
}

/**
 * Runs a sound spike graph on one image [H, W, C], population by population in local time (projections' delays make local
 * times agree). Sums are exact in an integer graph; in a float graph they are taken in float64. For measuring inside the
 * compiler: a drive is summed in another order than the host's, which may round a current to the neighbouring step.
 */
export function runSpikeGraph(graph: SpikeGraph<Numbers>, image: Float32Array): ReadonlyMap<string, PopulationRun> {
  const runs = new Map<string, PopulationRun>();
  for (const population of graph.populations) {
    const input = populationInput(graph, population, image, (name) => runs.get(name)!.spikes);
    runs.set(population.name, integrate(graph, population, input));
  }
  return runs;
}

/** [T, H·W·C] of input that reaches a population where its sources fire as `spikesOf` says, bias and drive with it. */
export function populationInput(
  graph: SpikeGraph<Numbers>,
  population: Population<Numbers>,
  image: Float32Array,
  spikesOf: (source: string) => Uint8Array,
): Float64Array {
  const neurons = elementCount(population.shape);
  const input = new Float64Array(graph.timesteps * neurons);
  const { bias } = population;
  for (let tau = 0, at = 0; tau < graph.timesteps; tau += 1) {
    for (let n = 0; n < neurons; n += 1, at += 1) input[at] = tableValue(bias, tau, n);
  }
  for (const drive of graph.drives) {
    if (drive.population === population.name) addEveryStep(input, driveCurrent(drive, image));
  }
  for (const projection of graph.projections) {
    if (projection.to !== population.name) continue;
    const source = graph.populations.find(({ name }) => name === projection.from)!;
    addProjection(input, projection, source.shape, spikesOf(source.name), graph.timesteps);
  }
  return input;
}

/** The current of a drive, [H·W·C]: rounded to its grid where it has one. */
export function driveCurrent(drive: Drive, image: Float32Array): Float64Array {
  const { inputShape, mean, std, bias, scale, grid } = drive;
  const normalised = Float64Array.from(image, (value, k) => (value - mean[k % mean.length]!) / std[k % std.length]!);
  return convolution(inputShape, drive)
    .apply(normalised)
    .map((sum, k) => {
      const current = scale * (sum + bias[k % bias.length]!);
      if (grid === null) return current;
      const step = 2 ** grid.exponent;
      return nearestMantissa(current / step, grid.mantissaMax) * step;
    });
}

/** Spikes [H·W·C] of one timestep summed over pool windows, [rows·columns·C]; what does not fill a window is dropped. */
export function pooledSpikes(
  spikes: Uint8Array,
  [height, width, channels]: MapShape,
  [windowHeight, windowWidth]: readonly [number, number],
): { readonly values: Float64Array; readonly shape: MapShape } {
  const shape: MapShape = [Math.floor(height / windowHeight), Math.floor(width / windowWidth), channels];
  const values = new Float64Array(elementCount(shape));
  for (let k = 0; k < spikes.length; k += 1) {
    if (spikes[k] === 0) continue;
    const y = Math.floor(Math.floor(k / (width * channels)) / windowHeight);
    const x = Math.floor((Math.floor(k / channels) % width) / windowWidth);
    if (y < shape[0] && x < shape[1]) values[(y * shape[1] + x) * channels + (k % channels)]! += 1;
  }
  return { values, shape };
}

function addProjection(
  input: Float64Array,
  projection: Projection<Numbers>,
  source: MapShape,
  spikes: Uint8Array,
  timesteps: number,
): void {
  const size = spikes.length / timesteps;
  for (let tau = 0; tau < timesteps; tau += 1) {
    const { values, shape } = pooledSpikes(spikes.subarray(tau * size, (tau + 1) * size), source, projection.pool);
    const sums = convolution(shape, projection).apply(values);
    for (let n = 0, at = tau * sums.length; n < sums.length; n += 1, at += 1) input[at]! += sums[n]!;
  }
}

function addEveryStep(input: Float64Array, current: Float64Array): void {
  for (let at = 0; at < input.length; at += 1) input[at]! += current[at % current.length]!;
}

/** The integer contract, steps 2 to 5; in a float graph without truncation and without a width. */
function integrate(graph: SpikeGraph<Numbers>, population: Population<Numbers>, input: Float64Array): PopulationRun {
  const { timesteps, membraneMax } = graph;
  const { kind, reset, decay, threshold } = population;
  const neurons = input.length / timesteps;
  const spikes = new Uint8Array(input.length);
  const membrane = new Float64Array(neurons);
  let membraneMost = 0;
  let saturations = 0;
  for (let tau = 0, at = 0; tau < timesteps; tau += 1) {
    for (let n = 0; n < neurons; n += 1, at += 1) {
      const lost = tableValue(decay, tau, n);
      const kept = membraneMax === null ? membrane[n]! * (1 - lost) : integerKept(membrane[n]!, lost);
      let v = kept + input[at]!;
      membraneMost = Math.max(membraneMost, Math.abs(v));
      if (membraneMax !== null && Math.abs(v) > membraneMax) {
        v = Math.sign(v) * membraneMax;
        saturations += 1;
      }
      const theta = tableValue(threshold, tau, n);
      const fires = kind === 'spiking' && v >= theta;
      if (fires) spikes[at] = 1;
      membrane[n] = fires ? (reset === 'hard' ? 0 : v - theta) : v;
    }
  }
  return { spikes, membrane, input, membraneMost, saturations };
}

function integerKept(v: number, lost: number): number {
  return lost === 0 ? v : Math.trunc((v * (DECAY_UNIT - lost)) / DECAY_UNIT);
}

/** The entry for local timestep `tau` and neuron `n`; columns are one, channels or neurons, channels running fastest. */
function tableValue({ rows, columns, data }: ParameterTable<Numbers>, tau: number, n: number): number {
  return data[(rows === 1 ? 0 : tau * columns) + (n % columns)]!;
}
