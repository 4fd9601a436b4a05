import { failure } from './diagnostic.js';
import { spikewright } from './generated/messages.js';
import type { Reset } from './snn.js';
import type { MapShape, Padding, Pair } from './tensor.js';
import { type ArrayType, arrayBytes, readArray, required } from './wire.js';

/** A convolution kernel [kh, kw, cin, cout] as read from a file. */
interface ReadKernel<A> {
  readonly shape: readonly [number, number, number, number];
  readonly data: A;
}

/** A kernel of shape [kh, kw, cin, cout] as its protobuf message. */
export function wireKernel(shape: readonly number[], data: Float32Array | Int32Array): spikewright.Kernel.$Properties {
  const [height, width, inputs, outputs] = shape as readonly [number, number, number, number];
  return { height, width, inputs, outputs, data: arrayBytes(data) };
}

/** Reads a kernel; that its shape fits its data is for the graph's own check. */
export function readKernel<A extends Float32Array | Int32Array>(
  type: ArrayType<A>,
  message: spikewright.Kernel.$Properties | null | undefined,
  where: string,
): ReadKernel<A> {
  const { height, width, inputs, outputs, data } = required(message, `${where}, kernel`);
  return {
    shape: [height ?? 0, width ?? 0, inputs ?? 0, outputs ?? 0],
    data: readArray(type, data ?? new Uint8Array(), `${where}, kernel`),
  };
}

export function wireMapShape([height, width, channels]: MapShape): spikewright.MapShape.$Properties {
  return { height, width, channels };
}

/** Throws SW1003 where it is missing. */
export function readMapShape(message: spikewright.MapShape.$Properties | null | undefined, where: string): MapShape {
  const { height, width, channels } = required(message, where);
  return [height ?? 0, width ?? 0, channels ?? 0];
}

export function wirePair([height, width]: Pair): spikewright.Pair.$Properties {
  return { height, width };
}

/** Throws SW1003 where it is missing. */
export function readPair(message: spikewright.Pair.$Properties | null | undefined, where: string): Pair {
  const { height, width } = required(message, where);
  return [height ?? 0, width ?? 0];
}

/** Throws SW1003 where it is missing. */
export function readPadding(message: spikewright.Padding.$Properties | null | undefined, where: string): Padding {
  const { top, bottom, left, right } = required(message, `${where}, padding`);
  return { top: top ?? 0, bottom: bottom ?? 0, left: left ?? 0, right: right ?? 0 };
}

export function wireReset(reset: Reset): spikewright.Reset {
  return reset === 'hard' ? spikewright.Reset.HARD : spikewright.Reset.SOFT;
}

/** Throws SW1005 on a number that stands for no reset. */
export function readReset(value: spikewright.Reset | null | undefined, where: string): Reset {
  const number = value ?? spikewright.Reset.HARD;
  if (number === spikewright.Reset.HARD) return 'hard';
  if (number === spikewright.Reset.SOFT) return 'soft';
  throw failure('SW1005', { where, what: `reset number ${number} is unknown.` });
}
