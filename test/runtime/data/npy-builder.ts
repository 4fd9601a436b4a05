/** The bytes of a .npy file of format `version` 1 or 2. */
export function npy(descr: string, shape: readonly number[], data: Uint8Array, version: 1 | 2 = 1): Uint8Array {
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${extents}), }\n`;
  const lengthBytes = version === 1 ? 2 : 4;
  const start = 8 + lengthBytes + text.length;
  const bytes = new Uint8Array(start + data.length);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), version, 0, text.length % 256, text.length >> 8]);
  bytes.set(new TextEncoder().encode(text), 8 + lengthBytes);
  bytes.set(data, start);
  return bytes;
}
