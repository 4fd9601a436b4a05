import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeImages } from '../../runtime/drive.js';
import { IntegerTwin } from '../../runtime/twin/twin.js';
import { Chip } from '../../runtime/verify/chip.js';
import { compareSample, requireSameNetwork } from '../../runtime/verify/compare.js';
import { decodeProgram, encodeProgram } from '../../schemas/program-file.js';
import { decodeIntegerSpikeGraph, encodeSpikeGraph } from '../../schemas/spike-file.js';
import { loadTarget } from '../../targets/load.js';
import { runReference } from '../reference/reference-twin.js';
import { snnGraph } from './arbitrary-snn.js';
import { randomImages } from './arbitrary-spike.js';
import { compileIfFits } from './compile-if-fits.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('chip = twin, every spike and every readout', () => {
  it.each([
    ['tiny', 'hard'],
    ['loihi1', 'hard'],
    ['ideal', 'hard'],
    ['ideal', 'soft'],
  ] as const)('of random networks on %s with %s reset, through the file formats', async (name, reset) => {
    const target = loadTarget(name);
    let fired = 0;
    let cells = 0;
    let spread = 0;
    await fc.assert(
      fc.asyncProperty(snnGraph(reset), fc.nat(), async (snn, seed) => {
        const compiled = compileIfFits(snn, target);
        fc.pre(compiled !== null);
        const program = decodeProgram(encodeProgram(compiled.program), 'program');
        const graph = decodeIntegerSpikeGraph(encodeSpikeGraph(compiled.spikeGraph), 'graph');
        requireSameNetwork(program, graph);
        const samples = encodeImages(graph.drives, randomImages(graph.drives[0]!.inputShape, 2, seed));
        const chip = new Chip(program, { timing: 'off' }).runEncoded(samples, { record: true });
        const twin = new IntegerTwin(graph);
        const records = await twin.recordEncoded(samples);
        twin.dispose();
        for (const [n, sample] of samples.entries()) {
          const currents = new Map(graph.drives.map(({ population }, index) => [population, sample[index]!]));
          const { spikes, readouts } = runReference(graph, currents);
          const reference = { spikes, readout: [...readouts.values()][0]! };
          expect(compareSample(program, n, reference, chip.records[n]!).firstMismatch).toBeNull();
          expect(compareSample(program, n, reference, records[n]!).firstMismatch).toBeNull();
          for (const raster of spikes.values()) {
            cells += raster.length;
            fired += raster.reduce((sum, spike) => sum + spike, 0);
          }
        }
        spread = Math.max(spread, program.cores.length - program.populations.length);
      }),
      { numRuns: 60 },
    );
    // Neither mute nor saturated, or equality would mean little; tiny cores must split populations.
    expect(fired / cells).toBeGreaterThan(0.05);
    expect(fired / cells).toBeLessThan(0.95);
    if (name === 'tiny') expect(spread).toBeGreaterThan(0);
  });
});
