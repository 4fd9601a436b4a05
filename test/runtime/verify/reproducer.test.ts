import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeImages } from '../../../runtime/drive.js';
import { startEager } from '../../../runtime/engine/start.js';
import { locateFault } from '../../../runtime/verify/fault.js';
import { makeReproducer, readReproducer, reproducerSummary } from '../../../runtime/verify/reproducer.js';
import { SideBySide } from '../../../runtime/verify/side-by-side.js';
import type { Program } from '../../../schemas/program.js';
import type { Reproducer } from '../../../schemas/reproducer.js';
import type { IntegerSpikeGraph } from '../../../schemas/spike.js';
import { loadTarget } from '../../../targets/load.js';
import { snnGraph } from '../../property/arbitrary-snn.js';
import { randomImages } from '../../property/arbitrary-spike.js';
import { compileIfFits } from '../../property/compile-if-fits.js';
import { mutations } from '../../property/mutate.js';
import { expectCode } from '../../schemas/hostile.js';

const hashes = { program: 'a'.repeat(64), graph: 'b'.repeat(64) };

interface Case {
  readonly sound: Program;
  readonly program: Program;
  /** The core that was spoilt. */
  readonly spoilt: { readonly chip: number; readonly core: number };
  readonly graph: IntegerSpikeGraph;
  readonly drives: readonly Int32Array[];
  readonly reproducer: Reproducer;
}

/** Faults of every kind, each with the first of its images that shows it. */
const cases: Case[] = [];

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
  const target = loadTarget('tiny');
  for (const snn of fc.sample(snnGraph('hard'), { seed: 11, numRuns: 8 })) {
    const compiled = compileIfFits(snn, target);
    if (compiled === null) continue;
    const { program: sound, spikeGraph: graph } = compiled;
    const samples = encodeImages(graph.drives, randomImages(graph.drives[0]!.inputShape, 4, 5));
    for (const mutate of Object.values(mutations)) {
      const mutant = mutate(sound, 6);
      if (mutant === null) continue;
      const { program, chip, core } = mutant;
      for (const [sample, drives] of samples.entries()) {
        const reproducer = await makeReproducer({ program, graph, hashes }, { sample, drives }, {});
        if (reproducer === null) continue;
        cases.push({ sound, program, spoilt: { chip, core }, graph, drives, reproducer });
        break;
      }
    }
  }
});

const textOf = (reproducer: unknown): string => JSON.stringify(reproducer);

/** Mismatch of a reproducer with some currents replaced, read back as its file would be. */
async function mismatch(program: Program, { graph }: Case, reproducer: Reproducer) {
  const { drives } = readReproducer(textOf(reproducer), 'case.json', graph, hashes.graph);
  const pair = new SideBySide(program, graph);
  const { firstMismatch } = await pair.compare(drives, reproducer.timesteps, reproducer.sample);
  pair.dispose();
  return firstMismatch;
}

/** The reproducer without its `index`-th current, counted over all drives. */
function without(reproducer: Reproducer, index: number): Reproducer {
  let seen = 0;
  return {
    ...reproducer,
    drives: reproducer.drives.map((drive) => ({
      ...drive,
      currents: drive.currents.filter(() => seen++ !== index),
    })),
  };
}

const currentsOf = ({ drives }: Reproducer) => drives.flatMap(({ currents }) => currents);

describe('a reproducer', () => {
  it('shows the same difference from its file, and none on the sound program', async () => {
    expect(cases.length).toBeGreaterThanOrEqual(8);
    for (const found of cases) {
      const { reproducer } = found;
      expect(await mismatch(found.program, found, reproducer)).toEqual({
        sample: reproducer.sample,
        ...reproducer.mismatch,
      });
      expect(await mismatch(found.sound, found, reproducer)).toBeNull();
    }
  });

  it('leads to the core at fault', () => {
    for (const { program, graph, reproducer, spoilt } of cases) {
      expect(locateFault(program, graph, reproducer.mismatch)).toMatchObject(spoilt);
    }
  });

  it('has no current that can be left out and none that is larger than in the sample', async () => {
    let isSmaller = false;
    for (const found of cases) {
      const { reproducer, drives } = found;
      expect(reproducer.isMinimal).toBe(true);
      for (const [drive, { currents }] of reproducer.drives.entries()) {
        for (const [neuron, current] of currents) {
          const original = drives[drive]![neuron]!;
          expect(Math.sign(current)).toBe(Math.sign(original));
          expect(Math.abs(current)).toBeLessThanOrEqual(Math.abs(original));
          if (current !== original) isSmaller = true;
        }
      }
      const driven = drives.reduce((sum, currents) => sum + currents.filter((current) => current !== 0).length, 0);
      const kept = currentsOf(reproducer).length;
      expect(kept).toBeLessThan(driven);
      for (let index = 0; index < kept; index += 1) {
        expect(await mismatch(found.program, found, without(reproducer, index))).toBeNull();
      }
    }
    expect(isSmaller).toBe(true);
  });

  it('takes the fewest timesteps that show the difference on its sample', async () => {
    for (const { program, graph, drives, reproducer } of cases) {
      const pair = new SideBySide(program, graph);
      for (let timesteps = 1; timesteps <= reproducer.timesteps; timesteps += 1) {
        const { spikeMismatches } = await pair.compare(drives, timesteps, 0);
        if (timesteps < reproducer.timesteps) expect(spikeMismatches).toBe(0);
      }
      pair.dispose();
      expect(reproducer.mismatch.timestep).toBeLessThan(reproducer.timesteps);
    }
  });

  it('is null of a sample on which chip and twin agree', async () => {
    const { sound: program, graph, drives } = cases[0]!;
    expect(await makeReproducer({ program, graph, hashes }, { sample: 0, drives }, {})).toBeNull();
  });

  it('tells its progress and stops when told to', async () => {
    const { program, graph, drives } = cases[0]!;
    const abort = new AbortController();
    const told: number[] = [];
    const progress = (done: number): void => {
      told.push(done);
      if (done === 3) abort.abort(new Error('enough'));
    };
    const running = makeReproducer(
      { program, graph, hashes },
      { sample: 0, drives },
      { progress, signal: abort.signal },
    );
    await expect(running).rejects.toThrow('enough');
    expect(told).toEqual([1, 2, 3]);
  });

  it('says in a few words what it takes', () => {
    const { reproducer, graph } = cases[0]!;
    const kept = currentsOf(reproducer).length;
    expect(reproducerSummary(reproducer, graph)).toMatch(
      new RegExp(`^1 sample, ${reproducer.timesteps} of ${graph.timesteps} timesteps, ${kept} of \\d+ input currents$`),
    );
  });
});

describe('a reproducer file', () => {
  // biome-ignore lint/suspicious/noExplicitAny: tests break the type on purpose
  const changed = (change: (reproducer: any) => void): string => {
    const copy = structuredClone(cases[0]!.reproducer);
    change(copy);
    return textOf(copy);
  };

  it.each<[string, string, string, (reproducer: Reproducer) => string]>([
    ['that is no JSON', 'SW1020', 'this is no JSON', () => '{'],
    [
      'with a misspelt key',
      'SW1021',
      'Did you mean "timesteps"?',
      () => changed((r) => Object.assign(r, { timestep: 1 })),
    ],
    ['without a mismatch', 'SW1022', '"mismatch"', () => changed((r) => delete r.mismatch)],
    ['with half a current', 'SW1023', 'currents', () => changed((r) => r.drives[0].currents.push([0, 0.5]))],
    ['of another network', 'SW5010', 'cccccccccccccccc…', () => changed((r) => (r.graph.sha256 = 'c'.repeat(64)))],
    ['with too many timesteps', 'SW5011', 'it takes 9000 timesteps', () => changed((r) => (r.timesteps = 9000))],
    [
      'that drives something else',
      'SW5011',
      'it drives nobody',
      () => changed((r) => (r.drives[0].population = 'nobody')),
    ],
    [
      'with a neuron too many',
      'SW5011',
      'neuron 1000000 of',
      () => changed((r) => r.drives[0].currents.push([1e6, 1])),
    ],
    [
      'off the grid',
      'SW5011',
      'its grid has multiples of',
      () => changed((r) => r.drives[0].currents.push([0, 2 ** 31 - 1])),
    ],
  ])('%s is refused', (_, code, hint, make) => {
    const { graph, reproducer } = cases[0]!;
    const message = expectCode(code, () => readReproducer(make(reproducer), 'case.json', graph, hashes.graph));
    expect(message).toContain(hint);
  });
});
