import { failure } from '../schemas/diagnostic.js';
import type { SnnGraph, SnnLayer } from '../schemas/snn.js';
import type { Drive, FloatSpikeGraph, Population, Projection } from '../schemas/spike.js';
import { elementCount } from '../schemas/tensor.js';

/** A layer that feeds a population, and what it was made of. */
export interface RaisedTerm {
  readonly layer: string;
  /** What its kernel is multiplied by to be the projection's: a pool layer takes means where a projection takes sums. */
  readonly gain: number;
}

/** A spiking network whose every kernel is one projection's or drive's; it lowers to the graph that it was made of. */
export interface Raised {
  readonly snn: SnnGraph;
  /** By population, its projections' layers in the graph's order; that of the drive is no part of it. */
  readonly terms: ReadonlyMap<string, readonly RaisedTerm[]>;
  /** By population with a bias, the layer that holds it; a drive's own bias is no part of it. */
  readonly biases: ReadonlyMap<string, string>;
}

/**
 * A float spike graph as a network that can be trained, the inverse of `lower`: a neuron layer for each population, fed by
 * one linear layer for each projection and drive. A drive with a grid is rounded to it.
 *
 * Before: a graph that `lower` made. After: norms, pools and shortcuts are inside kernels and biases, so that what is
 * trained is what the chip holds. Dropout is gone. `units` has, by population, what its membrane is counted in, where it is.
 * Throws SW2016 where a bias differs by place.
 */
export function raise(graph: FloatSpikeGraph, units: ReadonlyMap<string, number>): Raised {
  const [{ inputShape, mean, std }] = graph.drives as readonly [Drive];
  const layers: SnnLayer[] = [{ kind: 'input', name: 'input', shape: inputShape, mean, std }];
  const terms = new Map<string, readonly RaisedTerm[]>();
  const biases = new Map<string, string>();
  const isVector = vectors(graph);
  for (const population of graph.populations) {
    const { name } = population;
    const own = graph.projections.filter(({ to }) => to === name);
    const bias = biasOf(population, own.length > 0);
    const drives = graph.drives.filter((drive) => drive.population === name);
    const summands = drives.map((drive) => addDrive(layers, drive));
    const raised = own.map((projection, index): RaisedTerm => {
      const source = graph.populations.find(({ name }) => name === projection.from)!;
      const form = { from: isVector.has(source.name), to: isVector.has(name) };
      if (index === 0 && bias !== null) biases.set(name, projection.name);
      return addProjection(layers, projection, index === 0 ? bias : null, source, form);
    });
    terms.set(name, raised);
    summands.push(...raised.map(({ layer }) => layer));
    if (summands.length > 1) {
      const scales = new Float32Array(summands.length).fill(1);
      layers.push({ kind: 'add', name: `${name}.sum`, inputs: summands, scales });
    }
    addPopulation(layers, population, units.get(name), isVector.has(name));
  }
  return { snn: { kind: 'snn', name: graph.name, timesteps: graph.timesteps, layers }, terms, biases };
}

/**
 * Populations that can be vectors: every kernel into and out of them covers its whole source, no image drives them, and
 * what they feed are vectors too.
 */
function vectors({ populations, projections, drives }: FloatSpikeGraph): ReadonlySet<string> {
  const found = new Set(populations.flatMap(({ name, shape }) => (shape[0] * shape[1] === 1 ? [name] : [])));
  for (const { population } of drives) found.delete(population);
  for (const projection of projections) {
    const source = populations.find(({ name }) => name === projection.from)!;
    if (covers(projection, source)) continue;
    found.delete(projection.from);
    found.delete(projection.to);
  }
  // A map reads maps alone. Phases rise along projections, so that from the last population on one pass reaches every source.
  for (const { name } of [...populations].sort((a, b) => b.phase - a.phase)) {
    if (found.has(name)) continue;
    for (const { from, to } of projections) if (to === name) found.delete(from);
  }
  return found;
}

function covers({ kernel, pool, padding }: Projection<Float32Array>, { shape }: Population<Float32Array>): boolean {
  const isWhole = ([0, 1] as const).every((axis) => Math.floor(shape[axis] / pool[axis]) === kernel.shape[axis]);
  return isWhole && Object.values(padding).every((side) => side === 0);
}

/** A bias by channel for a projection's layer; null where there is none. */
function biasOf({ name, bias, shape }: Population<Float32Array>, hasLayer: boolean): Float32Array | null {
  if (bias.data.every((value) => value === 0)) return null;
  if (!hasLayer || bias.rows !== 1 || (bias.columns !== 1 && bias.columns !== shape[2])) {
    throw failure('SW2016', { where: `layer ${name}`, what: 'its constant input differs from place to place.' });
  }
  return Float32Array.from({ length: shape[2] }, (_, c) => bias.data[c % bias.columns]!);
}

function addDrive(layers: SnnLayer[], { population, kernel, bias, stride, padding, scale, grid }: Drive): string {
  const name = `${population}.drive`;
  const { shape, data } = kernel;
  const ownBias = bias.some((value) => value !== 0) ? bias : null;
  layers.push({ kind: 'conv2d', name, inputs: ['input'], kernel: { shape, data }, bias: ownBias, stride, padding });
  if (grid === null) return name;
  const rounded = `${population}.grid`;
  const step = 2 ** grid.exponent / scale;
  layers.push({ kind: 'grid', name: rounded, inputs: [name], step, mantissaMax: grid.mantissaMax });
  return rounded;
}

function addProjection(
  layers: SnnLayer[],
  { name, from, pool, kernel, stride, padding }: Projection<Float32Array>,
  bias: Float32Array | null,
  source: Population<Float32Array>,
  isVector: { readonly from: boolean; readonly to: boolean },
): RaisedTerm {
  const gain = 1 / (pool[0] * pool[1]);
  let input = from;
  if (gain !== 1) {
    layers.push({ kind: 'avgPool', name: `${name}.pool`, inputs: [input], size: pool, stride: pool });
    input = `${name}.pool`;
  }
  const data = kernel.data.map((weight) => weight / gain);
  if (!isVector.to) {
    const { shape } = kernel;
    layers.push({ kind: 'conv2d', name, inputs: [input], kernel: { shape, data }, bias, stride, padding });
    return { layer: name, gain };
  }
  if (!isVector.from) {
    layers.push({ kind: 'flatten', name: `${name}.flat`, inputs: [input], order: 'hwc' });
    input = `${name}.flat`;
  }
  const inputs = [Math.floor(source.shape[0] / pool[0]), Math.floor(source.shape[1] / pool[1]), source.shape[2]];
  const shape = [elementCount(inputs), kernel.shape[3]];
  layers.push({ kind: 'dense', name, inputs: [input], kernel: { shape, data }, bias });
  return { layer: name, gain };
}

function addPopulation(
  layers: SnnLayer[],
  { name, kind, reset, decay, threshold }: Population<Float32Array>,
  unit: number | undefined,
  isVector: boolean,
): void {
  const before = layers.at(-1)!.name;
  if (kind === 'spiking') {
    const neuron = { leak: 1 - decay.data[0]!, reset, threshold: threshold.data[0]! };
    layers.push({ kind: 'neuron', name, inputs: [before], ...neuron, ...(unit === undefined ? {} : { unit }) });
    return;
  }
  if (!isVector) layers.push({ kind: 'flatten', name: `${name}.flat`, inputs: [before], order: 'hwc' });
  layers.push({ kind: 'output', name, inputs: [layers.at(-1)!.name] });
}
