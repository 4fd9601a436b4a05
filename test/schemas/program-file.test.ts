import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CoreImage, PROGRAM_VERSION, type Program } from '../../schemas/program.js';
import { checkProgram } from '../../schemas/program-check.js';
import { decodeProgram, encodeProgram } from '../../schemas/program-file.js';
import { damaged, expectCode, expectDiagnosticOrValue, resealed, truncations } from './hostile.js';
import { programs } from './spike-arbitraries.js';

/** Three neurons on one core; the first two reach input axon 0, whose two words end where the memory ends. */
const core: CoreImage = {
  chip: 0,
  core: 1,
  compartmentCount: 3,
  ranges: [
    { population: 0, first: 0, neurons: Int32Array.of(1, 0) },
    { population: 1, first: 2, neurons: Int32Array.of(0) },
  ],
  profiles: [
    {
      spiking: true,
      reset: 'hard',
      threshold: Int32Array.of(64, 128),
      resetBy: Int32Array.of(0),
      decay: Int32Array.of(0),
    },
  ],
  compartmentProfile: Uint8Array.of(0, 0, 0),
  bias: { rows: 2, data: Int32Array.of(1, 2, 3, 4, 5, 6) },
  synapseFormats: [{ weightBits: 8, indexBits: 0, delayBits: 0, exponent: 3 }],
  synapseMemory: new Uint8Array(24),
  axonsIn: { firstWord: Uint32Array.of(1), words: Uint16Array.of(2), base: Int16Array.of(2), atoms: Uint16Array.of(1) },
  axonsOut: {
    offsets: Uint32Array.of(0, 1, 2, 2),
    chip: Uint16Array.of(0, 0),
    core: Uint16Array.of(1, 1),
    axon: Uint16Array.of(0, 0),
    atom: Uint16Array.of(0, 0),
  },
};

const small: Program = {
  formatVersion: PROGRAM_VERSION,
  name: 'small',
  provenance: { spikewrightVersion: '0.1.0', sources: [{ role: 'model', sha256: 'a'.repeat(64) }], options: '{}' },
  targetJson: '{}',
  timesteps: 2,
  stepsPerSample: 3,
  sampleInterval: 3,
  chips: 1,
  populations: [
    { name: 'eye', kind: 'spiking', shape: [1, 2, 1], phase: 0, scale: 1, relayOf: null },
    { name: 'logits', kind: 'readout', shape: [1, 1, 1], phase: 1, scale: 1, relayOf: null },
  ],
  drives: [],
  hostAxons: [{ chip: 0, core: 1, axon: 0, firstStep: 1 }],
  cores: [core],
};

const withCore = (change: Partial<CoreImage>): Program => ({ ...small, cores: [{ ...core, ...change }] });
const axonsOut = (change: object): Program => withCore({ axonsOut: { ...core.axonsOut, ...change } });

describe('Program files', () => {
  it('reads the images of cores into memory that threads share', () => {
    const read = decodeProgram(encodeProgram(small), 'small');
    const cloned = structuredClone(read);
    for (const [one, other] of [
      [read.cores[0]!.synapseMemory, cloned.cores[0]!.synapseMemory],
      [read.cores[0]!.axonsOut.axon, cloned.cores[0]!.axonsOut.axon],
    ] as const) {
      one[0] = 7;
      expect(other[0]).toBe(7);
    }
  });

  it('give back every Program, and the same bytes again', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const bytes = encodeProgram(program);
        const read = decodeProgram(bytes, 'x.swp');
        expect(read).toEqual(program);
        expect(encodeProgram(read)).toEqual(bytes);
      }),
    );
  });

  it('refuse every truncation and every flipped byte', () => {
    const bytes = encodeProgram(small);
    for (const cut of truncations(bytes)) expect(() => decodeProgram(cut, 'x')).toThrow(/SW100[23]/);
    fc.assert(
      fc.property(damaged(bytes), (bad) => {
        expect(() => decodeProgram(bad, 'x')).toThrow(/SW100[23]/);
      }),
    );
  });

  it('answer damage behind a right checksum with diagnostics alone', () => {
    const sound = encodeProgram(small);
    fc.assert(
      fc.property(damaged(sound), (bytes) => expectDiagnosticOrValue(() => decodeProgram(resealed(bytes), 'x'))),
      { numRuns: 3000 },
    );
    for (let length = 0; length < sound.length; length++) {
      expectDiagnosticOrValue(() => decodeProgram(resealed(sound.slice(0, length)), 'x'));
    }
  });
});

describe('the check of a Program', () => {
  it('passes the small Program', () => {
    expect(() => checkProgram(small, 'x.swp')).not.toThrow();
  });

  it.each<[string, string, Program]>([
    ['SW1005', 'no timesteps', { ...small, timesteps: 0 }],
    ['SW1005', 'no chips', { ...small, chips: 0 }],
    ['SW1005', 'steps that end before the readout', { ...small, stepsPerSample: 2 }],
    ['SW1005', 'samples that begin before the last window is over', { ...small, sampleInterval: 1 }],
    ['SW1005', 'samples that begin late', { ...small, sampleInterval: 4 }],
    ['SW1005', 'an axon without atoms', withCore({ axonsIn: { ...core.axonsIn, atoms: Uint16Array.of(0) } })],
    [
      'SW1005',
      'more delay bits than any chip has',
      withCore({ synapseFormats: [{ weightBits: 8, indexBits: 0, delayBits: 17, exponent: 0 }] }),
    ],
    ['SW1005', 'a core on a chip that is not there', withCore({ chip: 1 })],
    ['SW1005', 'a huge number of compartments', withCore({ compartmentCount: 2 ** 32 - 1 })],
    ['SW1005', 'a bias of 3 rows at T = 2', withCore({ bias: { rows: 3, data: new Int32Array(9) } })],
    ['SW1005', 'a bias of too few values', withCore({ bias: { rows: 1, data: new Int32Array(2) } })],
    [
      'SW1005',
      'a threshold table of 3 rows',
      withCore({ profiles: [{ ...core.profiles[0]!, threshold: new Int32Array(3) }] }),
    ],
    ['SW1005', 'a decay above 4096', withCore({ profiles: [{ ...core.profiles[0]!, decay: Int32Array.of(4097) }] })],
    ['SW1005', 'synapse memory of half words', withCore({ synapseMemory: new Uint8Array(20) })],
    [
      'SW1005',
      'input axons of unequal columns',
      withCore({ axonsIn: { ...core.axonsIn, words: Uint16Array.of(1, 1) } }),
    ],
    ['SW1005', 'output axons of unequal columns', axonsOut({ axon: Uint16Array.of(0) })],
    ['SW1005', 'offsets that descend', axonsOut({ offsets: Uint32Array.of(0, 2, 1, 2) })],
    ['SW1005', 'offsets that end early', axonsOut({ offsets: Uint32Array.of(0, 1, 1, 1) })],
    [
      'SW1005',
      'a host axon that outlasts the sample',
      { ...small, hostAxons: [{ chip: 0, core: 1, axon: 0, firstStep: 2 }] },
    ],
    [
      'SW1005',
      'a weight format without bits',
      withCore({ synapseFormats: [{ weightBits: 0, indexBits: 0, delayBits: 0, exponent: 0 }] }),
    ],
    ['SW1006', 'an atom that its axon lacks', axonsOut({ atom: Uint16Array.of(0, 1) })],
    [
      'SW1006',
      'atoms whose words end beyond the memory',
      withCore({ axonsIn: { ...core.axonsIn, atoms: Uint16Array.of(2) } }),
    ],
    [
      'SW1006',
      'no readout',
      { ...small, populations: small.populations.map((p) => ({ ...p, kind: 'spiking' as const })) },
    ],
    ['SW1006', 'two cores of one number', { ...small, cores: [core, core] }],
    ['SW1006', 'a profile that is not there', withCore({ compartmentProfile: Uint8Array.of(0, 1, 0) })],
    [
      'SW1006',
      'a range of no population',
      withCore({ ranges: [{ population: 2, first: 0, neurons: Int32Array.of(0) }] }),
    ],
    [
      'SW1006',
      'a range beyond the compartments',
      withCore({ ranges: [{ population: 0, first: 2, neurons: Int32Array.of(0, 1) }] }),
    ],
    ['SW1006', 'ranges that overlap', withCore({ ranges: core.ranges.map((range) => ({ ...range, first: 1 })) })],
    ['SW1006', 'a neuron left out', withCore({ ranges: core.ranges.slice(0, 1) })],
    [
      'SW1006',
      'a neuron placed twice',
      withCore({ ranges: [{ population: 0, first: 0, neurons: Int32Array.of(0, 0) }, core.ranges[1]!] }),
    ],
    [
      'SW1006',
      'a neuron that does not exist',
      withCore({ ranges: [{ population: 0, first: 0, neurons: Int32Array.of(0, -1) }, core.ranges[1]!] }),
    ],
    ['SW1006', 'words beyond the memory', withCore({ axonsIn: { ...core.axonsIn, firstWord: Uint32Array.of(2) } })],
    ['SW1006', 'an output axon to no core', axonsOut({ core: Uint16Array.of(1, 2) })],
    ['SW1006', 'an output axon to no input axon', axonsOut({ axon: Uint16Array.of(0, 1) })],
    ['SW1006', 'a host axon to nothing', { ...small, hostAxons: [{ chip: 0, core: 0, axon: 0, firstStep: 0 }] }],
    [
      'SW1007',
      'a huge population',
      { ...small, populations: [{ ...small.populations[0]!, shape: [65_536, 65_536, 9] }, small.populations[1]!] },
    ],
  ])('throws %s at %s', (code, _, program) => {
    expectCode(code, () => checkProgram(program, 'x.swp'));
  });
});
