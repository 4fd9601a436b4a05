import { failure } from './diagnostic.js';
import {
  checkKernel,
  checkNormalisation,
  checkPadding,
  checkStride,
  requireLength,
  requireRange,
  requireWhole,
} from './layer-check.js';
import { convolvedSize, LAYER_SIZE_MAX, shapeText } from './layer-shapes.js';
import { TIMESTEPS_MAX } from './snn-file.js';
import type { Drive, Numbers, ParameterTable, Population, Projection, SpikeGraph } from './spike.js';
import { elementCount, type MapShape, type Padding, type Pair } from './tensor.js';
import { requireFinite } from './wire.js';

/** Largest phase or delay in timesteps; beyond it a value is taken for damage. */
const PHASE_MAX = 2 ** 20;
/** What a decay counts in: an integer decay of 4096 forgets the membrane at once. */
const DECAY_UNIT = 4096;

/**
 * Checks everything that a SpikeGraph promises: unique names, projections from earlier to later populations whose phases
 * differ by the delay, fitting shapes, tables of 1 or T rows, finite numbers, ranges.
 * Throws SW1005 (a value), SW1006 (names, order, phases), SW1007 (shapes).
 */
export function checkSpikeGraph(graph: SpikeGraph<Numbers>, where: string): void {
  requireWhole(graph.timesteps, [1, TIMESTEPS_MAX], `${where}, timesteps`);
  if (graph.membraneMax !== null) requireWhole(graph.membraneMax, [1, 2 ** 31 - 1], `${where}, membraneMax`);
  if (graph.populations.length === 0) throw failure('SW1006', { where, what: 'the graph has no population.' });
  const position = requireUnique(graph.populations, 'population');
  requireUnique(graph.projections, 'projection');
  for (const population of graph.populations) checkPopulation(population, graph);
  for (const projection of graph.projections) checkProjection(projection, graph, position);
  for (const drive of graph.drives) checkDrive(drive, graph, position);
}

/** Throws SW1006 on an empty or repeated name; gives each name's position. */
export function requireUnique(parts: readonly { readonly name: string }[], kind: string): Map<string, number> {
  const position = new Map<string, number>();
  parts.forEach(({ name }, index) => {
    if (name === '') throw failure('SW1006', { where: `${kind} number ${index}`, what: 'has no name.' });
    if (position.has(name)) throw failure('SW1006', { where: `${kind} ${name}`, what: 'this name occurs twice.' });
    position.set(name, index);
  });
  return position;
}

/** Throws SW1007 unless the shape's extents are at least 1 and their product is of sane size. */
export function checkMapShape(shape: MapShape, where: string): void {
  const whole = shape.every((extent) => Number.isInteger(extent) && extent >= 1);
  if (!whole || elementCount(shape) > LAYER_SIZE_MAX) {
    throw failure('SW1007', {
      where,
      what: `shape ${shapeText(shape)}; extents must be at least 1 and their product at most ${LAYER_SIZE_MAX}.`,
    });
  }
}

function checkPopulation(population: Population<Numbers>, graph: SpikeGraph<Numbers>): void {
  const where = `population ${population.name}`;
  checkMapShape(population.shape, where);
  requireWhole(population.phase, [0, PHASE_MAX], `${where}, phase`);
  requireRange(population.scale, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, scale`);
  for (const part of ['decay', 'threshold', 'bias'] as const) {
    checkTable(population[part], population.shape, graph.timesteps, `${where}, ${part}`);
  }
  if (population.channelFactors !== undefined) checkFactors(population.channelFactors, population, where);
  const integer = graph.membraneMax !== null;
  for (const decay of population.decay.data) {
    requireRange(decay, [0, integer ? DECAY_UNIT : 1], `${where}, decay`);
    if (!integer && decay === 1)
      throw failure('SW1005', { where: `${where}, decay`, what: 'is 1; it must be below 1.' });
  }
  if (population.kind === 'readout') return;
  for (const threshold of population.threshold.data) {
    requireRange(threshold, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, threshold`);
  }
}

function checkFactors(factors: Float32Array, { kind, shape }: Population<Numbers>, where: string): void {
  if (kind === 'readout') {
    throw failure('SW1005', { where, what: 'has channel factors; the logits of a readout share one scale.' });
  }
  requireLength(factors, shape[2], `${where}, channel factors`);
  for (const factor of factors) {
    requireRange(factor, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, channel factor`);
  }
}

function checkTable(table: ParameterTable<Numbers>, shape: MapShape, timesteps: number, where: string): void {
  const { rows, columns, data } = table;
  const neurons = elementCount(shape);
  if (rows !== 1 && rows !== timesteps) {
    throw failure('SW1007', { where, what: `has ${rows} rows; 1 or T = ${timesteps} are possible.` });
  }
  if (columns !== 1 && columns !== shape[2] && columns !== neurons) {
    throw failure('SW1007', {
      where,
      what: `has ${columns} columns; 1, ${shape[2]} (channels) or ${neurons} (neurons) are possible.`,
    });
  }
  requireLength(data, rows * columns, where);
  requireFinite(data, where);
}

function checkProjection(
  projection: Projection<Numbers>,
  graph: SpikeGraph<Numbers>,
  position: ReadonlyMap<string, number>,
): void {
  const where = `projection ${projection.name}`;
  const fromIndex = requirePopulation(projection.from, position, where);
  const toIndex = requirePopulation(projection.to, position, where);
  const from = graph.populations[fromIndex]!;
  const to = graph.populations[toIndex]!;
  if (from.kind === 'readout') {
    throw failure('SW1006', { where, what: `reads from "${from.name}", a readout, which never fires.` });
  }
  if (fromIndex >= toIndex) {
    throw failure('SW1006', {
      where,
      what: `leads from "${from.name}" to "${to.name}", which does not come after it.`,
    });
  }
  requireWhole(projection.delay, [1, PHASE_MAX], `${where}, delay`);
  if (to.phase !== from.phase + projection.delay) {
    throw failure('SW1006', {
      where,
      what: `leads from phase ${from.phase} to phase ${to.phase} with a delay of ${projection.delay} timesteps; phases must differ by the delay.`,
    });
  }
  checkStride(projection.pool, `${where}, pool`);
  const [height, width, channels] = from.shape;
  const pooled = [Math.floor(height / projection.pool[0]), Math.floor(width / projection.pool[1]), channels] as const;
  checkConvolution(projection, pooled, to.shape, where);
}

function checkDrive(drive: Drive, graph: SpikeGraph<Numbers>, position: ReadonlyMap<string, number>): void {
  const where = `drive of ${drive.population}`;
  const population = graph.populations[requirePopulation(drive.population, position, where)]!;
  checkEncoder(drive, population.shape, where);
  if (graph.membraneMax === null && (drive.scale !== 1 || drive.grid !== null)) {
    throw failure('SW1005', { where, what: 'has a scale or a grid; in a float graph its current is not rounded.' });
  }
}

/** Checks a drive against the shape of the population that it feeds. Throws SW1005, SW1007. */
export function checkEncoder(drive: Drive, shape: MapShape, where: string): void {
  checkMapShape(drive.inputShape, `${where}, input`);
  checkNormalisation(drive.inputShape[2], drive.mean, drive.std, where);
  checkConvolution(drive, drive.inputShape, shape, where);
  requireLength(drive.bias, shape[2], `${where}, bias`);
  requireFinite(drive.bias, `${where}, bias`);
  requireRange(drive.scale, [Number.MIN_VALUE, Number.MAX_VALUE], `${where}, scale`);
  if (drive.grid === null) return;
  requireWhole(drive.grid.mantissaMax, [1, 2 ** 31 - 1], `${where}, grid mantissa`);
  requireWhole(drive.grid.exponent, [0, 31], `${where}, grid exponent`);
}

interface Convolution {
  readonly kernel: { readonly shape: readonly [number, number, number, number]; readonly data: Numbers };
  readonly stride: Pair;
  readonly padding: Padding;
}

function checkConvolution({ kernel, stride, padding }: Convolution, from: MapShape, to: MapShape, where: string): void {
  checkStride(stride, where);
  checkPadding(padding, where);
  checkKernel(kernel, 4, where);
  const [kernelHeight, kernelWidth, inputs, outputs] = kernel.shape;
  const size = convolvedSize([from[0], from[1]], padding, [kernelHeight, kernelWidth], stride);
  const given = [...size, outputs];
  if (inputs !== from[2] || shapeText(given) !== shapeText(to)) {
    throw failure('SW1007', {
      where,
      what: `kernel ${shapeText(kernel.shape)} makes ${shapeText(given)} of ${shapeText([from[0], from[1], inputs])}; it stands between ${shapeText(from)} and ${shapeText(to)}.`,
    });
  }
}

function requirePopulation(name: string, position: ReadonlyMap<string, number>, where: string): number {
  const index = position.get(name);
  if (index === undefined)
    throw failure('SW1006', { where, what: `names population "${name}", which does not exist.` });
  return index;
}
