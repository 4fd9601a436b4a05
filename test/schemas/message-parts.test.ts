import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spikewright } from '../../schemas/generated/messages.js';
import { joinParts, PartsWriter } from '../../schemas/message-parts.js';

/** Lengths around 4,096 B, from which a field is kept, and around those at which a length takes a byte more. */
const lengths = fc.constantFrom(0, 1, 110, 127, 128, 4095, 4096, 4097, 16_383, 16_384, 20_000);
const bytes = fc.tuple(lengths, fc.nat(255)).map(([length, fill]) => new Uint8Array(length).fill(fill));
const core = fc.record({
  chip: fc.nat(300),
  ranges: fc.array(fc.record({ population: fc.nat(3), neurons: bytes }), { maxLength: 3 }),
  synapseMemory: bytes,
  outChip: bytes,
});
const programs = fc.record({ name: fc.string(), cores: fc.array(core, { maxLength: 4 }), sampleInterval: fc.nat() });

describe('a message in parts', () => {
  it('is the message in one, its large fields not copied', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const writer = new PartsWriter();
        spikewright.ProgramFile.encode(program, writer);
        const parts = writer.parts();
        const whole = spikewright.ProgramFile.encode(program).finish();
        expect(Buffer.compare(joinParts(parts), whole)).toBe(0);
        const large = program.cores.flatMap(({ ranges, synapseMemory, outChip }) =>
          [...ranges.map(({ neurons }) => neurons), synapseMemory, outChip].filter(({ length }) => length >= 4096),
        );
        expect(large.every((field) => parts.includes(field))).toBe(true);
      }),
    );
  });
});
