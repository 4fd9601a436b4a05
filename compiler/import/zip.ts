import { failure } from '../../schemas/diagnostic.js';

/** Signatures and fixed sizes of the ZIP format (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.16). */
const END = { signature: 0x06054b50, bytes: 22, commentMax: 65_535 };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const STORED = 0;

/**
 * The files of an archive whose content is stored uncompressed, as views into `bytes`: nothing is copied or unpacked.
 * Throws SW1011 where the archive is damaged, compressed, or of more than 4 GiB (ZIP64).
 */
export function readStoredZip(bytes: Uint8Array, where: string): ReadonlyMap<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const broken = (what: string) => failure('SW1011', { where, what });
  const end = endRecord(view);
  if (end === null) throw broken('it has no end-of-archive record: it was cut short, or is no ZIP archive.');
  const count = view.getUint16(end + 10, true);
  let position = view.getUint32(end + 16, true);
  const files = new Map<string, Uint8Array>();
  for (let entry = 0; entry < count; entry += 1) {
    if (position + ENTRY.bytes > end || view.getUint32(position, true) !== ENTRY.signature) {
      throw broken(`entry ${entry + 1} of its ${count} is not where it should be.`);
    }
    const nameBytes = view.getUint16(position + 28, true);
    const nameEnd = position + ENTRY.bytes + nameBytes;
    if (nameEnd > end) throw broken(`the name of entry ${entry + 1} is cut short.`);
    const name = new TextDecoder().decode(bytes.subarray(position + ENTRY.bytes, nameEnd));
    if (view.getUint16(position + 10, true) !== STORED) throw broken(`"${name}" is compressed.`);
    const size = view.getUint32(position + 24, true);
    files.set(name, storedFile(bytes, view, view.getUint32(position + 42, true), size, `${where}, file ${name}`));
    position = nameEnd + view.getUint16(position + 30, true) + view.getUint16(position + 32, true);
  }
  return files;
}

/** Offset of the end record, which a comment of any length may follow; null where there is none. */
function endRecord(view: DataView): number | null {
  const last = view.byteLength - END.bytes;
  for (let position = last; position >= Math.max(0, last - END.commentMax); position -= 1) {
    if (view.getUint32(position, true) === END.signature) return position;
  }
  return null;
}

function storedFile(bytes: Uint8Array, view: DataView, header: number, size: number, where: string): Uint8Array {
  if (header + LOCAL.bytes > bytes.length || view.getUint32(header, true) !== LOCAL.signature) {
    throw failure('SW1011', { where, what: `no file begins at ${header} B.` });
  }
  const start = header + LOCAL.bytes + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (start + size > bytes.length) {
    throw failure('SW1011', { where, what: `lies at ${start}…${start + size} of ${bytes.length} B.` });
  }
  return bytes.subarray(start, start + size);
}
