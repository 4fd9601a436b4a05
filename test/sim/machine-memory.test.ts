import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, MachineMemory } from '../../sim/machine-memory.js';
import { MemoryPages, openMachineMemory } from '../../sim/memory-pages.js';

interface Piece {
  readonly bytes: number;
  readonly isCommon: boolean;
}

const pieces = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 150_000 }), isCommon: fc.boolean() }), {
  minLength: 1,
  maxLength: 20,
});

/** The pieces' addresses, for each of some machines that ask for theirs in turns. */
function reserveAll(
  machines: readonly MachineMemory[],
  wanted: readonly Piece[],
  turns: readonly number[],
): Address[][] {
  const found: Address[][] = machines.map(() => []);
  const left = machines.flatMap((_, machine) => wanted.map(() => machine));
  for (const turn of turns) {
    if (left.length === 0) break;
    const [machine] = left.splice(turn % left.length, 1);
    const addresses = found[machine!]!;
    const { bytes, isCommon } = wanted[addresses.length]!;
    addresses.push(isCommon ? machines[machine!]!.reserveCommon(bytes) : machines[machine!]!.reserve(bytes));
  }
  return found;
}

describe('a memory of several machines', () => {
  it('gives each its own places, but for what they have in common, whoever comes first', () => {
    const turns = fc.array(fc.nat(), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(pieces, turns, (wanted, order) => {
        const memory = openMachineMemory();
        const machines = [0, 1, 2].map(() => new MachineMemory(memory));
        const found = reserveAll(machines, wanted, order);
        const taken: (readonly [begin: number, end: number])[] = [];
        for (const [machine, addresses] of found.entries()) {
          expect(addresses).toHaveLength(wanted.length);
          for (const [place, address] of addresses.entries()) {
            const { bytes, isCommon } = wanted[place]!;
            expect(address % 16).toBe(0);
            expect(address).toBeGreaterThan(0);
            // There, and nobody has written to it.
            expect(machines[machine]!.uint8(address, bytes).every((byte) => byte === 0)).toBe(true);
            if (isCommon && machine > 0) expect(address).toBe(found[0]![place]);
            else taken.push([address, address + bytes]);
          }
        }
        for (const machine of machines) machine.endPlacing();
        taken.sort(([a, pastA], [b, pastB]) => a - b || pastA - pastB);
        for (const [place, [begin]] of taken.entries()) {
          if (place > 0) expect(begin).toBeGreaterThanOrEqual(taken[place - 1]![1]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is not for machines that have something else in common', () => {
    const memory = openMachineMemory();
    const [one, other] = [new MachineMemory(memory), new MachineMemory(memory)];
    one.reserveCommon(32);
    other.reserveCommon(48);
    one.endPlacing();
    expect(() => other.endPlacing()).toThrow('32 and 48 B');
  });

  it('refuses what 32-bit addresses do not reach, and keeps what there is', () => {
    const memory = openMachineMemory();
    const pages = new MemoryPages(memory);
    const first = pages.take(2);
    expect(() => pages.take(65_536)).toThrow(/SW3010/);
    expect(pages.take(1)).toBe(first + 2);
  });
});
