import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import type { CoreImage, Program } from '../../schemas/program.js';
import type { Target } from '../../schemas/target.js';
import { checkMachine } from '../../sim/check-machine.js';
import { loadMachine } from '../../sim/machine.js';
import { Simulator } from '../../sim/simulate.js';
import { arbitraryCase } from './arbitrary-program.js';
import { buildProgram, drive, plainFormats, population, profile, range, readoutProfile } from './program-builder.js';
import { figure, tinyTarget, unknownFigure } from './tiny-target.js';

const program = buildProgram({
  timesteps: 2,
  populations: [population('a', 2, 0), population('out', 3, 1, 'readout')],
  drives: [drive('a', 2, 1)],
  hostAxons: [{ chip: 0, core: 1, axon: 0, firstStep: 1 }],
  cores: [
    { core: 0, ranges: [range(0, [0, 1])], profiles: [profile(1)], out: [[[0, 1, 0]], [[0, 1, 1]]] },
    {
      core: 1,
      ranges: [range(1, [0, 1, 2])],
      profiles: [readoutProfile()],
      axons: [
        {
          entries: [
            {
              format: 0,
              synapses: [
                [0, 1],
                [0, 2],
                [0, 3],
              ],
            },
          ],
        },
        { entries: [{ format: 1, synapses: [[2, -1]] }] },
      ],
    },
  ],
});

/** Opens a simulator on a Program, once it has been seen that checking it alone comes to the same as loading it. */
function load(changed: Program, target: Target = tinyTarget()): () => unknown {
  expect(refusal(() => checkMachine(changed, target))).toBe(refusal(() => loadMachine(changed, target)));
  return () => new Simulator(changed, target, { timing: 'cycle' });
}

/** What an attempt is refused with. */
function refusal(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return error instanceof SpikewrightError ? error.message : String(error);
  }
}

/** The program with core `index` altered. */
function withCore(index: number, change: (core: CoreImage) => Partial<CoreImage>): Program {
  return { ...program, cores: program.cores.map((core, at) => (at === index ? { ...core, ...change(core) } : core)) };
}

/** Core 1 with its synapse memory altered. */
function withMemory(change: (words: BigUint64Array) => void): Program {
  return withCore(1, ({ synapseMemory }) => {
    const copy = synapseMemory.slice();
    change(new BigUint64Array(copy.buffer));
    return { synapseMemory: copy };
  });
}

describe('a program that contradicts itself is refused with a diagnostic', () => {
  it('as it stands it is sound', () => {
    expect(load(program)).not.toThrow();
  });

  it('in samples that overlap on a chip that cannot keep them apart', () => {
    const target = tinyTarget({ arithmetic: { windowReset: false } });
    expect(load({ ...program, sampleInterval: 2 }, target)).toThrow(/SW3011 .*every 2 timesteps and takes 3/);
  });

  it('in its synapse memory', () => {
    // Word 0: count 3, format 0, three bytes from bit 10; word 1: count 1, format 1, index 2 at bit 10, weight at 16.
    expect(load(withMemory((words) => words.fill(0n)))).toThrow(/SW3003 .*input axon 0: .* holds 0 synapses/);
    expect(load(withMemory((words) => words.set([words[0]! | (1n << 6n) | (1n << 7n)])))).toThrow(/synapse format 3/);
    expect(load(withMemory((words) => words.set([words[0]! | (1n << 9n)])))).toThrow(/bits set where none may be/);
    expect(load(withMemory((words) => words.set([words[0]! | (1n << 40n)])))).toThrow(/bits set where none may be/);
    expect(load(withMemory((words) => words.set([words[0]! | 63n])))).toThrow(/63 synapses; an entry has 1 to 60/);
    expect(load(withMemory((words) => words.set([(words[0]! & ~63n) | 60n])))).toThrow(
      /needs 8 words, the axon has 1 left/,
    );
    // Weight byte 0 becomes 0x80 = −128.
    const heavy = withMemory((words) => words.set([(words[0]! & ~(0xffn << 10n)) | (0x80n << 10n)]));
    expect(load(heavy)).toThrow(/mantissa -128; the chip has −127 to 127/);
  });

  it('in the atoms of its axons', () => {
    // Axon 0 of two atoms: the entry of three synapses in word 0, and, as if it were the list of atom 1, that in word 1.
    const two = withCore(1, ({ axonsIn }) => ({
      axonsIn: { ...axonsIn, atoms: Uint16Array.of(2, 1), words: Uint16Array.of(1, 1) },
    }));
    const alone = { ...two, hostAxons: [] };
    expect(load(alone)).not.toThrow();
    const memory = (change: (words: BigUint64Array) => void): Program => {
      const copy = structuredClone(alone);
      change(new BigUint64Array(copy.cores[1]!.synapseMemory.buffer));
      return copy;
    };
    // A word of zeros is an entry without synapses; axon 1, a discrete one, shares word 1 and may not have it.
    expect(load(memory((words) => words.fill(0n, 0, 1)))).not.toThrow();
    expect(load(memory((words) => words.fill(0n)))).toThrow(/SW3003 .*input axon 1: .* holds 0 synapses/);
    expect(load(memory((words) => words.fill(1n << 60n, 0, 1)))).toThrow(
      /SW3003 chip 0, core 1, input axon 0, atom 0: word 0 has bits set where none may be/,
    );
    expect(load(memory((words) => words.set([words[1]! | 63n], 1)))).toThrow(/input axon 0, atom 1: .*63 synapses/);
    const named = structuredClone(alone);
    named.cores[0]!.axonsOut.atom[0] = 2;
    expect(load(named)).toThrow(/SW1006 .*names atom 2 of input axon 0/);
  });

  it('in lists of atoms that axons share beyond measure', () => {
    // 64 words of zeros, and a population axon for every first word and every number of atoms that fits: 43,680 lists.
    const spans = Array.from({ length: 63 }, (_, first) => {
      return Array.from({ length: 63 - first }, (_, more) => [first, 2 + more] as const);
    }).flat();
    const shared = withCore(1, () => ({
      synapseMemory: new Uint8Array(8 * 64),
      axonsIn: {
        firstWord: Uint32Array.from(spans, ([first]) => first),
        words: new Uint16Array(spans.length).fill(1),
        base: new Int16Array(spans.length),
        atoms: Uint16Array.from(spans, ([, atoms]) => atoms),
      },
    }));
    const { limits } = tinyTarget();
    const populationAxon = { atomsMax: unknownFigure('atoms'), outputAxons: figure(1, 'axons') };
    const roomy = { ...tinyTarget(), limits: { ...limits, inputAxonsPerCore: unknownFigure('axons'), populationAxon } };
    expect(load({ ...shared, hostAxons: [] }, roomy)).toThrow(/SW3003 .*more than 16,384 synapses/);
  });

  it('in targets beyond its compartments', () => {
    const shifted = withCore(1, ({ axonsIn }) => ({ axonsIn: { ...axonsIn, base: Int16Array.of(1, 0) } }));
    expect(load(shifted)).toThrow(/SW3003 chip 0, core 1, input axon 0: its synapses reach compartments 1 to 3/);
    const below = withCore(1, ({ axonsIn }) => ({ axonsIn: { ...axonsIn, base: Int16Array.of(0, -3) } }));
    expect(load(below)).toThrow(/SW3003 .*input axon 1: its synapses reach compartments -1 to -1/);
  });

  it('in stretches that overlap beyond measure', () => {
    // 200 one-word entries of 6 synapses, and 200 axons that each own the words from their own number to the end.
    const words = new BigUint64Array(200).fill(BigInt(6) | (1n << 10n));
    const axons = 200;
    const overlapping = withCore(1, () => ({
      synapseMemory: new Uint8Array(words.buffer),
      synapseFormats: [{ weightBits: 8, indexBits: 0, delayBits: 0, exponent: 0 }],
      axonsIn: {
        firstWord: Uint32Array.from({ length: axons }, (_, k) => k),
        words: Uint16Array.from({ length: axons }, (_, k) => axons - k),
        base: new Int16Array(axons),
        atoms: new Uint16Array(axons).fill(1),
      },
    }));
    const roomy = tinyTarget({ limits: { inputAxonsPerCore: figure(4096, 'axons') } });
    // 6 · 200 · 201 / 2 = 120,600 synapses; 256 a word allow 51,200.
    expect(load(overlapping, roomy)).toThrow(/SW3003 .*more than 51,200 synapses/);
  });

  it('in its profiles', () => {
    const wrongKind = withCore(1, () => ({ profiles: [profile(1)] }));
    expect(load(wrongKind)).toThrow(/SW3001 chip 0, core 1: compartment 0 of readout population out has a profile/);
    const wild = withCore(0, () => ({ profiles: [profile(1, { resetBy: Int32Array.of(-1) })] }));
    expect(load(wild)).toThrow(/SW3001 .*profile 0/);
  });

  it('in its readouts, drives and messages', () => {
    const populations = program.populations.map((entry) => ({ ...entry, kind: 'readout' as const }));
    expect(load({ ...program, populations })).toThrow(/SW3001 tiny: 2 readout populations/);
    expect(load({ ...program, drives: [program.drives[0]!, program.drives[0]!] })).toThrow(/SW3001 .*two drives/);
    expect(load({ ...program, drives: [{ ...program.drives[0]!, grid: null }] })).toThrow(/SW3001 .*missing/);
    const lost = withCore(0, ({ axonsOut }) => ({ axonsOut: { ...axonsOut, core: Uint16Array.of(1, 9) } }));
    expect(load(lost)).toThrow(SpikewrightError);
  });

  it('in weights that no accumulator could sum', () => {
    // Mantissa 127, exponent 7, steps of 2^16: 127·2^23 = 1,065,353,216 a message; three sources pass 2^31.
    const heavy = buildProgram({
      timesteps: 1,
      populations: [population('a', 3, 0), population('out', 1, 1, 'readout')],
      drives: [drive('a', 3)],
      cores: [
        {
          core: 0,
          ranges: [range(0, [0, 1, 2])],
          profiles: [profile(1)],
          out: [[[0, 1, 0]], [[0, 1, 0]], [[0, 1, 0]]],
        },
        {
          core: 1,
          ranges: [range(1, [0])],
          profiles: [readoutProfile()],
          formats: [{ ...plainFormats[0]!, exponent: 7 }],
          axons: [{ entries: [{ format: 0, synapses: [[0, 127]] }] }],
        },
      ],
    });
    const { weight } = tinyTarget().arithmetic;
    const target = tinyTarget({ arithmetic: { weight: { ...weight, step: 2 ** 16 } } });
    expect(load(heavy, target)).toThrow(
      /SW3007 chip 0, core 1: the weights of one compartment sum to as much as 3,196,059,648/,
    );
  });
});

describe('a program that the chip cannot hold is refused', () => {
  const limited = (limits: Partial<Target['limits']>): Target => tinyTarget({ limits });

  it('with the need, the limit and the unit', () => {
    expect(load(program, limited({ synapseMemoryPerCore: figure(8, 'B') }))).toThrow(
      /SW3002 chip 0, core 1: 16 B of synapse memory, tiny has 8\./,
    );
    expect(load(program, limited({ compartmentsPerCore: figure(2, 'compartments') }))).toThrow(/3 compartments/);
    expect(load(program, limited({ inputAxonsPerCore: figure(1, 'axons') }))).toThrow(/2 input axons/);
    expect(load(program, limited({ outputAxonsPerCore: figure(1, 'axons') }))).toThrow(/2 output axons/);
    expect(load(program, limited({ synapseFormatsPerCore: figure(1, 'formats') }))).toThrow(/2 synapse formats/);
    expect(load(program, limited({ coresPerChip: figure(1, 'cores') }))).toThrow(/chip 0, core 1: .* has 1 cores/);
    expect(load({ ...program, chips: 4 })).toThrow(/SW3002 tiny: 4 chips; tiny has 3/);
  });

  it('in population axons and delays', () => {
    const atoms = {
      ...withCore(1, ({ axonsIn }) => ({ axonsIn: { ...axonsIn, atoms: Uint16Array.of(2, 1) } })),
      hostAxons: [],
    };
    const { atomsMax, outputAxons } = { atomsMax: figure(1, 'atoms'), outputAxons: figure(2, 'axons') };
    expect(load(atoms, limited({ populationAxon: null }))).toThrow(/SW3002 .*population axons, which tiny has not/);
    expect(load(atoms, limited({ populationAxon: { atomsMax, outputAxons } }))).toThrow(/2 atoms of one input axon/);
    // Core 0 sends to the population axon, which takes two of its output axons, and to a discrete one.
    expect(load(atoms, limited({ outputAxonsPerCore: figure(3, 'axons') }))).not.toThrow();
    expect(load(atoms, limited({ outputAxonsPerCore: figure(2, 'axons') }))).toThrow(/3 output axons, tiny has 2/);
    // With 2 delay bits word 1 reads as index 2, delay 1 + 3, weight −1 >> 2.
    const delayed = withCore(1, () => ({ synapseFormats: [plainFormats[0]!, { ...plainFormats[1]!, delayBits: 2 }] }));
    expect(load(delayed, limited({ delayMax: figure(4, 'timesteps') }))).not.toThrow();
    expect(load(delayed, limited({ delayMax: figure(3, 'timesteps') }))).toThrow(
      /SW3002 chip 0, core 1, input axon 1: word 1 holds a delay of 4 timesteps; the chip has up to 3/,
    );
  });

  it('unless the limit is unknown', () => {
    expect(load(program, limited({ synapseMemoryPerCore: unknownFigure('B') }))).not.toThrow();
  });

  it('for what the chip cannot do', () => {
    const soft = withCore(0, () => ({ profiles: [profile(1, { reset: 'soft' })] }));
    expect(load(soft, tinyTarget({ arithmetic: { resets: ['hard'] } }))).toThrow(/SW3002 .*soft reset/);
    const tables = withCore(0, () => ({ profiles: [profile(1, { threshold: Int32Array.of(1, 2) })] }));
    expect(load(tables, tinyTarget({ arithmetic: { perStepTables: false } }))).toThrow(/SW3002 .*change by timestep/);
    const biased = withCore(0, () => ({ bias: { rows: 1, data: Int32Array.of(1, 2) } }));
    expect(load(biased, tinyTarget({ arithmetic: { biasGate: false } }))).toThrow(/SW3002 .*static bias/);
    expect(load(program, tinyTarget({ arithmetic: { bias: null } }))).toThrow(/SW3002 drive of a/);
    const wide = withCore(1, () => ({
      synapseFormats: [{ weightBits: 9, indexBits: 0, delayBits: 0, exponent: 0 }, plainFormats[1]!],
    }));
    expect(load(wide)).toThrow(/SW3002 .*9 weight bits/);
  });

  it('and so is a chip that cannot be simulated', () => {
    expect(load(program, limited({ entryHeaderBits: unknownFigure('bit') }))).toThrow(/SW3004/);
    expect(load(program, limited({ synapseWordBits: figure(32, 'bit') }))).toThrow(/SW3004/);
    expect(load(program, tinyTarget({ arithmetic: { membraneMax: 2 ** 40 } }))).toThrow(/SW3004/);
    expect(load(program, tinyTarget({ timing: { axonIn: figure(3, 'cycles') } }))).toThrow(/SW3004 timing.axonIn/);
  });
});

describe('a drive that does not fit is refused', () => {
  const simulator = new Simulator(program, tinyTarget(), { timing: 'off' });

  it('for its number, its length, its grid', () => {
    expect(() => simulator.run([])).toThrow(/SW3006 tiny: 0 drives were given, the program has 1/);
    expect(() => simulator.run([Int32Array.of(2)])).toThrow(/SW3006 drive of a: 1 currents for 2 neurons/);
    expect(() => simulator.run([Int32Array.of(2, 3)])).toThrow(
      /the current 3 of neuron 1 is not one of −8190 to 8190 in/,
    );
    expect(() => simulator.run([Int32Array.of(-8192, 0)])).toThrow(/the current -8192 of neuron 0/);
  });
});

describe('any damage to any program', () => {
  it('ends in a diagnostic or in a run, never in another error', () => {
    const damage = fc.record({ core: fc.nat(), byte: fc.nat(), value: fc.nat(255), table: fc.nat(9) });
    fc.assert(
      fc.property(arbitraryCase, fc.array(damage, { minLength: 1, maxLength: 4 }), (sound, wounds) => {
        const broken = structuredClone(sound.program);
        for (const { core, byte, value, table } of wounds) {
          const image = broken.cores[core % broken.cores.length]!;
          const { axonsIn, axonsOut } = image;
          const tables = [
            image.synapseMemory,
            axonsIn.firstWord,
            axonsIn.words,
            axonsIn.base,
            axonsOut.offsets,
            axonsOut.axon,
            axonsOut.core,
            image.compartmentProfile,
            axonsIn.atoms,
            axonsOut.atom,
          ];
          const bytes = new Uint8Array(tables[table]!.buffer);
          if (bytes.length > 0) bytes[byte % bytes.length] = value;
        }
        try {
          new Simulator(broken, sound.target, { timing: 'cycle' }).run(sound.samples[0]!);
        } catch (error) {
          expect(error).toBeInstanceOf(SpikewrightError);
        }
      }),
      { numRuns: 300, seed: 5, endOnFailure: true },
    );
  });
});
