import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeImages } from '../../runtime/drive.js';
import { Chip } from '../../runtime/verify/chip.js';
import { loadTarget } from '../../targets/load.js';
import { snnGraph } from './arbitrary-snn.js';
import { randomImages } from './arbitrary-spike.js';
import { compileIfFits } from './compile-if-fits.js';

describe('pipelining samples', () => {
  it.each(['tiny', 'ideal'] as const)('changes no spike and no readout of random networks on %s', (name) => {
    const target = loadTarget(name);
    let overlapping = 0;
    let spikes = 0;
    fc.assert(
      fc.property(snnGraph('hard'), fc.nat(), fc.nat(), (snn, seed, choice) => {
        const compiled = compileIfFits(snn, target);
        fc.pre(compiled !== null);
        const { program } = compiled;
        const { timesteps, stepsPerSample } = program;
        fc.pre(stepsPerSample > timesteps);
        const sampleInterval = timesteps + (choice % (stepsPerSample - timesteps));
        const images = randomImages(program.drives[0]!.inputShape, 4, seed);
        const samples = encodeImages(program.drives, images);
        const [alone, pipelined] = [stepsPerSample, sampleInterval].map((interval) => {
          const chip = new Chip({ ...program, sampleInterval: interval }, { timing: 'off' });
          return chip.runEncoded(samples, { record: true });
        });
        expect(pipelined!.records).toEqual(alone!.records);
        expect(pipelined!.logits).toEqual(alone!.logits);
        overlapping++;
        for (const { populations } of alone!.results)
          for (const { spikesInWindow } of populations) spikes += spikesInWindow;
      }),
      { numRuns: 30 },
    );
    expect(overlapping).toBeGreaterThan(20);
    expect(spikes).toBeGreaterThan(1000);
  });
});
