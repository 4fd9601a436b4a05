import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileIntegerGraph } from '../../compiler/compile.js';
import { encodeImages } from '../../runtime/drive.js';
import { startEager } from '../../runtime/engine/start.js';
import { IntegerTwin } from '../../runtime/twin/twin.js';
import { shortenGraph, shortenProgram } from '../../runtime/verify/shorten.js';
import { SideBySide } from '../../runtime/verify/side-by-side.js';
import { checkProgram } from '../../schemas/program-check.js';
import { loadTarget } from '../../targets/load.js';
import { snnGraph } from './arbitrary-snn.js';
import { randomImages, spikeChain } from './arbitrary-spike.js';
import { compileIfFits, provenance } from './compile-if-fits.js';

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
});

describe('a network with shorter windows', () => {
  // Tables by timestep and by neuron, so that rows are cut off.
  it('does in them what it did in the first steps of the long ones', async () => {
    let fired = 0;
    await fc.assert(
      fc.asyncProperty(spikeChain(2 ** 20), fc.nat(), fc.nat(), async (graph, seed, pick) => {
        const timesteps = 1 + (pick % graph.timesteps);
        const samples = encodeImages(graph.drives, randomImages(graph.drives[0]!.inputShape, 1, seed));
        const long = new IntegerTwin(graph);
        const short = new IntegerTwin(shortenGraph(graph, timesteps));
        const [[whole], [part]] = [await long.recordEncoded(samples), await short.recordEncoded(samples)];
        long.dispose();
        short.dispose();
        for (const [name, spikes] of part!.spikes) {
          expect(spikes).toEqual(whole!.spikes.get(name)!.subarray(0, spikes.length));
          fired += spikes.reduce((sum, spike) => sum + spike, 0);
        }
      }),
      { numRuns: 50 },
    );
    expect(fired).toBeGreaterThan(0);
  });

  it('is the same on chip and twin, for every length', async () => {
    const ideal = loadTarget('ideal');
    const expectEqual = async (pair: SideBySide, seed: number): Promise<void> => {
      const { graph, program } = pair;
      const [drives] = encodeImages(graph.drives, randomImages(graph.drives[0]!.inputShape, 1, seed));
      for (let timesteps = 1; timesteps <= graph.timesteps; timesteps += 1) {
        checkProgram(shortenProgram(program, timesteps), 'shortened');
        const { spikesCompared, firstMismatch } = await pair.compare(drives!, timesteps, 0);
        expect(firstMismatch).toBeNull();
        expect(spikesCompared % timesteps).toBe(0);
      }
      pair.dispose();
    };
    await fc.assert(
      fc.asyncProperty(spikeChain(2 ** 20), fc.nat(), async (graph, seed) => {
        const { program } = compileIntegerGraph(graph, ideal, { provenance });
        await expectEqual(new SideBySide(program, graph), seed);
      }),
      { numRuns: 25 },
    );
    await fc.assert(
      fc.asyncProperty(snnGraph('soft'), fc.nat(), async (snn, seed) => {
        const compiled = compileIfFits(snn, loadTarget('tiny'));
        fc.pre(compiled !== null);
        await expectEqual(new SideBySide(compiled.program, compiled.spikeGraph), seed);
      }),
      { numRuns: 25 },
    );
  });
});
