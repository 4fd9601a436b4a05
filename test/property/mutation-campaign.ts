import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { EncodedSample } from '../../runtime/drive.js';
import type { SampleRecord } from '../../runtime/twin/record.js';
import { Chip } from '../../runtime/verify/chip.js';
import { compareSample, mergeComparisons, nothingCompared, requireSameNetwork } from '../../runtime/verify/compare.js';
import { locateFault } from '../../runtime/verify/fault.js';
import { type Diagnostic, SpikewrightError } from '../../schemas/diagnostic.js';
import type { Program } from '../../schemas/program.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { type Mutant, mutations } from './mutate.js';

/** What is spoilt: a Program, its network, and samples with what the twin makes of them. */
export interface Patient {
  readonly program: Program;
  readonly graph: IntegerSpikeGraph;
  readonly samples: readonly EncodedSample[];
  readonly expected: readonly SampleRecord[];
}

/** Mutants of one kind. */
export interface MutationTally {
  readonly kind: string;
  tried: number;
  /** Those that the simulator would not load. */
  refused: number;
  /** Those whose spikes or readouts on the samples are others than the sound Program's. */
  changing: number;
  /** Of these, those that verification found. */
  caught: number;
  /** Of these, those that showed first in another core's neurons. */
  astray: number;
  /** Of those caught or refused, those whose own core was named. */
  named: number;
}

/**
 * Makes `count` mutants of each kind by a seed, of all patients in turn, and judges each as verification would: loaded,
 * simulated, held against the twin, the fault located. Kinds that a Program has nothing for count fewer.
 */
export function mutationCampaign(
  patients: readonly Patient[],
  count: number,
  seed: number,
  tell: (text: string) => void = () => undefined,
): MutationTally[] {
  const random = xoroshiro128plus(seed);
  const sound = patients.map(
    ({ program, samples }) => new Chip(program, { timing: 'off' }).runEncoded(samples, { record: true }).records,
  );
  return Object.entries(mutations).map(([kind, mutate]): MutationTally => {
    const tally = { kind, tried: 0, refused: 0, changing: 0, caught: 0, astray: 0, named: 0 };
    for (let attempt = 0; attempt < 8 * count && tally.tried < count; attempt += 1) {
      const which = attempt % patients.length;
      const patient = patients[which]!;
      const mutant = mutate(patient.program, uniformInt(random, 0, 2 ** 31 - 1));
      if (mutant === null) continue;
      tally.tried += 1;
      judge(patient, sound[which]!, mutant, tally, (what) => tell(`${kind}, mutant ${tally.tried}: ${what}`));
    }
    return tally;
  });
}

function judge(
  { graph, samples, expected }: Patient,
  sound: readonly SampleRecord[],
  { program, chip, core }: Mutant,
  tally: MutationTally,
  tell: (text: string) => void,
): void {
  let found: readonly SampleRecord[];
  try {
    requireSameNetwork(program, graph);
    found = new Chip(program, { timing: 'off' }).runEncoded(samples, { record: true }).records;
  } catch (error) {
    if (!(error instanceof SpikewrightError)) throw error;
    tally.refused += 1;
    const [first] = error.diagnostics;
    if (namesCore(first!, chip, core)) tally.named += 1;
    else tell(`refused without its core: ${first!.code} ${first!.where}: ${first!.what}`);
    return;
  }
  if (!found.some((record, n) => differs(record, sound[n]!))) return;
  tally.changing += 1;
  const { firstMismatch } = found
    .map((record, n) => compareSample(program, n, expected[n]!, record))
    .reduce(mergeComparisons, nothingCompared);
  if (firstMismatch === null) {
    tell(`missed, in chip ${chip} core ${core}`);
    return;
  }
  tally.caught += 1;
  if (firstMismatch.chip !== chip || firstMismatch.core !== core) tally.astray += 1;
  const fault = locateFault(program, graph, firstMismatch);
  if (fault.chip === chip && fault.core === core) tally.named += 1;
  else
    tell(`in chip ${chip} core ${core}, but ${JSON.stringify(fault)} was blamed for ${JSON.stringify(firstMismatch)}`);
}

function namesCore({ where }: Diagnostic, chip: number, core: number): boolean {
  return new RegExp(`^chip ${chip}, core ${core}\\b`).test(where);
}

/** Bit for bit, not by the code under test. */
function differs(a: SampleRecord, b: SampleRecord): boolean {
  if (Buffer.compare(Buffer.from(a.readout.buffer), Buffer.from(b.readout.buffer)) !== 0) return true;
  return [...a.spikes].some(([name, raster]) => Buffer.compare(raster, b.spikes.get(name)!) !== 0);
}
