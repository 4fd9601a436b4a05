import { inflateSync } from 'node:zlib';
import { failure } from '../../schemas/diagnostic.js';
import { elementCount } from '../../schemas/tensor.js';

/** An array of a MATLAB file, the first axis fastest. */
export interface MatArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float64Array;
}

/** Data types and layout of MATLAB's level 5 MAT-file format (MathWorks, MAT-File Format, tables 1-1 and 1-3). */
const type = { int8: 1, uint8: 2, int32: 5, uint32: 6, double: 9, matrix: 14, compressed: 15 } as const;
const HEADER_BYTES = 128;
const TAG_BYTES = 8;
const DIMENSIONS_MAX = 8;

/**
 * The arrays of bytes or doubles of a level 5 MAT-file by name; others are passed over. `bytesMax` bounds what a
 * compressed array may unfold to. Throws SW4002 where the file is damaged or of another level or byte order.
 */
export function readMat(bytes: Uint8Array, bytesMax: number, where: string): ReadonlyMap<string, MatArray> {
  const broken = (what: string) => failure('SW4002', { where, what });
  if (bytes.length < HEADER_BYTES || bytes[126] !== 0x49 || bytes[127] !== 0x4d || bytes[125] !== 1) {
    throw broken('it is no little-endian MAT-file of level 5');
  }
  const arrays = new Map<string, MatArray>();
  let left = bytesMax;
  for (let position = HEADER_BYTES; position < bytes.length; ) {
    const element = readElement(bytes, position, where);
    position = element.end;
    let matrix = element;
    if (element.type === type.compressed) {
      let unfolded: Uint8Array;
      try {
        unfolded = inflateSync(element.data, { maxOutputLength: left });
      } catch (error) {
        throw failure('SW4002', { where, what: `an array cannot be unfolded (${String(error)})` }, { cause: error });
      }
      left -= unfolded.length;
      matrix = readElement(unfolded, 0, where);
    }
    const array = matrix.type === type.matrix ? readArray(matrix.data, where) : null;
    if (array !== null) arrays.set(array.name, array);
  }
  return arrays;
}

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
  /** Where the next element begins. */
  readonly end: number;
}

/** One element: a tag and its data, or both in 8 bytes where the data have 4 at most. */
function readElement(bytes: Uint8Array, position: number, where: string): Element {
  const cut = () => failure('SW4002', { where, what: `an element at ${position} B is cut short` });
  if (position + TAG_BYTES > bytes.length) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = view.getUint32(position, true);
  const smallSize = word >>> 16;
  if (smallSize > 0) {
    if (smallSize > 4) throw cut();
    const data = bytes.subarray(position + 4, position + 4 + smallSize);
    return { type: word & 0xffff, data, end: position + TAG_BYTES };
  }
  const start = position + TAG_BYTES;
  const size = view.getUint32(position + 4, true);
  if (start + size > bytes.length) throw cut();
  const padded = word === type.compressed ? size : Math.ceil(size / 8) * 8;
  return { type: word, data: bytes.subarray(start, start + size), end: start + padded };
}

/** An array from its parts: flags, dimensions, name, values; null where the values are neither bytes nor doubles. */
function readArray(bytes: Uint8Array, where: string): (MatArray & { readonly name: string }) | null {
  const flags = readElement(bytes, 0, where);
  const dimensions = readElement(bytes, flags.end, where);
  const nameElement = readElement(bytes, dimensions.end, where);
  const name = new TextDecoder().decode(nameElement.data);
  const rank = dimensions.data.length / 4;
  if (
    flags.type !== type.uint32 ||
    dimensions.type !== type.int32 ||
    nameElement.type !== type.int8 ||
    !Number.isInteger(rank) ||
    rank > DIMENSIONS_MAX
  ) {
    throw failure('SW4002', { where, what: 'an array is not made of flags, dimensions and name' });
  }
  const view = new DataView(dimensions.data.buffer, dimensions.data.byteOffset, dimensions.data.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getInt32(4 * axis, true));
  const values = readElement(bytes, nameElement.end, where);
  if (values.type !== type.uint8 && values.type !== type.double) return null;
  const data = values.type === type.uint8 ? values.data : doubles(values.data);
  if (shape.some((extent) => extent < 0) || elementCount(shape) !== data.length) {
    throw failure('SW4002', {
      where: `${where}, array ${name}`,
      what: `(${shape.join(', ')}) does not make ${data.length} values`,
    });
  }
  return { name, shape, data };
}

/** Copied: they may not lie at a multiple of 8; bytes beyond the last whole number are left out. */
function doubles(bytes: Uint8Array): Float64Array {
  return new Float64Array(new Uint8Array(bytes).buffer, 0, Math.floor(bytes.length / 8));
}
