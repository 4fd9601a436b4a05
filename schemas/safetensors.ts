import { failure } from './diagnostic.js';
import { elementCount } from './tensor.js';
import { arrayBytes } from './wire.js';

/** A named array of a safetensors file, row-major. Half-precision values are widened to F32 on reading. */
export type SafeTensor =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'I32'; readonly shape: readonly number[]; readonly data: Int32Array }
  | { readonly dtype: 'U8'; readonly shape: readonly number[]; readonly data: Uint8Array }
  | { readonly dtype: 'I64'; readonly shape: readonly number[]; readonly data: BigInt64Array };

/** The content of a safetensors file: tensors by name, in the file's order, and free text. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes per element of the types that are read. */
const elementBytes = { F32: 4, I32: 4, U8: 1, I64: 8, F16: 2 } as const;
type Dtype = keyof typeof elementBytes;

const LENGTH_BYTES = 8;
/** The format's own bound on its header. */
const HEADER_BYTES_MAX = 100_000_000;

/**
 * Reads a safetensors file: 8 bytes of header length (little-endian), a JSON header, then the arrays back to back.
 * Throws SW1010 unless header, types, shapes and offsets agree with each other and with the bytes at hand.
 */
export function readSafetensors(bytes: Uint8Array, where: string): Safetensors {
  const { header, dataStart } = readHeader(bytes, where);
  const tensors = new Map<string, SafeTensor>();
  let metadata: Record<string, string> = {};
  const spans: [begin: number, end: number, name: string][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = readMetadata(entry, where);
      continue;
    }
    const { dtype, shape, begin, end } = readEntry(entry, bytes.length - dataStart, `${where}, tensor ${name}`);
    spans.push([begin, end, name]);
    tensors.set(name, readTensor(dtype, shape, new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end))));
  }
  requireGapless(spans, bytes.length - dataStart, where);
  return { tensors, metadata };
}

/** The bytes of a safetensors file; equal contents in equal order give equal bytes. */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header = safetensorsHeader(tensors, metadata);
  const parts = [...tensors.values()];
  const bytes = new Uint8Array(parts.reduce((total, { data }) => total + data.byteLength, header.length));
  bytes.set(header);
  let position = header.length;
  for (const { data } of parts) {
    bytes.set(arrayBytes(data), position);
    position += data.byteLength;
  }
  return bytes;
}

/** The bytes of a file's start: these arrays follow back to back, in this order. */
export function safetensorsHeader(
  tensors: ReadonlyMap<string, Pick<SafeTensor, 'dtype' | 'shape'>>,
  metadata: Safetensors['metadata'],
): Uint8Array {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let end = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const begin = end;
    end += elementCount(shape) * elementBytes[dtype];
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(text.length / LENGTH_BYTES) * LENGTH_BYTES;
  const bytes = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
}

function readHeader(bytes: Uint8Array, where: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) throw broken(where, `${bytes.length} B hold no header length.`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const available = bytes.length - LENGTH_BYTES;
  if (length > BigInt(Math.min(available, HEADER_BYTES_MAX))) {
    throw broken(where, `its header claims ${length} B, ${available} B follow.`);
  }
  const dataStart = LENGTH_BYTES + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart)));
  } catch (error) {
    throw broken(where, `its header is no JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  if (!isRecord(header)) throw broken(where, 'its header is no JSON object.');
  return { header, dataStart };
}

function readMetadata(entry: unknown, where: string): Record<string, string> {
  if (!isRecord(entry)) throw broken(where, '__metadata__ is no JSON object.');
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== 'string') throw broken(where, `__metadata__ key "${key}" is no text.`);
  }
  return entry as Record<string, string>;
}

interface Entry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(entry: unknown, available: number, where: string): Entry {
  if (!isRecord(entry)) throw broken(where, 'its entry is no JSON object.');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype)) {
    throw broken(where, `element type ${JSON.stringify(dtype)}; ${Object.keys(elementBytes).join(', ')} are read.`);
  }
  if (!isWholeNumbers(shape)) throw broken(where, `shape ${JSON.stringify(shape)} is no list of whole numbers.`);
  if (!isWholeNumbers(offsets) || offsets.length !== 2) {
    throw broken(where, `data_offsets ${JSON.stringify(offsets)} are no pair of whole numbers.`);
  }
  const [begin, end] = offsets as [number, number];
  const needed = elementCount(shape) * elementBytes[dtype as Dtype];
  if (begin > end || end > available) throw broken(where, `lies at ${begin}…${end} of ${available} B of data.`);
  if (needed !== end - begin) {
    throw broken(where, `shape [${shape.join(', ')}] of ${dtype} needs ${needed} B, the entry spans ${end - begin} B.`);
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}

/** Arrays must cover the data without overlap or hole, as the format demands: no bytes hide between them. */
function requireGapless(spans: [number, number, string][], available: number, where: string): void {
  spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let position = 0;
  for (const [begin, end, name] of spans) {
    if (begin !== position) {
      throw broken(`${where}, tensor ${name}`, `begins at ${begin} B where ${position} B was expected.`);
    }
    position = end;
  }
  if (position !== available) throw broken(where, `its tensors cover ${position} of ${available} B of data.`);
}

/** `bytes` is a fresh copy, so that every array starts at an aligned offset. */
function readTensor(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): SafeTensor {
  const { buffer } = bytes;
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: new Float32Array(buffer) };
    case 'I32':
      return { dtype, shape, data: new Int32Array(buffer) };
    case 'U8':
      return { dtype, shape, data: bytes };
    case 'I64':
      return { dtype, shape, data: new BigInt64Array(buffer) };
    case 'F16':
      return { dtype: 'F32', shape, data: Float32Array.from(new Uint16Array(buffer), halfToFloat) };
  }
}

/** The value of an IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

function broken(where: string, what: string) {
  return failure('SW1010', { where, what });
}
