/** The binary formats that Spikewright writes, by the name in field 1 of their root message. */
const magicNames = {
  ann: 'spikewright/ann',
  snn: 'spikewright/snn',
  spike: 'spikewright/spike',
  program: 'spikewright/program',
} as const;

/** Spikewright's own binary file kinds. */
export type GraphFileKind = keyof typeof magicNames;

/** What a file turns out to be by its content; a file that is none of these is 'unknown'. */
export type FileKind = GraphFileKind | 'safetensors' | 'zip' | 'hdf5' | 'json' | 'onnx' | 'unknown';

/** The file kinds as a message names them. */
export const fileKindTitle: Readonly<Record<FileKind, string>> = {
  ann: 'an ANN (.swa)',
  snn: 'an SNN (.sws)',
  spike: 'a SpikeGraph (.swg)',
  program: 'a Program (.swp)',
  safetensors: 'a safetensors file',
  zip: 'a ZIP archive, as PyTorch (.pth) and Keras (.keras) write it',
  hdf5: 'an HDF5 file, as Keras (.h5) and NIR (.nir) write it',
  json: 'a JSON file',
  onnx: 'an ONNX model',
  unknown: 'a file of no known kind',
};

/** The string that field 1 of a file of this kind holds. */
export function magicName(kind: GraphFileKind): string {
  return magicNames[kind];
}

/**
 * Tells a file's kind by its first bytes alone; says nothing of whether the rest is sound.
 * ONNX has no magic number: a protobuf message that opens with the field `ir_version` is taken for it.
 */
export function fileKind(bytes: Uint8Array): FileKind {
  for (const kind of Object.keys(magicNames) as GraphFileKind[]) {
    if (startsWith(bytes, magicBytes(kind))) return kind;
  }
  if (startsWith(bytes, ZIP_MAGIC)) return 'zip';
  if (startsWith(bytes, HDF5_MAGIC)) return 'hdf5';
  const first = firstVisible(bytes);
  if (first === OPENING_BRACE || first === OPENING_BRACKET) return 'json';
  if (bytes.length > 8 && bytes[8] === OPENING_BRACE && bytes[6] === 0 && bytes[7] === 0) return 'safetensors';
  if (bytes.length > 2 && bytes[0] === ONNX_IR_VERSION_TAG) return 'onnx';
  return 'unknown';
}

const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;
const ONNX_IR_VERSION_TAG = 0x08;
const HDF5_MAGIC = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
/** A local file header, with which archives begin. */
const ZIP_MAGIC = Uint8Array.of(0x50, 0x4b, 3, 4);

/** Tag of field 1 (length-delimited), its length, its text. */
function magicBytes(kind: GraphFileKind): Uint8Array {
  const text = new TextEncoder().encode(magicNames[kind]);
  return Uint8Array.of(0x0a, text.length, ...text);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((value, index) => bytes[index] === value);
}

/** The first byte that is no JSON white space or byte order mark, if it comes soon. */
function firstVisible(bytes: Uint8Array): number | undefined {
  const invisible = [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf];
  return bytes.subarray(0, 64).find((value) => !invisible.includes(value));
}
