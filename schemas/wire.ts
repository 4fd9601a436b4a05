import { crc32 } from 'node:zlib';
import $protobuf from 'protobufjs/minimal.js';
import { failure, SpikewrightError } from './diagnostic.js';
import { fileKind, fileKindTitle, type GraphFileKind, magicName } from './file-kind.js';
import { type FileParts, PartsWriter } from './message-parts.js';

/** The version of every graph file format that this code reads and writes. */
export const GRAPH_VERSION = 1;

/** Tag of field 15, wire type fixed32: the last field of every root message. */
const CHECKSUM_TAG = 0x7d;
const TRAILER_BYTES = 5;

/** The file of a root message: what `encode` writes, with its checksum field appended. Large byte fields are not copied. */
export function sealRoot(encode: (writer: $protobuf.Writer) => void): FileParts {
  const writer = new PartsWriter();
  encode(writer);
  const body = writer.parts();
  const trailer = new Uint8Array(TRAILER_BYTES);
  trailer[0] = CHECKSUM_TAG;
  new DataView(trailer.buffer).setUint32(
    1,
    body.reduce((sum, part) => crc32(part, sum), 0),
    true,
  );
  return [...body, trailer];
}

function requireChecksum(bytes: Uint8Array, where: string): void {
  const bodyLength = bytes.length - TRAILER_BYTES;
  const stored =
    bytes[bodyLength] === CHECKSUM_TAG
      ? new DataView(bytes.buffer, bytes.byteOffset + bodyLength + 1, 4).getUint32(0, true)
      : null;
  if (stored !== crc32(bytes.subarray(0, Math.max(0, bodyLength)))) {
    throw failure('SW1003', {
      where,
      what: `the checksum at the end of its ${bytes.length} B ${stored === null ? 'is missing' : 'does not match'}.`,
    });
  }
}

/** A generated protobufjs message class, as far as reading needs it. */
interface MessageType<M> {
  decode(reader: $protobuf.Reader): M;
}

/**
 * Parses a root message after checking that the file is of the kind that was asked for.
 * Throws SW1002 (another kind), SW1003 (truncated, damaged or no such message), SW1004 (another version).
 */
export function readRoot<M extends { readonly version: number }>(
  type: MessageType<M>,
  kind: GraphFileKind,
  version: number,
  bytes: Uint8Array,
  where: string,
): M {
  const found = fileKind(bytes);
  if (found !== kind) {
    throw failure('SW1002', {
      where,
      what: `this is ${bytes.length === 0 ? 'an empty file' : fileKindTitle[found]}; ${fileKindTitle[kind]} was expected.`,
    });
  }
  requireChecksum(bytes, where);
  const message = parseMessage(type, bytes, where);
  if (message.version !== version) {
    throw failure('SW1004', {
      where,
      what: `format "${magicName(kind)}" version ${message.version}; this program reads version ${version}.`,
    });
  }
  return message;
}

/** What reading may take in memory: so many times the file, and what even a small file may take. */
const EXPANSION_MAX = 8;
const EXPANSION_FREE_BYTES = 1 << 24;
/** Of a field with its share of message and array, and of a 64-bit number, which becomes an object. */
const FIELD_BYTES = 128;
const LONG_BYTES = 48;

/** A reader that stops before parts of a byte or two, each of which becomes an object, fill the memory. */
class BoundedReader extends $protobuf.Reader {
  #left: number;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.#left = EXPANSION_MAX * bytes.length + EXPANSION_FREE_BYTES;
  }

  override tag(): number {
    this.#take(FIELD_BYTES);
    return super.tag();
  }

  override int64(): ReturnType<$protobuf.Reader['int64']> {
    this.#take(LONG_BYTES);
    return super.int64();
  }

  #take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new RangeError(`its parts take more than ${EXPANSION_MAX} times its size in memory`);
  }
}

/**
 * Decodes any protobuf message; what its decoder throws becomes SW1003. Unknown fields are dropped. Takes memory in
 * proportion to the bytes, however small the parts are that they hold.
 */
export function parseMessage<M>(type: MessageType<M>, bytes: Uint8Array, where: string): M {
  try {
    const reader = new BoundedReader(bytes);
    reader.discardUnknown = true;
    return type.decode(reader);
  } catch (error) {
    if (error instanceof SpikewrightError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw failure(
      'SW1003',
      { where, what: `its ${bytes.length} B do not parse as protobuf (${reason}).` },
      { cause: error },
    );
  }
}

export type NumericArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Int16Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

export interface ArrayType<A extends NumericArray> {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
}

/** The little-endian bytes of an array, without copying. */
export function arrayBytes(array: NumericArray | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * A fresh array from little-endian bytes, in its own memory or where `place` puts it; floats must be finite.
 * Throws SW1005 where the bytes are no whole number of elements or hold NaN or infinity.
 */
export function readArray<A extends NumericArray>(
  type: ArrayType<A>,
  bytes: Uint8Array,
  where: string,
  place: (bytes: number) => Uint8Array = (length) => new Uint8Array(length),
): A {
  if (bytes.length % type.BYTES_PER_ELEMENT !== 0) {
    throw failure('SW1005', {
      where,
      what: `${bytes.length} B are no whole number of elements of ${type.BYTES_PER_ELEMENT} B.`,
    });
  }
  const copy = place(bytes.length);
  copy.set(bytes);
  const array = new type(copy.buffer, copy.byteOffset, bytes.length / type.BYTES_PER_ELEMENT);
  if (array instanceof Float32Array || array instanceof Float64Array) requireFinite(array, where);
  return array;
}

/** Throws SW1005 naming the first element that is NaN or infinite. */
export function requireFinite(values: ArrayLike<number>, where: string): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) {
      throw failure('SW1005', { where, what: `element ${index} of ${values.length} is ${value}; all must be finite.` });
    }
  }
}

/** A submessage that must be there. Throws SW1003. */
export function required<M>(message: M | null | undefined, where: string): M {
  if (message === null || message === undefined) {
    throw failure('SW1003', { where, what: 'this part is missing from the file.' });
  }
  return message;
}
