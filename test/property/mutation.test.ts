import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Compiled, compileIntegerGraph } from '../../compiler/compile.js';
import { encodeImages } from '../../runtime/drive.js';
import { startEager } from '../../runtime/engine/start.js';
import { IntegerTwin } from '../../runtime/twin/twin.js';
import type { Program } from '../../schemas/program.js';
import { loadTarget } from '../../targets/load.js';
import { snnGraph } from './arbitrary-snn.js';
import { randomImages, spikeChain, wideChain } from './arbitrary-spike.js';
import { crowdedTarget } from './arbitrary-target.js';
import { compileIfFits, ifFits, provenance } from './compile-if-fits.js';
import { type MutationTally, mutationCampaign, type Patient } from './mutation-campaign.js';

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
});

type Sound = Pick<Compiled, 'program' | 'spikeGraph'>;

/** Random networks that the target can hold. */
function networks(name: string): Sound[] {
  const sampled = fc.sample(snnGraph('hard'), { seed: 11, numRuns: 16 });
  return sampled.map((snn) => compileIfFits(snn, loadTarget(name))).filter((compiled) => compiled !== null);
}

/** Random integer graphs with tables by timestep. */
function chains(): Sound[] {
  const target = loadTarget('ideal');
  return fc
    .sample(spikeChain(target.arithmetic.membraneMax), { seed: 3, numRuns: 12 })
    .map((spikeGraph) => ({ program: compileIntegerGraph(spikeGraph, target, { provenance }).program, spikeGraph }));
}

/** Random convolutions on cores with few output axons: most need relays, and synapses reach padding in most. */
function crowded(): Sound[] {
  const wide = fc.tuple(wideChain(2 ** 24 - 1), crowdedTarget(loadTarget('ideal')));
  return fc.sample(wide, { seed: 56, numRuns: 12 }).flatMap(([graph, target]) => {
    return ifFits(() => compileIntegerGraph(graph, target, { provenance })) ?? [];
  });
}

const hasRelays = ({ populations }: Program): boolean => populations.some(({ relayOf }) => relayOf !== null);
const hasPadding = ({ cores }: Program): boolean =>
  cores.some(({ compartmentCount, ranges }) => {
    return compartmentCount > ranges.reduce((sum, { neurons }) => sum + neurons.length, 0);
  });

/** Each with eight images. */
async function patientsOf(compiled: readonly Sound[]): Promise<Patient[]> {
  const patients: Patient[] = [];
  for (const { program, spikeGraph: graph } of compiled) {
    const samples = encodeImages(graph.drives, randomImages(graph.drives[0]!.inputShape, 8, 5));
    const twin = new IntegerTwin(graph);
    patients.push({ program, graph, samples, expected: await twin.recordEncoded(samples) });
    twin.dispose();
  }
  return patients;
}

describe('a Program with one fault', () => {
  it.each([
    { programs: 'networks on loihi1', compiled: () => networks('loihi1'), kinds: 6 },
    // A gate opens for its bias: no core has a phase of its own.
    { programs: 'networks spread over tiny cores', compiled: () => networks('tiny'), kinds: 5 },
    { programs: 'graphs with tables by timestep', compiled: chains, kinds: 6 },
  ])('is found wherever it changes anything, and its core named: $programs', async ({ compiled, kinds }) => {
    const patients = await patientsOf(compiled());
    expect(patients.length).toBeGreaterThanOrEqual(8);
    const told: string[] = [];
    const tallies = mutationCampaign(patients, 30, 7, (text) => told.push(text));
    const sum = (count: (tally: MutationTally) => number): number => tallies.reduce((all, own) => all + count(own), 0);
    expect(tallies.filter(({ changing }) => changing >= 5)).toHaveLength(kinds);
    expect(told.filter((text) => text.includes('missed'))).toEqual([]);
    const caught = sum((tally) => tally.caught + tally.refused);
    expect(sum(({ named }) => named) / caught, told.join('\n')).toBeGreaterThanOrEqual(0.95);
    // To blame the core that differs would not do.
    expect(sum(({ astray }) => astray) / caught).toBeGreaterThan(0.05);
  });

  it('has its core named where relays send for others, and where sources at a border share synapses that reach padding', async () => {
    const patients = await patientsOf(crowded());
    expect(patients.filter(({ program }) => hasRelays(program)).length).toBeGreaterThan(1);
    expect(patients.filter(({ program }) => hasPadding(program)).length).toBeGreaterThan(1);
    const told: string[] = [];
    const tallies = mutationCampaign(patients, 30, 3, (text) => told.push(text));
    expect(told).toEqual([]);
    expect(tallies.reduce((sum, { caught }) => sum + caught, 0)).toBeGreaterThan(20);
    expect(tallies.reduce((sum, { astray }) => sum + astray, 0)).toBeGreaterThan(2);
  });
});
