import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.js';
import { campaignText } from '../../../runtime/report/campaign-text.js';
import { Chip, predictedClass } from '../../../runtime/verify/chip.js';
import { readFaults, runCampaign } from '../../../runtime/verify/fault-campaign.js';
import { simulateImages } from '../../../runtime/verify/simulate-task.js';
import { wilson } from '../../../runtime/wilson.js';
import type { Program } from '../../../schemas/program.js';
import type { SampleResult } from '../../../sim/sample-result.js';
import { loadTarget } from '../../../targets/load.js';
import { snnGraph } from '../../property/arbitrary-snn.js';
import { randomImages } from '../../property/arbitrary-spike.js';
import { heldImages } from './held-images.js';

const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };
const imagesOf = (of: Program) => randomImages(of.drives[0]!.inputShape, 9, 1);

/** The first of some random networks that sends a hundred messages per sample. */
const program = fc
  .sample(snnGraph('hard'), { seed: 77, numRuns: 100 })
  .filter(({ layers, timesteps }) => layers.length >= 9 && timesteps === 4)
  .map((snn) => compile(snn, loadTarget('loihi1'), { provenance }).value.program)
  .find((candidate) => {
    const { results } = new Chip(candidate, { timing: 'off' }).run(imagesOf(candidate), { record: false });
    return results.reduce((sum, { messages }) => sum + messages, 0) > 900;
  })!;
const images = imagesOf(program);
const labels = [0, 1, 0, 1, 0, 1, 0, 1, 0];

describe('a fault campaign', async () => {
  const results: SampleResult[] = [];
  const source = heldImages(images, 9);
  await simulateImages(program, source, { timing: 'off', workers: 1 }, (result) => results.push(result));
  const samples = { images: source, labels, predicted: results.map(predictedClass) };
  const last = program.cores.at(-1)!;
  const faults = readFaults(['drop:0,0.5', 'bitflip:0.05', 'stuck:0.2', `core:${last.chip}/${last.core}`], program);
  const run = (workers: number, seed = 3) =>
    runCampaign(program, samples, faults, { energyProfile: undefined, seed, workers }, () => ({}));
  const outcomes = await run(1);

  it('has the whole chip at rate 0, and less of it at others', () => {
    const [none, half, flipped, stuck, dead] = outcomes;
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / 9;
    expect(none).toMatchObject({ fault: 'drop', rate: 0, samePredictions: 9, lost: 0 });
    expect(none!.messages).toBe(mean(results.map(({ messages }) => messages)));
    expect(none!.accuracy).toEqual(
      wilson(samples.predicted.filter((label, index) => label === labels[index]).length, 9),
    );
    expect(half!.lost / half!.messages).toBeGreaterThan(0.4);
    expect(half!.lost / half!.messages).toBeLessThan(0.6);
    expect(flipped!.flippedBits).toBeGreaterThan(0);
    expect(stuck!.spikes).toBeGreaterThan(none!.spikes);
    expect(dead!.unreachable.every(({ to }) => to === `${last.chip}/${last.core}`)).toBe(true);
    expect(dead!.unreachable.length).toBeGreaterThan(0);
  });

  it('does not depend on the number of workers, but on the seed', async () => {
    expect(await run(3)).toEqual(outcomes);
    expect(await run(1, 4)).not.toEqual(outcomes);
  });

  it('is a table that begins with the whole chip', () => {
    const whole = { samples: 9, spikes: 10, messages: 20, hops: 30 };
    const [title, , first, ...rows] = campaignText(whole, wilson(5, 9), outcomes).split('\n');
    expect(title).toMatch(/^Fault +Rate +Struck +Accuracy +Same class +Spikes +Messages +Lost +Hops$/);
    expect(first).toMatch(/^none .* 9 +10\.0 +20\.0 +0\.0 +30\.0$/);
    expect(rows[1]).toMatch(/^drop +0\.5 /);
    expect(rows.at(-1)).toMatch(/^core .*: no message arrives .* → /);
  });
});
