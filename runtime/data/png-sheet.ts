import { inflateSync } from 'node:zlib';
import { failure } from '../../schemas/diagnostic.js';

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Bytes per pixel of 8-bit RGB. */
const pixelBytes = 3;

/**
 * The pixels [height, width, 3] of an 8-bit RGB PNG without interlacing whose size is known beforehand.
 * A general PNG library trusts the file's own sizes; this one allocates what the caller expects and no more.
 * Throws SW4002 where the file is anything else.
 */
export function readPngSheet(file: Uint8Array, width: number, height: number, where: string): Uint8Array {
  const compressed = pixelData(file, width, height, where);
  const rowBytes = 1 + width * pixelBytes;
  let rows: Uint8Array;
  try {
    rows = inflateSync(compressed, { maxOutputLength: height * rowBytes });
  } catch (error) {
    throw broken(where, `its pixel data does not inflate (${error instanceof Error ? error.message : String(error)})`);
  }
  if (rows.length !== height * rowBytes) {
    throw broken(where, `its pixel data holds ${rows.length} B, ${height * rowBytes} B were expected`);
  }
  return unfilter(rows, width, height, where);
}

/** The concatenated IDAT chunks, after the header was found to be the expected one. */
function pixelData(file: Uint8Array, width: number, height: number, where: string): Buffer {
  if (!signature.every((byte, position) => file[position] === byte)) throw broken(where, 'it is no PNG file');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const parts: Uint8Array[] = [];
  for (let offset = signature.length; ; ) {
    if (offset + 12 > file.length) throw broken(where, `it ends inside a chunk at byte ${offset}`);
    const length = view.getUint32(offset);
    const type = String.fromCharCode(...file.subarray(offset + 4, offset + 8));
    const start = offset + 8;
    if (start + length + 4 > file.length) {
      throw broken(where, `chunk ${type} at byte ${offset} claims ${length} B, ${file.length - start} B follow`);
    }
    if ((type === 'IHDR') !== (offset === signature.length)) throw broken(where, 'its header is not its first chunk');
    if (type === 'IHDR') {
      const found = [view.getUint32(start), view.getUint32(start + 4), ...file.subarray(start + 8, start + 13)];
      const wanted = [width, height, 8, 2, 0, 0, 0];
      if (wanted.some((value, position) => found[position] !== value)) {
        throw broken(where, `it is not ${width} × ${height} pixels of 8-bit RGB without interlacing`);
      }
    }
    if (type === 'IDAT') parts.push(file.subarray(start, start + length));
    if (type === 'IEND') return Buffer.concat(parts);
    offset = start + length + 4;
  }
}

/** Undoes the per-row filters (PNG specification, section 9): each byte was stored minus a prediction. */
function unfilter(rows: Uint8Array, width: number, height: number, where: string): Uint8Array {
  const span = width * pixelBytes;
  const pixels = new Uint8Array(height * span);
  const zeros = new Uint8Array(span);
  for (let y = 0; y < height; y += 1) {
    const start = y * (span + 1);
    const filter = rows[start]!;
    const source = rows.subarray(start + 1, start + 1 + span);
    const target = pixels.subarray(y * span, (y + 1) * span);
    const above = y === 0 ? zeros : pixels.subarray((y - 1) * span, y * span);
    if (filter > 4) throw broken(where, `row ${y} has the unknown filter ${filter}`);
    for (let x = 0; x < span; x += 1) {
      const left = x < pixelBytes ? 0 : target[x - pixelBytes]!;
      const corner = x < pixelBytes ? 0 : above[x - pixelBytes]!;
      target[x] = source[x]! + predict(filter, left, above[x]!, corner);
    }
  }
  return pixels;
}

function predict(filter: number, left: number, above: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4: {
      const toLeft = Math.abs(above - corner);
      const toAbove = Math.abs(left - corner);
      const toCorner = Math.abs(left + above - 2 * corner);
      if (toLeft <= toAbove && toLeft <= toCorner) return left;
      return toAbove <= toCorner ? above : corner;
    }
    default:
      return 0;
  }
}

function broken(where: string, what: string): Error {
  return failure('SW4002', { where, what });
}
