import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { SynapseFormat } from '../../schemas/program.js';
import { Simulator } from '../../sim/simulate.js';
import { simulateStreamSlowly } from '../reference/reference-sim.js';
import { expectAsSlow } from './expect-as-slow.js';
import { buildProgram, drive, population, profile, range, readoutProfile } from './program-builder.js';
import { figure, tinyTarget } from './tiny-target.js';

/** Chips with rows and fan-in as long as real ones: sums pass through every loop, and 16 bits are not enough for them. */
const target = tinyTarget({
  arithmetic: { weight: { mantissaMax: 2047, step: 1, exponentMax: 7, bits: 12 } },
  limits: {
    compartmentsPerCore: figure(1024, 'compartments'),
    inputAxonsPerCore: figure(4096, 'axons'),
    outputAxonsPerCore: figure(4096, 'axons'),
    synapseMemoryPerCore: figure(131_072, 'B'),
  },
});

/**
 * How the rows are stored: all alike and dense, some acting later than others; as the atoms of one axon; dense from
 * different bases; with gaps; 12-bit weights; two exponents.
 */
const kinds = ['alike', 'late', 'atoms', 'shifted', 'gaps', 'wide', 'scaled'] as const;

const formats: readonly SynapseFormat[] = [
  { weightBits: 8, indexBits: 0, delayBits: 0, exponent: 0 },
  { weightBits: 8, indexBits: 8, delayBits: 0, exponent: 0 },
  { weightBits: 12, indexBits: 0, delayBits: 0, exponent: 1 },
  { weightBits: 4, indexBits: 0, delayBits: 0, exponent: 3 },
  { weightBits: 8, indexBits: 0, delayBits: 2, exponent: 0 },
];

/** `sources` neurons, all but the undriven firing at every step, into `compartments` readouts and hidden neurons. */
const wideCase = fc.gen().map((draw) => {
  const kind = draw(() => fc.constantFrom(...kinds));
  const sources = draw(fc.integer, { min: 1, max: 600 });
  const compartments = draw(fc.integer, { min: 1, max: 200 });
  const hidden = draw(fc.integer, { min: 0, max: compartments - 1 });
  // Heavy weights of one sign, or a sum would seldom pass 16 bits.
  const sign = draw(() => fc.constantFrom(-1, 1));
  const weight = kind === 'wide' ? 2047 : draw(() => fc.constantFrom(1, 100, 127));
  const mantissa = (most: number) => sign * Math.min(most, Math.max(0, weight - draw(fc.integer, { min: 0, max: 3 })));
  const row = (length: number, delay: number) => {
    const formatOf = (entry: number): number => {
      if (kind === 'gaps') return 1;
      if (kind === 'wide') return 2;
      if (kind === 'late') return 4;
      return kind === 'scaled' && entry % 2 === 1 ? 3 : 0;
    };
    const entries = [];
    for (let first = 0; first < length; first += 60) {
      const format = formatOf(entries.length);
      const most = format === 3 ? 7 : weight;
      const count = Math.min(60, length - first);
      const synapses = Array.from({ length: count }, (_, k) => [first + k, mantissa(most), delay] as const);
      const kept = kind === 'gaps' ? synapses.filter(([index]) => index % 41 < 20) : synapses;
      if (kept.length > 0) entries.push({ format, synapses: kept });
    }
    return entries;
  };
  const shift = kind === 'shifted' ? Math.floor(compartments / 3) : 0;
  const distinct = 4;
  const rows = Array.from({ length: distinct }, (_, k) => row(compartments - shift, kind === 'late' ? 1 + k : 1));
  const axons = kind === 'atoms' ? [{ atoms: rows }] : rows.map((entries) => ({ base: 0, entries }));
  const shared = Array.from({ length: sources - 1 }, () => ({
    base: shift === 0 ? 0 : draw(fc.integer, { min: 0, max: shift }),
    sameWordsAs: draw(fc.integer, { min: 0, max: axons.length - 1 }),
  }));
  const neurons = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
  const spiking = profile(draw(fc.integer, { min: 1, max: 40_000 }), {
    reset: draw(() => fc.constantFrom('hard' as const, 'soft' as const)),
    decay: Int32Array.of(draw(() => fc.constantFrom(0, 1, 1000))),
  });
  const program = buildProgram({
    timesteps: 3,
    populations: [
      population('a', sources, 0),
      population('hidden', Math.max(hidden, 1), 1),
      population('out', compartments - hidden, 1, 'readout'),
    ],
    drives: [drive('a', sources)],
    cores: [
      {
        core: 0,
        ranges: [range(0, neurons(sources))],
        profiles: [profile(1)],
        out: neurons(sources).map((k) => [[0, 1, k, kind === 'atoms' ? k % distinct : 0] as const]),
      },
      {
        core: 1,
        ranges: [...(hidden > 0 ? [range(1, neurons(hidden))] : []), range(2, neurons(compartments - hidden), hidden)],
        profiles: [spiking, readoutProfile(draw(() => fc.constantFrom(0, 77)))],
        compartmentProfile: neurons(compartments).map((k) => (k < hidden ? 0 : 1)),
        formats,
        axons: [...axons, ...shared],
      },
      ...(hidden > 0 ? [] : [{ core: 2, ranges: [range(1, [0])], profiles: [spiking] }]),
    ],
  });
  const silent = draw(fc.integer, { min: 1, max: 9 });
  return { program, drives: [Int32Array.from({ length: sources }, (_, k) => (k % silent === 1 ? 0 : 1))] };
});

describe('rows of hundreds of synapses from hundreds of sources', () => {
  it('add up to what the slow simulator finds', () => {
    fc.assert(
      fc.property(wideCase, ({ program, drives }) => {
        const simulator = new Simulator(program, target, { timing: 'off' });
        const slow = simulateStreamSlowly(program, target, [drives]);
        for (let time = 0; time < 2; time++) expectAsSlow([simulator.run(drives, { record: true })], slow);
      }),
      { numRuns: 60, seed: 6, endOnFailure: true },
    );
  });
});
