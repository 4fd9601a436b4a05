import { failure } from '../schemas/diagnostic.js';
import type { FloatSpikeGraph, Population, Projection } from '../schemas/spike.js';
import { elementCount, type MapShape } from '../schemas/tensor.js';
import { ROUNDS, type TapRates, type TapSample } from './round-weights.js';
import { pooledSpikes, runSpikeGraph } from './spike-run.js';

/** Moments that a layer's weights are fitted to, and the least and most of them. */
const ROWS_MAX = 4096;
const ROWS_MIN = 64;
/** Spikes that the fit of one layer's channels looks at, all in all: a few seconds. */
const WORK_MAX = 2e9;
/** Rate at which a source is taken to fire where nothing was measured: spikes are rare, 5 to 15 % of all chances. */
const SOURCE_RATE = 0.1;

/** Images to quantise by. */
export interface CalibrationImages {
  /** [H, W, C] each, pixels in [0, 1]. */
  readonly images: readonly Float32Array[];
  /** Told what is done of what there is to do. */
  readonly progress: (done: number, total: number, note: string) => void;
}

/** What the float network does on the calibration images. */
export interface Calibration extends CalibrationImages {
  /** By image, the spikes [T, H·W·C] of every population. */
  readonly spikes: readonly ReadonlyMap<string, Uint8Array>[];
}

/** Runs the float network on every calibration image. Throws SW2030 where an image has not the network's shape. */
export function calibrate(graph: FloatSpikeGraph, { images, progress }: CalibrationImages): Calibration {
  for (const { inputShape } of graph.drives) {
    const odd = images.find(({ length }) => length !== elementCount(inputShape));
    if (odd !== undefined) {
      throw failure('SW2030', {
        where: `network ${graph.name}`,
        what: `an image has ${odd.length.toLocaleString('en')} values, the network takes ${inputShape.join('×')}.`,
      });
    }
  }
  const spikes = images.map((image, n) => {
    progress(n, images.length, 'calibration images');
    const runs = runSpikeGraph(graph, image);
    return new Map(Array.from(runs, ([name, run]) => [name, run.spikes]));
  });
  return { images, progress, spikes };
}

/** How often the taps [kh·kw·cin] of a projection's kernel count spikes in one timestep, the same for all places. */
export function tapRates(
  graph: FloatSpikeGraph,
  { from, pool, kernel }: Projection<Float32Array>,
  calibration: Calibration | null,
): TapRates {
  const inputs = kernel.shape[2];
  const taps = kernel.data.length / kernel.shape[3];
  const sources = pool[0] * pool[1];
  const mean = new Float64Array(taps);
  const variance = new Float64Array(taps);
  if (calibration === null) {
    return {
      mean: mean.fill(SOURCE_RATE * sources),
      variance: variance.fill(SOURCE_RATE * (1 - SOURCE_RATE) * sources),
    };
  }
  const { shape } = graph.populations.find(({ name }) => name === from)!;
  const sums = new Float64Array(inputs);
  const squares = new Float64Array(inputs);
  let places = 0;
  for (const moment of moments(graph, calibration)) {
    const { values } = pooledSpikes(moment(from), shape, pool);
    places += values.length / inputs;
    for (let k = 0; k < values.length; k += 1) {
      sums[k % inputs]! += values[k]!;
      squares[k % inputs]! += values[k]! ** 2;
    }
  }
  for (let k = 0; k < taps; k += 1) {
    mean[k] = sums[k % inputs]! / places;
    variance[k] = squares[k % inputs]! / places - mean[k]! ** 2;
  }
  return { mean, variance };
}

/**
 * What the taps of all projections into a population, one projection after the other, count in evenly spread moments:
 * images, timesteps and places of the grid.
 */
export function tapSample(
  graph: FloatSpikeGraph,
  population: Population<Float32Array>,
  projections: readonly Projection<Float32Array>[],
  calibration: Calibration,
): TapSample {
  const [height, width, channels] = population.shape;
  const all = [...moments(graph, calibration)];
  const perMoment = Math.max(1, Math.min(height * width, Math.floor(ROWS_MAX / all.length)));
  const shapes = projections.map(({ from }) => graph.populations.find(({ name }) => name === from)!.shape);
  const taps = projections.reduce((sum, { kernel }) => sum + kernel.data.length / channels, 0);
  const entries = { tap: [] as number[], row: [] as number[], count: [] as number[] };
  let rows = 0;
  for (const [n, moment] of all.entries()) {
    const pooled = projections.map(({ from, pool }, index) => pooledSpikes(moment(from), shapes[index]!, pool));
    for (let pick = 0; pick < perMoment; pick += 1) {
      // Golden-section steps spread over the grid, and differently in every moment.
      const place = Math.floor((((n * perMoment + pick) * 0.618_033_988_749_895) % 1) * height * width);
      let first = 0;
      projections.forEach((projection, index) => {
        const { values, shape } = pooled[index]!;
        const at = [Math.floor(place / width), place % width] as const;
        forEachTap(projection, values, shape, at, (tap, count) => {
          entries.tap.push(first + tap);
          entries.row.push(rows);
          entries.count.push(count);
        });
        first += projection.kernel.data.length / channels;
      });
      rows += 1;
    }
    if (rows >= ROWS_MIN && entries.tap.length * channels > WORK_MAX / ROUNDS) break;
  }
  return { rows, ...sortedByTap(entries, taps) };
}

function sortedByTap(
  entries: { readonly tap: readonly number[]; readonly row: readonly number[]; readonly count: readonly number[] },
  taps: number,
): Omit<TapSample, 'rows'> {
  const starts = new Uint32Array(taps + 1);
  for (const tap of entries.tap) starts[tap + 1]! += 1;
  for (let k = 0; k < taps; k += 1) starts[k + 1]! += starts[k]!;
  const next = starts.slice();
  const row = new Uint32Array(entries.tap.length);
  const count = new Uint16Array(entries.tap.length);
  entries.tap.forEach((tap, entry) => {
    const at = next[tap]!;
    next[tap] = at + 1;
    row[at] = entries.row[entry]!;
    count[at] = entries.count[entry]!;
  });
  return { starts, row, count };
}

/** Every timestep of every image, images slowest: the spikes of a population by its name. */
function* moments(
  { timesteps, populations }: FloatSpikeGraph,
  { spikes }: Calibration,
): Generator<(name: string) => Uint8Array> {
  const sizes = new Map(populations.map(({ name, shape }) => [name, elementCount(shape)]));
  for (const image of spikes) {
    for (let tau = 0; tau < timesteps; tau += 1) {
      yield (name) => image.get(name)!.subarray(tau * sizes.get(name)!, (tau + 1) * sizes.get(name)!);
    }
  }
}

/** Calls back with every tap that counts spikes where the kernel stands for output (y, x). */
function forEachTap(
  { kernel, stride, padding }: Projection<Float32Array>,
  values: Float64Array,
  [height, width, channels]: MapShape,
  [y, x]: readonly [number, number],
  counted: (tap: number, count: number) => void,
): void {
  const [kernelHeight, kernelWidth] = kernel.shape;
  for (let ky = 0; ky < kernelHeight; ky += 1) {
    const row = y * stride[0] + ky - padding.top;
    if (row < 0 || row >= height) continue;
    for (let kx = 0; kx < kernelWidth; kx += 1) {
      const column = x * stride[1] + kx - padding.left;
      if (column < 0 || column >= width) continue;
      for (let c = 0; c < channels; c += 1) {
        const count = values[(row * width + column) * channels + c]!;
        if (count > 0) counted((ky * kernelWidth + kx) * channels + c, count);
      }
    }
  }
}
