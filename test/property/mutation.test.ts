import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeImages } from '../../runtime/drive.js';
import { startEager } from '../../runtime/engine/start.js';
import { IntegerTwin } from '../../runtime/twin/twin.js';
import { Chip } from '../../runtime/verify/chip.js';
import { compareSample, mergeComparisons, nothingCompared } from '../../runtime/verify/compare.js';
import type { Program } from '../../schemas/program.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { loadTarget } from '../../targets/load.js';
import { snnGraph } from './arbitrary-snn.js';
import { randomImages } from './arbitrary-spike.js';
import { compileIfFits } from './compile-if-fits.js';
import type { Mutation } from './mutate.js';
import { doubleThreshold, misrouteAxon, negateWeight } from './mutate.js';

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
});

/** Spikes and readouts in which chip and twin differ over eight images. */
async function mismatches(program: Program, graph: IntegerSpikeGraph): Promise<number> {
  const samples = encodeImages(graph.drives, randomImages(graph.drives[0]!.inputShape, 8, 5));
  const chip = new Chip(program, { timing: 'off' }).runEncoded(samples, { record: true });
  const twin = new IntegerTwin(graph);
  const records = await twin.recordEncoded(samples);
  twin.dispose();
  const { spikeMismatches, readoutMismatches } = chip.records
    .map((record, n) => compareSample(program, n, records[n]!, record))
    .reduce(mergeComparisons, nothingCompared);
  return spikeMismatches + readoutMismatches;
}

describe('a Program with one fault', () => {
  const networks = fc.sample(snnGraph('hard'), { seed: 11, numRuns: 12 });
  const mutations: [string, Mutation][] = [
    ['a weight of the wrong sign', negateWeight],
    ['a doubled threshold', doubleThreshold],
    ['a spike sent to the wrong axon', misrouteAxon],
  ];

  it.each(mutations)('is found out: %s', async (_, mutate) => {
    const target = loadTarget('tiny');
    let tried = 0;
    let found = 0;
    for (const snn of networks) {
      const compiled = compileIfFits(snn, target);
      if (compiled === null) continue;
      const { program, spikeGraph } = compiled;
      expect(await mismatches(program, spikeGraph)).toBe(0);
      let shows = 0;
      for (const pick of [0, 7, 31, 101]) {
        const spoilt = mutate(program, pick);
        if (spoilt !== null && (await mismatches(spoilt, spikeGraph)) > 0) shows += 1;
      }
      tried += 1;
      if (shows > 0) found += 1;
    }
    // One fault may hide behind silent neurons, four in one network seldom do.
    expect(tried).toBeGreaterThanOrEqual(8);
    expect(found).toBeGreaterThanOrEqual(0.75 * tried);
  });
});
