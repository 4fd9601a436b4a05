import { failure } from './diagnostic.js';
import { magicName } from './file-kind.js';
import { spikewright } from './generated/messages.js';
import {
  readKernel,
  readMapShape,
  readPadding,
  readPair,
  readReset,
  wireKernel,
  wireMapShape,
  wirePair,
  wireReset,
} from './geometry-codec.js';
import { type FileParts, joinParts } from './message-parts.js';
import type {
  FloatSpikeGraph,
  IntegerSpikeGraph,
  Numbers,
  ParameterTable,
  Population,
  Projection,
  SpikeGraph,
} from './spike.js';
import { checkSpikeGraph } from './spike-check.js';
import { readDrive, readPopulationKind, wireDrive, wirePopulationKind } from './spike-codec.js';
import { type ArrayType, arrayBytes, GRAPH_VERSION, readArray, readRoot, required, sealRoot } from './wire.js';

/** The bytes of a SpikeGraph file (.swg), float or integer; equal graphs give equal bytes. */
export function encodeSpikeGraph(graph: FloatSpikeGraph | IntegerSpikeGraph): Uint8Array {
  return joinParts(spikeGraphParts(graph));
}

/** The same bytes without copying the kernels. */
export function spikeGraphParts(graph: FloatSpikeGraph | IntegerSpikeGraph): FileParts {
  const { FLOAT, INTEGER } = spikewright.NumberType;
  const message = {
    format: magicName('spike'),
    version: GRAPH_VERSION,
    name: graph.name,
    timesteps: graph.timesteps,
    numbers: graph.membraneMax === null ? FLOAT : INTEGER,
    membraneMax: graph.membraneMax,
    populations: graph.populations.map(wirePopulation),
    projections: graph.projections.map(wireProjection),
    drives: graph.drives.map(wireDrive),
  };
  return sealRoot((writer) => spikewright.SpikeFile.encode(message, writer));
}

/**
 * Reads a SpikeGraph file of quantised integers and checks all that the graph promises; `where` names the file in
 * messages. Throws SW1002…SW1007; SW1002 also where the graph is not quantised yet.
 */
export function decodeIntegerSpikeGraph(bytes: Uint8Array, where: string): IntegerSpikeGraph {
  const message = readRoot(spikewright.SpikeFile, 'spike', GRAPH_VERSION, bytes, where);
  requireNumbers(message, spikewright.NumberType.INTEGER, where);
  return readGraph(message, Int32Array, where);
}

/**
 * Reads a SpikeGraph file of floats and checks all that the graph promises; `where` names the file in messages.
 * Throws SW1002…SW1007; SW1002 also where the graph is quantised already.
 */
export function decodeFloatSpikeGraph(bytes: Uint8Array, where: string): FloatSpikeGraph {
  const message = readRoot(spikewright.SpikeFile, 'spike', GRAPH_VERSION, bytes, where);
  requireNumbers(message, spikewright.NumberType.FLOAT, where);
  return readGraph(message, Float32Array, where);
}

/** Reads a SpikeGraph file of either number type; `membraneMax` is null in a float graph alone. Throws SW1002…SW1007. */
export function decodeSpikeGraph(bytes: Uint8Array, where: string): FloatSpikeGraph | IntegerSpikeGraph {
  const message = readRoot(spikewright.SpikeFile, 'spike', GRAPH_VERSION, bytes, where);
  const integer = message.numbers === spikewright.NumberType.INTEGER;
  return integer ? readGraph(message, Int32Array, where) : readGraph(message, Float32Array, where);
}

function requireNumbers(message: spikewright.SpikeFile, wanted: spikewright.NumberType, where: string): void {
  if (message.numbers === wanted) return;
  const integer = wanted === spikewright.NumberType.INTEGER;
  throw failure('SW1002', {
    where,
    what: `this SpikeGraph ${integer ? 'holds no integers: it is not quantised' : 'holds no floats: it is quantised already'}.`,
    fix: integer ? 'Quantise it first.' : 'Give the graph from before quantisation.',
  });
}

function readGraph<N extends Numbers>(
  message: spikewright.SpikeFile,
  type: ArrayType<N>,
  where: string,
): SpikeGraph<N> {
  const membraneMax = message.membraneMax ?? null;
  if ((membraneMax === null) !== (message.numbers === spikewright.NumberType.FLOAT)) {
    throw failure('SW1005', { where, what: 'a membrane bound belongs to an integer graph, and to no other.' });
  }
  const graph: SpikeGraph<N> = {
    kind: 'spike',
    name: message.name,
    timesteps: message.timesteps,
    populations: message.populations.map((population) => readPopulation(population, type)),
    projections: message.projections.map((projection) => readProjection(projection, type)),
    drives: message.drives.map(readDrive),
    membraneMax,
  };
  checkSpikeGraph(graph, where);
  return graph;
}

function wirePopulation(population: Population<Numbers>): spikewright.Population.$Properties {
  return {
    name: population.name,
    kind: wirePopulationKind(population.kind),
    shape: wireMapShape(population.shape),
    phase: population.phase,
    reset: wireReset(population.reset),
    decay: wireTable(population.decay),
    threshold: wireTable(population.threshold),
    bias: wireTable(population.bias),
    scale: population.scale,
    ...(population.channelFactors === undefined ? {} : { channelFactors: arrayBytes(population.channelFactors) }),
  };
}

function readPopulation<N extends Numbers>(
  message: spikewright.Population.$Properties,
  type: ArrayType<N>,
): Population<N> {
  const where = `population ${message.name}`;
  return {
    name: message.name ?? '',
    kind: readPopulationKind(message.kind, where),
    shape: readMapShape(message.shape, `${where}, shape`),
    phase: message.phase ?? 0,
    reset: readReset(message.reset, where),
    decay: readTable(type, message.decay, `${where}, decay`),
    threshold: readTable(type, message.threshold, `${where}, threshold`),
    bias: readTable(type, message.bias, `${where}, bias`),
    scale: message.scale ?? 0,
    ...(message.channelFactors
      ? { channelFactors: readArray(Float32Array, message.channelFactors, `${where}, channel factors`) }
      : {}),
  };
}

function wireTable({ rows, columns, data }: ParameterTable<Numbers>): spikewright.Table.$Properties {
  return { rows, columns, data: arrayBytes(data) };
}

function readTable<N extends Numbers>(
  type: ArrayType<N>,
  message: spikewright.Table.$Properties | null | undefined,
  where: string,
): ParameterTable<N> {
  const { rows, columns, data } = required(message, where);
  return { rows: rows ?? 0, columns: columns ?? 0, data: readArray(type, data ?? new Uint8Array(), where) };
}

function wireProjection(projection: Projection<Numbers>): spikewright.Projection.$Properties {
  return {
    name: projection.name,
    from: projection.from,
    to: projection.to,
    delay: projection.delay,
    pool: wirePair(projection.pool),
    kernel: wireKernel(projection.kernel.shape, projection.kernel.data),
    stride: wirePair(projection.stride),
    padding: projection.padding,
  };
}

function readProjection<N extends Numbers>(
  message: spikewright.Projection.$Properties,
  type: ArrayType<N>,
): Projection<N> {
  const where = `projection ${message.name}`;
  return {
    name: message.name ?? '',
    from: message.from ?? '',
    to: message.to ?? '',
    delay: message.delay ?? 0,
    pool: readPair(message.pool, `${where}, pool`),
    kernel: readKernel(type, message.kernel, where),
    stride: readPair(message.stride, `${where}, stride`),
    padding: readPadding(message.padding, where),
  };
}
