import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileIntegerGraph } from '../../compiler/compile.js';
import { encodeImages } from '../../runtime/drive.js';
import { startEager } from '../../runtime/engine/start.js';
import { IntegerTwin } from '../../runtime/twin/twin.js';
import { Chip } from '../../runtime/verify/chip.js';
import { compareSample, requireSameNetwork } from '../../runtime/verify/compare.js';
import type { Program } from '../../schemas/program.js';
import { decodeProgram, encodeProgram } from '../../schemas/program-file.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { decodeIntegerSpikeGraph, encodeSpikeGraph } from '../../schemas/spike-file.js';
import { loadTarget } from '../../targets/load.js';
import { runReference } from '../reference/reference-twin.js';
import { snnGraph } from './arbitrary-snn.js';
import { randomImages, spikeChain } from './arbitrary-spike.js';
import { compileIfFits, provenance } from './compile-if-fits.js';

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
});

/** How much happened in what was compared. */
interface Activity {
  fired: number;
  cells: number;
  saturations: number;
}

/**
 * Runs two images on the simulated chip, the engine twin and the reference, after a round trip of both files, and
 * expects every spike and readout to be the same.
 */
async function expectEqual(
  compiled: { readonly program: Program; readonly spikeGraph: IntegerSpikeGraph },
  seed: number,
  activity: Activity,
): Promise<void> {
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
    const { spikes, readouts, saturations } = runReference(graph, currents);
    const reference = { spikes, readout: [...readouts.values()][0]! };
    expect(compareSample(program, n, reference, chip.records[n]!).firstMismatch).toBeNull();
    expect(compareSample(program, n, reference, records[n]!).firstMismatch).toBeNull();
    expect(chip.results[n]!.saturations).toBe(saturations);
    activity.saturations += saturations;
    for (const raster of spikes.values()) {
      activity.cells += raster.length;
      activity.fired += raster.reduce((sum, spike) => sum + spike, 0);
    }
  }
}

/** Neither mute nor saturated, or equality would mean little. */
function expectLively({ fired, cells }: Activity): void {
  expect(fired / cells).toBeGreaterThan(0.05);
  expect(fired / cells).toBeLessThan(0.95);
}

describe('chip = twin = reference, every spike and every readout', () => {
  it.each([
    ['tiny', 'hard'],
    ['tiny', 'soft'],
    ['loihi1', 'hard'],
    ['ideal', 'soft'],
  ] as const)('of random networks on %s with %s reset', async (name, reset) => {
    const target = loadTarget(name);
    const activity = { fired: 0, cells: 0, saturations: 0 };
    let mostCores = 0;
    await fc.assert(
      fc.asyncProperty(snnGraph(reset), fc.nat(), async (snn, seed) => {
        const compiled = compileIfFits(snn, target);
        fc.pre(compiled !== null);
        await expectEqual(compiled, seed, activity);
        mostCores = Math.max(mostCores, compiled.program.cores.length - compiled.program.populations.length);
      }),
      { numRuns: 50 },
    );
    expectLively(activity);
    // A tiny core holds 24 neurons: populations must have been split.
    if (name === 'tiny') expect(mostCores).toBeGreaterThan(0);
  });

  it.each([
    ['that never', 2 ** 24 - 1],
    ['that often', 300],
  ])('of random integer graphs with tables by timestep and by neuron and membranes %s saturate', async (_, membraneMax) => {
    const ideal = loadTarget('ideal');
    const target = { ...ideal, arithmetic: { ...ideal.arithmetic, membraneMax } };
    const activity = { fired: 0, cells: 0, saturations: 0 };
    await fc.assert(
      fc.asyncProperty(spikeChain(membraneMax), fc.nat(), async (spikeGraph, seed) => {
        const { program } = compileIntegerGraph(spikeGraph, target, { provenance });
        await expectEqual({ program, spikeGraph }, seed, activity);
      }),
      { numRuns: 50 },
    );
    expectLively(activity);
    expect(activity.saturations > 0).toBe(membraneMax === 300);
  });
});
