import type { IntegerSpikeGraph, ParameterTable, Population, Projection } from '../../schemas/spike.js';
import { elementCount } from '../../schemas/tensor.js';

/** Everything one sample does, by population name. */
export interface ReferenceRun {
  /** [T, H·W·C] in local time, 1 where a neuron fired; of spiking populations. */
  readonly spikes: Map<string, Uint8Array>;
  /** [H·W·C] of readout populations after T steps. */
  readonly readouts: Map<string, Int32Array>;
  /** Neuron updates that hit the membrane's limit. */
  readonly saturations: number;
}

/**
 * The integer contract read aloud: global time outermost, one neuron at a time, one synapse at a time.
 * `currents` holds the drive of each driven population, [H·W·C] in membrane units.
 */
export function runReference(graph: IntegerSpikeGraph, currents: ReadonlyMap<string, Int32Array>): ReferenceRun {
  const T = graph.timesteps;
  const spikes = new Map<string, Uint8Array>();
  const membranes = new Map<string, Int32Array>();
  for (const { name, shape } of graph.populations) {
    spikes.set(name, new Uint8Array(T * elementCount(shape)));
    membranes.set(name, new Int32Array(elementCount(shape)));
  }
  let saturations = 0;
  const lastStep = Math.max(...graph.populations.map(({ phase }) => phase)) + T;
  for (let t = 0; t < lastStep; t += 1) {
    for (const population of graph.populations) {
      const tau = t - population.phase;
      if (tau < 0 || tau >= T) continue;
      const input = inputAt(graph, population, t, spikes);
      const membrane = membranes.get(population.name)!;
      const fired = spikes.get(population.name)!;
      for (let neuron = 0; neuron < membrane.length; neuron += 1) {
        const a =
          input[neuron]! +
          entry(population.bias, tau, neuron, population.shape[2]) +
          (currents.get(population.name)?.[neuron] ?? 0);
        const decay = entry(population.decay, tau, neuron, population.shape[2]);
        const before = membrane[neuron]!;
        let v = Math.sign(before) * Math.floor((Math.abs(before) * (4096 - decay)) / 4096) + a;
        if (Math.abs(v) > graph.membraneMax!) {
          v = Math.sign(v) * graph.membraneMax!;
          saturations += 1;
        }
        if (population.kind === 'spiking') {
          const threshold = entry(population.threshold, tau, neuron, population.shape[2]);
          if (v >= threshold) {
            fired[tau * membrane.length + neuron] = 1;
            v = population.reset === 'hard' ? 0 : v - threshold;
          }
        }
        membrane[neuron] = v;
      }
    }
  }
  const readouts = new Map<string, Int32Array>();
  for (const { name, kind } of graph.populations) {
    if (kind !== 'readout') continue;
    readouts.set(name, membranes.get(name)!);
    spikes.delete(name);
  }
  return { spikes, readouts, saturations };
}

/** Σ over projections into `population` of weighted spikes of global timestep t − delay, [H·W·C]. */
function inputAt(
  graph: IntegerSpikeGraph,
  population: Population<Int32Array>,
  t: number,
  spikes: ReadonlyMap<string, Uint8Array>,
): Float64Array {
  const input = new Float64Array(elementCount(population.shape));
  for (const projection of graph.projections) {
    if (projection.to !== population.name) continue;
    const source = graph.populations.find(({ name }) => name === projection.from)!;
    const tau = t - projection.delay - source.phase;
    if (tau < 0 || tau >= graph.timesteps) continue;
    const count = elementCount(source.shape);
    const fired = spikes.get(source.name)!.subarray(tau * count, (tau + 1) * count);
    addConvolution(input, population, projection, source, fired);
  }
  return input;
}

function addConvolution(
  input: Float64Array,
  to: Population<Int32Array>,
  { kernel, pool, stride, padding }: Projection<Int32Array>,
  from: Population<Int32Array>,
  fired: Uint8Array,
): void {
  const [kernelHeight, kernelWidth, channelsIn, channelsOut] = kernel.shape;
  const pooledHeight = Math.floor(from.shape[0] / pool[0]);
  const pooledWidth = Math.floor(from.shape[1] / pool[1]);
  for (let y = 0; y < to.shape[0]; y += 1) {
    for (let x = 0; x < to.shape[1]; x += 1) {
      for (let co = 0; co < channelsOut; co += 1) {
        let sum = 0;
        for (let ky = 0; ky < kernelHeight; ky += 1) {
          for (let kx = 0; kx < kernelWidth; kx += 1) {
            const py = y * stride[0] + ky - padding.top;
            const px = x * stride[1] + kx - padding.left;
            if (py < 0 || py >= pooledHeight || px < 0 || px >= pooledWidth) continue;
            for (let ci = 0; ci < channelsIn; ci += 1) {
              const weight = kernel.data[((ky * kernelWidth + kx) * channelsIn + ci) * channelsOut + co]!;
              for (let dy = 0; dy < pool[0]; dy += 1) {
                for (let dx = 0; dx < pool[1]; dx += 1) {
                  const row = py * pool[0] + dy;
                  const column = px * pool[1] + dx;
                  sum += weight * fired[(row * from.shape[1] + column) * channelsIn + ci]!;
                }
              }
            }
          }
        }
        const target = (y * to.shape[1] + x) * channelsOut + co;
        input[target] = input[target]! + sum;
      }
    }
  }
}

function entry(table: ParameterTable<Int32Array>, tau: number, neuron: number, channels: number): number {
  const row = table.rows === 1 ? 0 : tau;
  const column = table.columns === 1 ? 0 : table.columns === channels ? neuron % channels : neuron;
  return table.data[row * table.columns + column]!;
}
