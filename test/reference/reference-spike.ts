import type { Drive, FloatSpikeGraph, ParameterTable, Projection } from '../../schemas/spike.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';

/** What one image does in a float spike graph. */
export interface SpikeRun {
  /** By spiking population, one array of [H·W·C] spikes per local timestep. */
  readonly spikes: ReadonlyMap<string, readonly Uint8Array[]>;
  /** v after T steps over scale·T, by readout population. */
  readonly logits: ReadonlyMap<string, Float64Array>;
}

/** Runs a float graph in global time as the contract of `Population` and `Projection` reads, all in float64. */
export function runSpikeGraph(graph: FloatSpikeGraph, image: Float32Array): SpikeRun {
  const T = graph.timesteps;
  const membranes = new Map(graph.populations.map(({ name, shape }) => [name, new Float64Array(elementCount(shape))]));
  const spikes = new Map<string, Uint8Array[]>(graph.populations.map(({ name }) => [name, []]));
  const shapes = new Map(graph.populations.map(({ name, shape }) => [name, shape]));
  const currents = new Map(graph.drives.map((drive) => [drive.population, driveCurrent(drive, image)]));
  const end = Math.max(...graph.populations.map(({ phase }) => phase)) + T;
  for (let t = 0; t < end; t += 1) {
    for (const population of graph.populations) {
      const tau = t - population.phase;
      if (tau < 0 || tau >= T) continue;
      const v = membranes.get(population.name)!;
      const input = Float64Array.from(v, (_, n) => {
        return tableValue(population.bias, tau, n, population.shape[2]) + (currents.get(population.name)?.[n] ?? 0);
      });
      for (const projection of graph.projections) {
        if (projection.to !== population.name) continue;
        const source = graph.populations.find(({ name }) => name === projection.from)!;
        const fired = spikes.get(source.name)![t - projection.delay - source.phase];
        if (fired !== undefined) project(projection, fired, shapes.get(source.name)!, population.shape, input);
      }
      const fired = new Uint8Array(v.length);
      for (let n = 0; n < v.length; n += 1) {
        const threshold = tableValue(population.threshold, tau, n, population.shape[2]);
        const before = v[n]! * (1 - tableValue(population.decay, tau, n, population.shape[2])) + input[n]!;
        fired[n] = population.kind === 'spiking' && before >= threshold ? 1 : 0;
        if (fired[n] === 0) v[n] = before;
        else v[n] = population.reset === 'hard' ? 0 : before - threshold;
      }
      spikes.get(population.name)!.push(fired);
    }
  }
  const logits = new Map<string, Float64Array>();
  for (const { name, kind, scale } of graph.populations) {
    if (kind !== 'readout') continue;
    spikes.delete(name);
    logits.set(
      name,
      membranes.get(name)!.map((v) => v / (scale * T)),
    );
  }
  return { spikes, logits };
}

/** Calls `visit` for every (pooled or direct) source position, target and weight of a projection. */
export function forEachSynapse(
  {
    pool,
    kernel,
    stride,
    padding,
  }: Pick<Projection<Float32Array | Int32Array>, 'pool' | 'kernel' | 'stride' | 'padding'>,
  from: MapShape,
  to: MapShape,
  visit: (source: number, target: number, weight: number) => void,
): void {
  const [kh, kw, inputs, outputs] = kernel.shape;
  for (let row = 0; row < from[0]; row += 1) {
    for (let column = 0; column < from[1]; column += 1) {
      const py = Math.floor(row / pool[0]);
      const px = Math.floor(column / pool[1]);
      if (py >= Math.floor(from[0] / pool[0]) || px >= Math.floor(from[1] / pool[1])) continue;
      for (let y = 0; y < to[0]; y += 1) {
        for (let x = 0; x < to[1]; x += 1) {
          const ky = py + padding.top - y * stride[0];
          const kx = px + padding.left - x * stride[1];
          if (ky < 0 || ky >= kh || kx < 0 || kx >= kw) continue;
          for (let ci = 0; ci < inputs; ci += 1) {
            for (let co = 0; co < outputs; co += 1) {
              const weight = kernel.data[((ky * kw + kx) * inputs + ci) * outputs + co]!;
              visit((row * from[1] + column) * inputs + ci, (y * to[1] + x) * outputs + co, weight);
            }
          }
        }
      }
    }
  }
}

function project(
  projection: Projection<Float32Array>,
  fired: Uint8Array,
  from: MapShape,
  to: MapShape,
  input: Float64Array,
): void {
  forEachSynapse(projection, from, to, (source, target, weight) => {
    input[target]! += weight * fired[source]!;
  });
}

function driveCurrent(drive: Drive, image: Float32Array): Float64Array {
  const { inputShape, mean, std, kernel, stride, padding, bias } = drive;
  const channels = inputShape[2];
  const rows = Math.floor((inputShape[0] + padding.top + padding.bottom - kernel.shape[0]) / stride[0]) + 1;
  const columns = Math.floor((inputShape[1] + padding.left + padding.right - kernel.shape[1]) / stride[1]) + 1;
  const to: MapShape = [rows, columns, kernel.shape[3]];
  const current = Float64Array.from({ length: elementCount(to) }, (_, n) => bias[n % to[2]]!);
  forEachSynapse({ ...drive, pool: [1, 1] }, inputShape, to, (source, target, weight) => {
    const c = source % channels;
    current[target]! += (weight * (image[source]! - mean[c]!)) / std[c]!;
  });
  return current;
}

function tableValue(table: ParameterTable<Float32Array>, tau: number, neuron: number, channels: number): number {
  const row = table.rows === 1 ? 0 : tau;
  const column = table.columns === 1 ? 0 : table.columns === channels ? neuron % channels : neuron;
  return table.data[row * table.columns + column]!;
}
