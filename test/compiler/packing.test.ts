import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListSizer, SynapseWriter } from '../../compiler/packing.js';
import { loadTarget } from '../../targets/load.js';

const { limits } = loadTarget('loihi1');

describe('synapse memory', () => {
  it('packs an entry from the least significant bit: count, format, then index below weight', () => {
    const writer = new SynapseWriter(limits);
    const format = { weightBits: 8, indexBits: 6, delayBits: 0, exponent: 0 };
    writer.append(2, format, 60, { mantissas: Int32Array.of(-1, 5), index: Int32Array.of(3, 63), delay: 1 });
    // Header (10 bits): 2 synapses | format 2 << 6 = 130.
    // Synapse 0 at bit 10: index 3 | 0xff << 6 = 16323. Synapse 1 at bit 24: index 63 | 5 << 6 = 383.
    const word = 130n | (16323n << 10n) | (383n << 24n);
    expect(new DataView(writer.bytes().buffer).getBigUint64(0, true)).toBe(word);
    expect(writer.words).toBe(1);
  });

  it('starts every entry on a word and lets a synapse straddle two', () => {
    const writer = new SynapseWriter(limits);
    const format = { weightBits: 8, indexBits: 0, delayBits: 0, exponent: 0 };
    // 10 + 7·8 = 66 bits are two words; the eighth synapse begins the second entry, in word 2.
    writer.append(0, format, 7, {
      mantissas: Int32Array.of(1, 2, 3, 4, 5, 6, -2, 9),
      index: new Int32Array(8),
      delay: 1,
    });
    expect(writer.words).toBe(3);
    const view = new DataView(writer.bytes().buffer);
    // Synapse 6 lies at bits 58 to 65: of 0xfe, 0b111110 below and 0b11 in the next word.
    expect(view.getBigUint64(0, true) >> 58n).toBe(0b111110n);
    expect(view.getBigUint64(8, true)).toBe(0b11n);
    expect(view.getBigUint64(16, true)).toBe(1n | (9n << 10n));
  });

  it('sizes lists: 60 synapses of 8 bits are 8 words, 61 take two entries', () => {
    const dense = new ListSizer(limits, 8);
    // 10 + 480 = 490 bits ≤ 8·64 = 512.
    expect(dense.size(60)).toEqual({ words: 8, chunk: 60 });
    expect(dense.size(61).words).toBe(9);
    expect(dense.size(6)).toEqual({ words: 1, chunk: 6 });
    expect(dense.size(7)).toEqual({ words: 2, chunk: 7 });
  });

  it('cuts lists where whole words waste least', () => {
    // 17-bit synapses: 60 take 1,030 bits, 17 words; 59 take 1,013 bits, 16 words; 51 take 877 and 50 take 860, 14 words.
    // So 110 in entries of 60 and 50 are 31 words, in entries of 59 and 51 they are 30.
    expect(new ListSizer(limits, 17).size(110)).toEqual({ words: 30, chunk: 59 });
  });

  it('writes exactly the words that it sized', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.constantFrom(0, 6, 9, 12), (count, indexBits) => {
        const { words, chunk } = new ListSizer(limits, 8 + indexBits).size(count);
        const writer = new SynapseWriter(limits);
        writer.append(0, { weightBits: 8, indexBits, delayBits: 0, exponent: 0 }, chunk, {
          mantissas: new Int32Array(count),
          index: new Int32Array(count),
          delay: 1,
        });
        expect(writer.words).toBe(words);
        expect(chunk).toBeLessThanOrEqual(60);
      }),
    );
  });
});
