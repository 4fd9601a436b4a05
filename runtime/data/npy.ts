import { failure } from '../../schemas/diagnostic.js';
import { elementCount } from '../../schemas/tensor.js';

/** An array of whole numbers from a .npy file, row-major. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int32Array | BigInt64Array;
}

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** Bytes per element of the types that are read: unsigned bytes, and signed little-endian words. */
const elementBytes = { '|u1': 1, '<i4': 4, '<i8': 8 } as const;
const RANK_MAX = 8;

/**
 * Reads a .npy file (NumPy format 1 to 3): magic, version, the header's length, a Python dictionary of exactly type, order
 * and shape, then the values. Throws SW4002 unless they agree with each other and with the bytes at hand.
 */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const broken = (what: string) => failure('SW4002', { where, what });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || magic.some((byte, at) => bytes[at] !== byte)) throw broken('it is no .npy file');
  const isShort = bytes[6] === 1;
  const headerStart = isShort ? 10 : 12;
  const start = headerStart + (isShort ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) throw broken(`its header would end at ${start} of ${bytes.length} B`);
  const header = new TextDecoder().decode(bytes.subarray(headerStart, Math.min(start, headerStart + 4096)));
  const descr = /'descr':\s*'([^']{1,8})'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const extents = /'shape':\s*\(([\d, ]{0,200})\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || extents === undefined) {
    throw broken('its header names no type, order and shape');
  }
  if (!Object.hasOwn(elementBytes, descr) || order === 'True') {
    throw broken(
      `it holds "${descr}"${order === 'True' ? ' in Fortran order' : ''}; ${Object.keys(elementBytes).join(', ')} in C order are read`,
    );
  }
  const shape = extents.split(',').flatMap((extent) => (extent.trim() === '' ? [] : [Number(extent)]));
  const needed = elementCount(shape) * elementBytes[descr as keyof typeof elementBytes];
  if (
    shape.length > RANK_MAX ||
    shape.some((extent) => !Number.isSafeInteger(extent)) ||
    needed !== bytes.length - start
  ) {
    throw broken(`its shape (${shape.join(', ')}) of ${descr} needs ${needed} B, ${bytes.length - start} B follow`);
  }
  return { shape, data: valuesOf(bytes, start, descr) };
}

/** Bytes of every header that `npyHeader` makes: the values after it are aligned, and a longer array's still fits. */
const headerBytes = 128;

/** The start of a .npy file (NumPy format 1): an array of little-endian words of this type and shape follows, row-major. */
export function npyHeader(type: '<i4' | '<i8', shape: readonly number[]): Uint8Array {
  const extents = `${shape.join(', ')}${shape.length === 1 ? ',' : ''}`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${extents}), }`;
  const bytes = new Uint8Array(headerBytes).fill(0x20);
  bytes.set(magic);
  bytes.set([1, 0], magic.length);
  new DataView(bytes.buffer).setUint16(magic.length + 2, headerBytes - magic.length - 4, true);
  bytes.set(new TextEncoder().encode(text), magic.length + 4);
  bytes[headerBytes - 1] = 0x0a;
  return bytes;
}

/** Bytes are shared; words are copied, since they may not lie at a multiple of their size. */
function valuesOf(bytes: Uint8Array, start: number, descr: string): NpyArray['data'] {
  if (descr === '|u1') return bytes.subarray(start);
  const { buffer } = new Uint8Array(bytes.subarray(start));
  return descr === '<i4' ? new Int32Array(buffer) : new BigInt64Array(buffer);
}
