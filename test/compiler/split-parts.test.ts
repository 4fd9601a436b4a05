import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.js';
import { type AskedSplits, parseSplits, splitText } from '../../compiler/split-parts.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import { loadTarget } from '../../targets/load.js';
import { randomSnn, testProvenance } from './random-snn.js';

const target = loadTarget('tiny');
/** 6 × 6 × 4 neurons on cores of 24. */
const snn = randomSnn(
  [6, 6, 1],
  [{ conv: 4 }, { neuron: 'hard' }, { pool: 3 }, { flatten: 'hwc' }, { dense: 3 }],
  2,
  5,
);
const layer = 'layer1';

function parts(splits: AskedSplits): readonly number[] {
  const { mapping } = compile(snn, target, { provenance: testProvenance, splits }).value;
  return mapping.layers.find(({ population }) => population === layer)!.parts;
}

function refusal(splits: AskedSplits) {
  try {
    parts(splits);
  } catch (error) {
    if (error instanceof SpikewrightError) return error.diagnostics[0]!;
    throw error;
  }
  throw new Error('not refused');
}

describe('a split that is asked for', () => {
  it('is read axis by axis, and written back', () => {
    const splits = parseSplits(['a=channels:3', 'b=c=rows:2,columns:10']);
    expect([...splits]).toEqual([
      ['a', { rows: null, columns: null, channels: 3 }],
      ['b=c', { rows: 2, columns: 10, channels: null }],
    ]);
    expect([...splits].map(([name, asked]) => splitText(name, asked))).toEqual([
      'a=channels:3',
      'b=c=rows:2,columns:10',
    ]);
  });

  it.each([
    ['channels:3', 'names no layer'],
    ['=channels:3', 'names no layer'],
    ['a', 'names no layer'],
    ['a=', '"" is no axis'],
    ['a=rows', '"rows" is no axis'],
    ['a=rows:0', '"rows:0" is no axis'],
    ['a=rows:1.5', '"rows:1.5" is no axis'],
    ['a=depth:2', '"depth:2" is no axis'],
    ['a=rows:2,rows:2', 'rows are split twice'],
  ])('is refused as %s', (text, why) => {
    expect(() => parseSplits([text])).toThrow(`SW2104 --split ${text}: `);
    expect(() => parseSplits([text])).toThrow(why);
  });

  it('is refused twice for one layer', () => {
    expect(() => parseSplits(['a=rows:2', 'a=columns:2'])).toThrow(/SW2104 .* layer a is split twice/);
  });

  it('is how the layer is cut; axes left out are searched', () => {
    expect(parts(parseSplits([`${layer}=rows:3,columns:2,channels:4`]))).toEqual([3, 2, 4]);
    // Even a part of one row and column has four neurons: two parts of the channels never are all that it takes.
    const [rows, columns, channels] = parts(parseSplits([`${layer}=channels:2`]));
    expect(channels).toBe(2);
    expect((6 / rows!) * (6 / columns!) * 2).toBeLessThanOrEqual(24);
  });

  it('names a layer of the network, and no more parts than it has rows, columns or channels', () => {
    expect(() => parts(parseSplits(['layer9=rows:2']))).toThrow(/SW2104 --split layer9=rows:2: .* it has layer1, /);
    expect(() => parts(parseSplits([`${layer}=channels:5`]))).toThrow(/SW2104 .*: 5 parts are asked for of 4 channels/);
  });

  it('is refused where a core cannot hold its part, with the limit, the need and a split that fits', () => {
    const { code, what, fix } = refusal(parseSplits([`${layer}=rows:1,columns:2,channels:2`]));
    // 6 × 3 × 2 neurons.
    expect(`${code} ${what}`).toMatch(/^SW2103 even in 1 × 2 × 2 parts .* a core needs 36 compartments, tiny has 24/);
    const suggested = /^--split (\S+) fits/.exec(fix)![1]!;
    expect(parts(parseSplits([suggested]))).toEqual(parts(new Map()));
  });
});
