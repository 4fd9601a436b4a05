import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPth } from '../../../compiler/import/pth.js';
import { damaged, expectCode, expectDiagnosticOrValue, truncations } from '../../schemas/hostile.js';
import { ascii, pickle, storedZip } from './pth-builder.js';

/** Written by Python's own pickle (protocol 2) and zipfile, with stand-ins for PyTorch's classes. */
const tiny = new Uint8Array(readFileSync(new URL('../../golden/tiny.pth', import.meta.url)));

/** A file whose pickle is `bytes`, with one storage "0" of 4 float32 values 1, 2, 3, 4. */
function fileOf(bytes: Uint8Array): Uint8Array {
  return storedZip([
    ['net/data.pkl', bytes],
    ['net/data/0', new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)],
  ]);
}

const { tensor, dict } = pickle;

describe('a PyTorch file', () => {
  it('that Python wrote is read: views, parameters, half precision, scalars', () => {
    const found = readPth(tiny, 'tiny.pth');
    expect(Object.fromEntries([...found].map(([name, { shape, data }]) => [name, [shape, [...data]]]))).toEqual({
      'layer.weight': [
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
      // Strides (1, 3) of the same storage: the transpose.
      'layer.turned': [
        [3, 2],
        [1, 4, 2, 5, 3, 6],
      ],
      'layer.row': [[3], [4, 5, 6]],
      'norm.half': [[2], [0.5, -2]],
      'norm.scalar': [[], [6]],
    });
  });

  it('is found within a checkpoint and under the prefix of parallel training', () => {
    const inner = dict([['module.a.weight', tensor(0, [2, 2], [2, 1])]]);
    const found = readPth(
      fileOf(
        pickle.file(
          dict([
            ['epoch', pickle.int(3)],
            ['state_dict', inner],
          ]),
        ),
      ),
      'x',
    );
    expect([...found]).toEqual([['a.weight', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]]);
  });

  it('is read in any strides as indices say', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 });
    const cases = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.array(fc.nat(1), { minLength: shape.length, maxLength: shape.length }),
        fc.nat(3),
      ),
    );
    fc.assert(
      fc.property(cases, ([shape, strides, offset]) => {
        const file = fileOf(pickle.file(dict([['a', tensor(offset, shape, strides)]])));
        const count = shape.reduce((product, extent) => product * extent, 1);
        const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset);
        if (count > 0 && last > 3) {
          expectCode('SW1011', () => readPth(file, 'x'));
          return;
        }
        const { data } = readPth(file, 'x').get('a')!;
        const expected = Array.from({ length: count }, (_, flat) => {
          let rest = flat;
          let at = offset;
          for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
            at += (rest % shape[axis]!) * strides[axis]!;
            rest = Math.floor(rest / shape[axis]!);
          }
          return at + 1;
        });
        expect([...data]).toEqual(expected);
      }),
    );
  });
});

describe('a hostile PyTorch file', () => {
  it.each<[string, Uint8Array, string]>([
    ['a call of the system', pickle.call('posix', 'system', [pickle.text('true')]), 'posix system'],
    ['evaluation', pickle.call('builtins', 'eval', [pickle.text('1')]), 'builtins eval'],
    ['another function of torch', pickle.call('torch', 'load', [pickle.text('x')]), 'torch load'],
    ['a global by the stack', pickle.stackGlobal('os', 'system'), 'os system'],
    ['an instance by INST', ascii("(S'true'\nios\nsystem\n"), 'opcode 0x53'],
    ['an extension', Uint8Array.of(0x82, 1), 'opcode 0x82'],
    ['a new object', Uint8Array.of(0x29, 0x81), 'opcode 0x81'],
    ['a memo that was not kept', Uint8Array.of(0x68, 9), 'recalls number 9'],
    ['a dictionary without entries of tensors', pickle.dict([['a', pickle.int(1)]]), 'no dictionary of tensors'],
    ['attributes of a list', Uint8Array.of(0x5d, 0x7d, 0x62), 'attributes of what is no dictionary'],
    ['no value at all', new Uint8Array(0), 'a value is missing'],
    ['a text longer than the file', Uint8Array.of(0x58, 0xff, 0xff, 0xff, 0x7f), 'cut short'],
  ])('with %s is refused', (_, body, message) => {
    expect(expectCode('SW1011', () => readPth(fileOf(pickle.file(body)), 'x'))).toContain(message);
  });

  it('cannot make small files into large arrays', () => {
    const wide = (name: string): [string, Uint8Array] => [name, tensor(0, [100_000, 100_000], [0, 0])];
    const message = expectCode('SW1011', () => readPth(fileOf(pickle.file(dict([wide('a')]))), 'x'));
    expect(message).toContain('beyond all measure');
    // Many tensors of one storage count together.
    const many = Array.from({ length: 200 }, (_, k): [string, Uint8Array] => [`t${k}`, tensor(0, [1000], [0])]);
    expectCode('SW1011', () => readPth(fileOf(pickle.file(dict(many))), 'x'));
    expectCode('SW1011', () => readPth(fileOf(pickle.file(dict([['a', tensor(2 ** 31 - 1, [2], [1])]]))), 'x'));
  });

  it('that is compressed, empty or of another kind is refused', () => {
    const compressed = tiny.slice();
    // The compression method of the first entry of the directory, whose signature is 50 4b 01 02.
    const entry = compressed.findIndex(
      (byte, at) => byte === 0x50 && compressed[at + 1] === 0x4b && compressed[at + 2] === 1,
    );
    compressed[entry + 10] = 8;
    expect(expectCode('SW1011', () => readPth(compressed, 'x'))).toContain('is compressed');
    expectCode('SW1011', () => readPth(storedZip([]), 'x'));
    expectCode('SW1011', () => readPth(storedZip([['net/other', new Uint8Array(3)]]), 'x'));
  });

  it('of random, cut and flipped bytes gets diagnostics alone', () => {
    for (const cut of truncations(tiny)) expectDiagnosticOrValue(() => readPth(cut, 'x'));
    fc.assert(
      fc.property(damaged(tiny), (bytes) => expectDiagnosticOrValue(() => readPth(bytes, 'x'))),
      { numRuns: 3000 },
    );
    const body = pickle.file(dict([['a', tensor(0, [2, 2], [2, 1])]]));
    fc.assert(
      fc.property(damaged(body), (bytes) => expectDiagnosticOrValue(() => readPth(fileOf(bytes), 'x'))),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        expectDiagnosticOrValue(() => readPth(fileOf(bytes), 'x')),
      ),
      { numRuns: 3000 },
    );
  });

  it('of well-formed and senseless opcodes gets diagnostics alone', () => {
    const opcodes = fc.constantFrom<Uint8Array>(
      ...[
        0x28, 0x4e, 0x88, 0x5d, 0x29, 0x7d, 0x85, 0x86, 0x87, 0x74, 0x61, 0x65, 0x73, 0x75, 0x51, 0x52, 0x62, 0x94,
      ].map((opcode) => Uint8Array.of(opcode)),
      Uint8Array.of(0x71, 0),
      Uint8Array.of(0x68, 0),
      pickle.int(1),
      pickle.text('storage'),
      pickle.text('0'),
      ascii('ctorch\nFloatStorage\n'),
      ascii('ctorch._utils\n_rebuild_tensor_v2\n'),
      ascii('ctorch._utils\n_rebuild_parameter\n'),
      ascii('ccollections\nOrderedDict\n'),
      tensor(0, [2], [1]),
    );
    fc.assert(
      fc.property(fc.array(opcodes, { maxLength: 30 }), (parts) => {
        expectDiagnosticOrValue(() => readPth(fileOf(pickle.file(pickle.joined(parts))), 'x'));
      }),
      { numRuns: 5000 },
    );
  });
});
