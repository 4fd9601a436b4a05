/** Bytes of ASCII text. */
export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function little(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, k) => Math.floor(value / 256 ** k) % 256);
}

const text = (value: string): Uint8Array => joined([Uint8Array.of(0x58), little(value.length, 4), ascii(value)]);
const int = (value: number): Uint8Array => joined([Uint8Array.of(0x4a), little(value, 4)]);
const tuple = (items: readonly Uint8Array[]): Uint8Array => joined([ascii('('), ...items, ascii('t')]);
const global = (module: string, name: string): Uint8Array => ascii(`c${module}\n${name}\n`);
const call = (module: string, name: string, args: readonly Uint8Array[]): Uint8Array =>
  joined([global(module, name), tuple(args), ascii('R')]);

/** Parts of a pickle, as bytes. */
export const pickle = {
  joined,
  text,
  int,
  call,
  stackGlobal: (module: string, name: string): Uint8Array => joined([text(module), text(name), Uint8Array.of(0x93)]),
  dict: (entries: readonly (readonly [string, Uint8Array])[]): Uint8Array =>
    joined([ascii('}('), ...entries.flatMap(([key, value]) => [text(key), value]), ascii('u')]),
  /** A float32 tensor over the storage "0". */
  tensor: (offset: number, shape: readonly number[], strides: readonly number[]): Uint8Array => {
    const storage = tuple([text('storage'), global('torch', 'FloatStorage'), text('0'), text('cpu'), int(4)]);
    const flags = [Uint8Array.of(0x89), call('collections', 'OrderedDict', [])];
    return call('torch._utils', '_rebuild_tensor_v2', [
      joined([storage, ascii('Q')]),
      int(offset),
      tuple(shape.map(int)),
      tuple(strides.map(int)),
      ...flags,
    ]);
  },
  /** Protocol 2 and the end around it. */
  file: (body: Uint8Array): Uint8Array => joined([Uint8Array.of(0x80, 2), body, ascii('.')]),
};

/** An uncompressed ZIP archive; checksums are left 0. */
export function storedZip(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const sizes = joined([little(0, 4), little(content.length, 4), little(content.length, 4), little(name.length, 2)]);
    const local = joined([ascii('PK\x03\x04'), little(20, 2), little(0, 8), sizes, little(0, 2), ascii(name), content]);
    directory.push(
      joined([
        ascii('PK\x01\x02'),
        little(20, 2),
        little(20, 2),
        little(0, 8),
        sizes,
        little(0, 12),
        little(offset, 4),
        ascii(name),
      ]),
    );
    locals.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const counts = joined([little(files.length, 2), little(files.length, 2)]);
  return joined([
    ...locals,
    ...directory,
    ascii('PK\x05\x06'),
    little(0, 4),
    counts,
    little(size, 4),
    little(offset, 4),
    little(0, 2),
  ]);
}
