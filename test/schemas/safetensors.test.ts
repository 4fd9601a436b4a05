import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { halfToFloat, readSafetensors, type SafeTensor, writeSafetensors } from '../../schemas/safetensors.js';
import { damaged, expectCode, expectDiagnosticOrValue, truncations } from './hostile.js';

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const count = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

const tensors: fc.Arbitrary<SafeTensor> = shapes.chain((shape) => {
  const size = { minLength: count(shape), maxLength: count(shape) };
  return fc.oneof(
    fc.float32Array(size).map((data) => ({ dtype: 'F32' as const, shape, data })),
    fc.int32Array(size).map((data) => ({ dtype: 'I32' as const, shape, data })),
    fc.uint8Array(size).map((data) => ({ dtype: 'U8' as const, shape, data })),
    fc.bigInt64Array(size).map((data) => ({ dtype: 'I64' as const, shape, data })),
  );
});

const files = fc.record({
  tensors: fc
    .array(fc.tuple(fc.string({ minLength: 1 }), tensors), { maxLength: 5 })
    .map((entries) => new Map(entries.filter(([name]) => name !== '__metadata__'))),
  metadata: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
});

/** A file made by hand: header text, then data. */
function file(header: string, data: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return Uint8Array.from([...length, ...text, ...data]);
}

describe('safetensors', () => {
  it('gives back names, types, shapes, values and metadata, and the same bytes again', () => {
    fc.assert(
      fc.property(files, (content) => {
        const bytes = writeSafetensors(content);
        const read = readSafetensors(bytes, 'x.safetensors');
        expect(read.metadata).toEqual(content.metadata);
        expect(new Map(read.tensors)).toEqual(content.tensors);
        expect(writeSafetensors(read)).toEqual(writeSafetensors(readSafetensors(writeSafetensors(read), 'again')));
      }),
    );
  });

  it('reads from the middle of a larger buffer, whatever the alignment', () => {
    const content = {
      tensors: new Map([['a', { dtype: 'F32', shape: [2], data: Float32Array.of(1.5, -2) } as const]]),
    };
    const bytes = writeSafetensors({ ...content, metadata: {} });
    const shifted = Buffer.alloc(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readSafetensors(shifted.subarray(3), 'x').tensors).toEqual(content.tensors);
  });

  it('widens half precision', () => {
    // 0x3c00 = 1, 0xc000 = −2, 0x0001 = 2⁻²⁴ (least subnormal), 0x7bff = 65504 (largest)
    const data = [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b];
    const read = readSafetensors(file('{"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}', data), 'x');
    expect(read.tensors.get('h')).toEqual({ dtype: 'F32', shape: [4], data: Float32Array.of(1, -2, 2 ** -24, 65504) });
    expect(halfToFloat(0x7c00)).toBe(Number.POSITIVE_INFINITY);
    expect(halfToFloat(0x7e00)).toBeNaN();
  });

  it.each([
    ['a header longer than the file', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 123), 'claims'],
    ['no header length', Uint8Array.of(1, 2), '2 B'],
    ['a header that is no JSON', file('{"a":'), 'JSON'],
    ['a header that is a list', file('[]'), 'object'],
    ['an unknown type', file('{"a":{"dtype":"F12","shape":[],"data_offsets":[0,0]}}'), 'F12'],
    ['a type of the prototype', file('{"a":{"dtype":"toString","shape":[],"data_offsets":[0,0]}}'), 'toString'],
    ['a negative extent', file('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}'), '-1'],
    ['a huge shape', file('{"a":{"dtype":"F32","shape":[1e15,1e15],"data_offsets":[0,4]}}', [0, 0, 0, 0]), 'spans 4 B'],
    ['offsets beyond the data', file('{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}', [0]), 'of 1 B'],
    ['offsets in reverse', file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[1,0]}}', [0]), '1…0'],
    ['uncovered data', file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [0, 0]), 'cover 1 of 2 B'],
    [
      'overlapping tensors',
      file(
        '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        [0, 0],
      ),
      'tensor b',
    ],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}'), 'metadata'],
  ])('refuses %s', (_, bytes, words) => {
    expect(expectCode('SW1010', () => readSafetensors(bytes, 'x'))).toContain(words);
  });

  it('refuses every truncation', () => {
    const data = Float32Array.from({ length: 40 }, (_, index) => index);
    const bytes = writeSafetensors({ tensors: new Map([['a', { dtype: 'F32', shape: [40], data }]]), metadata: {} });
    for (const cut of truncations(bytes)) expectCode('SW1010', () => readSafetensors(cut, 'x'));
  });

  it('answers random and damaged bytes with diagnostics alone', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expectDiagnosticOrValue(() => readSafetensors(bytes, 'x'))));
    const sound = file('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', [1, 2]);
    fc.assert(fc.property(damaged(sound), (bytes) => expectDiagnosticOrValue(() => readSafetensors(bytes, 'x'))));
  });
});
