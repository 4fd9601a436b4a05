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
import { snnDag } from './arbitrary-dag.js';
import { snnGraph } from './arbitrary-snn.js';
import { fanOutGraph, randomImages, spikeGraph, wideChain } from './arbitrary-spike.js';
import { crampedTarget, crowdedTarget, scatteringTarget } from './arbitrary-target.js';
import { compileIfFits, ifFits, provenance } from './compile-if-fits.js';

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
});

/** Graphs per property; SPIKEWRIGHT_RUNS asks for more. */
const RUNS = Number(process.env.SPIKEWRIGHT_RUNS ?? 50);

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
  // The twin has no relays.
  const network = { ...program, populations: program.populations.filter(({ relayOf }) => relayOf === null) };
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
    expect(compareSample(network, n, reference, records[n]!).firstMismatch).toBeNull();
    expect(chip.results[n]!.saturations).toBe(saturations);
    activity.saturations += saturations;
    for (const raster of spikes.values()) {
      activity.cells += raster.length;
      activity.fired += raster.reduce((sum, spike) => sum + spike, 0);
    }
  }
}

/** What the Programs that were compared had of everything that mappings differ in. */
interface Seen {
  cores: number;
  chips: number;
  relays: number;
  populationAxons: number;
  delays: number;
  padding: number;
}

function nothingSeen(): Seen {
  return { cores: 0, chips: 0, relays: 0, populationAxons: 0, delays: 0, padding: 0 };
}

function look({ cores, chips, populations }: Program, seen: Seen): void {
  seen.cores = Math.max(seen.cores, cores.length);
  seen.chips = Math.max(seen.chips, chips);
  seen.relays += populations.filter(({ relayOf }) => relayOf !== null).length;
  for (const { axonsIn, synapseFormats, compartmentCount, ranges } of cores) {
    seen.populationAxons += axonsIn.atoms.filter((atoms) => atoms > 1).length;
    seen.delays += synapseFormats.filter(({ delayBits }) => delayBits > 0).length;
    seen.padding += compartmentCount - ranges.reduce((sum, { neurons }) => sum + neurons.length, 0);
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
      { numRuns: RUNS },
    );
    expectLively(activity);
    // A tiny core holds 24 neurons: populations must have been split.
    if (name === 'tiny') expect(mostCores).toBeGreaterThan(0);
  });

  it.each(['tiny', 'loihi2'] as const)('of random networks with branches on %s', async (name) => {
    const target = loadTarget(name);
    const activity = { fired: 0, cells: 0, saturations: 0 };
    await fc.assert(
      fc.asyncProperty(snnDag, fc.nat(), async (snn, seed) => {
        const compiled = compileIfFits(snn, target);
        fc.pre(compiled !== null && compiled.spikeGraph.drives.length > 0);
        await expectEqual(compiled, seed, activity);
      }),
      { numRuns: RUNS },
    );
    expectLively(activity);
  });

  it.each([
    ['that never', 2 ** 24 - 1],
    ['that often', 300],
  ])('of random integer graphs on cramped chips, with shortcuts, delays, tables by timestep and by neuron and membranes %s saturate', async (_, membraneMax) => {
    const ideal = loadTarget('ideal');
    const activity = { fired: 0, cells: 0, saturations: 0 };
    const seen = nothingSeen();
    await fc.assert(
      fc.asyncProperty(
        spikeGraph.map((graph) => ({ ...graph, membraneMax })),
        crampedTarget(ideal, membraneMax),
        fc.nat(),
        async (graph, target, seed) => {
          const compiled = ifFits(() => compileIntegerGraph(graph, target, { provenance }));
          fc.pre(compiled !== null);
          await expectEqual(compiled, seed, activity);
          look(compiled.program, seen);
        },
      ),
      { numRuns: RUNS },
    );
    expectLively(activity);
    expect(activity.saturations > 0).toBe(membraneMax === 300);
    // Or the property would be about less than it says.
    expect(
      Object.entries(seen).filter(([what, count]) => count < 2 && what !== 'padding' && what !== 'relays'),
    ).toEqual([]);
  });

  it('of random convolutions that take padding and relays', async () => {
    const ideal = loadTarget('ideal');
    const activity = { fired: 0, cells: 0, saturations: 0 };
    const seen = nothingSeen();
    const membraneMax = 2 ** 24 - 1;
    await fc.assert(
      fc.asyncProperty(wideChain(membraneMax), crowdedTarget(ideal), fc.nat(), async (graph, target, seed) => {
        const compiled = ifFits(() => compileIntegerGraph(graph, target, { provenance }));
        fc.pre(compiled !== null);
        await expectEqual(compiled, seed, activity);
        look(compiled.program, seen);
      }),
      { numRuns: Math.ceil(RUNS / 5) },
    );
    expectLively(activity);
    expect(Math.min(seen.padding, seen.relays)).toBeGreaterThan(0);
  });

  it('of populations with copies amid the very many cores that hear them', async () => {
    const ideal = loadTarget('ideal');
    const activity = { fired: 0, cells: 0, saturations: 0 };
    const membraneMax = 2 ** 24 - 1;
    let copied = 0;
    await fc.assert(
      fc.asyncProperty(fanOutGraph(membraneMax), scatteringTarget(ideal), fc.nat(), async (graph, target, seed) => {
        const compiled = compileIntegerGraph(graph, target, { provenance });
        await expectEqual(compiled, seed, activity);
        const copies = compiled.program.populations.filter(({ relayOf }) => relayOf === 'layer0');
        if (copies.length > 1) copied += 1;
      }),
      { numRuns: Math.ceil(RUNS / 7) },
    );
    expectLively(activity);
    expect(copied).toBeGreaterThan(0);
  });
});
