import { failure } from './diagnostic.js';
import { spikewright } from './generated/messages.js';
import {
  readKernel,
  readMapShape,
  readPadding,
  readPair,
  wireKernel,
  wireMapShape,
  wirePair,
} from './geometry-codec.js';
import type { Drive, Population } from './spike.js';
import { arrayBytes, readArray } from './wire.js';

/** A drive as its protobuf message. */
export function wireDrive(drive: Drive): spikewright.Drive.$Properties {
  return {
    population: drive.population,
    inputShape: wireMapShape(drive.inputShape),
    mean: arrayBytes(Float64Array.from(drive.mean)),
    std: arrayBytes(Float64Array.from(drive.std)),
    kernel: wireKernel(drive.kernel.shape, drive.kernel.data),
    bias: arrayBytes(drive.bias),
    stride: wirePair(drive.stride),
    padding: drive.padding,
    scale: drive.scale,
    grid: drive.grid,
  };
}

/** Reads a drive; that it fits its population is for the graph's or Program's own check. */
export function readDrive(message: spikewright.Drive.$Properties): Drive {
  const where = `drive of ${message.population}`;
  const { grid } = message;
  return {
    population: message.population ?? '',
    inputShape: readMapShape(message.inputShape, `${where}, input shape`),
    mean: [...readArray(Float64Array, message.mean ?? new Uint8Array(), `${where}, mean`)],
    std: [...readArray(Float64Array, message.std ?? new Uint8Array(), `${where}, std`)],
    kernel: readKernel(Float32Array, message.kernel, where),
    bias: readArray(Float32Array, message.bias ?? new Uint8Array(), `${where}, bias`),
    stride: readPair(message.stride, `${where}, stride`),
    padding: readPadding(message.padding, where),
    scale: message.scale ?? 0,
    grid: grid ? { mantissaMax: grid.mantissaMax ?? 0, exponent: grid.exponent ?? 0 } : null,
  };
}

export function wirePopulationKind(kind: Population<Float32Array>['kind']): spikewright.Population.Kind {
  return kind === 'spiking' ? spikewright.Population.Kind.SPIKING : spikewright.Population.Kind.READOUT;
}

/** Throws SW1005 on a number that stands for no kind of population. */
export function readPopulationKind(
  value: spikewright.Population.Kind | null | undefined,
  where: string,
): Population<Float32Array>['kind'] {
  const number = value ?? spikewright.Population.Kind.SPIKING;
  if (number === spikewright.Population.Kind.SPIKING) return 'spiking';
  if (number === spikewright.Population.Kind.READOUT) return 'readout';
  throw failure('SW1005', { where, what: `population kind number ${number} is unknown.` });
}
