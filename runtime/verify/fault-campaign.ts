import type { Program } from '../../schemas/program.js';
import type { FaultOutcome } from '../../schemas/stats.js';
import { readTarget } from '../../schemas/target-file.js';
import { type Fault, faultName, parseFaults } from '../../sim/fault.js';
import type { SampleResult } from '../../sim/sample-result.js';
import type { ImageSource } from '../data/image-source.js';
import type { Hooks } from '../hooks.js';
import { wilson } from '../wilson.js';
import { type ChipOptions, predictedClass } from './chip.js';
import { simulateImages } from './simulate-task.js';

/** Samples of a campaign: images, their labels, and what the unfaulted chip makes of them. */
interface CampaignSamples {
  readonly images: ImageSource;
  readonly labels: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
}

/** The faults that `texts` name, each rate apart. Throws SW3023 and SW3024. */
export function readFaults(texts: readonly string[], program: Program): readonly Fault[] {
  const target = readTarget(program.targetJson, `target of program ${program.name}`);
  return texts.flatMap((text) => parseFaults(text, program, target));
}

/**
 * Runs the samples once for each fault, alone on the chip; the outcomes follow from program, images, faults and seed, and
 * not from the number of workers. Times are not simulated. Throws what `simulateImages` throws.
 */
export async function runCampaign(
  program: Program,
  { images, labels, predicted }: CampaignSamples,
  faults: readonly Fault[],
  {
    energyProfile,
    seed,
    workers,
  }: Pick<ChipOptions, 'energyProfile'> & { readonly seed: number; readonly workers: number },
  hooksOf: (stage: string) => Hooks,
): Promise<FaultOutcome[]> {
  const outcomes: FaultOutcome[] = [];
  for (const fault of faults) {
    const options = { timing: 'off' as const, energyProfile, fault: { fault, seed }, workers };
    const name = faultName(fault, program);
    const rate = 'rate' in fault ? fault.rate : null;
    const hooks = hooksOf(rate === null ? name : `${name} ${rate}`);
    const sums = { spikes: 0, synapticOperations: 0, messages: 0, lost: 0, late: 0, hops: 0 };
    const classes: number[] = [];
    const add = (result: SampleResult): void => {
      classes.push(predictedClass(result));
      for (const { spikesInWindow } of result.populations) sums.spikes += spikesInWindow;
      for (const count of ['synapticOperations', 'messages', 'lost', 'late', 'hops'] as const)
        sums[count] += result[count];
    };
    const injected = await simulateImages(program, images, options, add, hooks);
    const mean = (sum: number): number => sum / labels.length;
    outcomes.push({
      fault: name,
      rate,
      seed,
      ...injected!,
      accuracy: wilson(classes.filter((label, index) => label === labels[index]).length, labels.length),
      samePredictions: classes.filter((label, index) => label === predicted[index]).length,
      spikes: mean(sums.spikes),
      synapticOperations: mean(sums.synapticOperations),
      messages: mean(sums.messages),
      lost: mean(sums.lost),
      late: mean(sums.late),
      hops: mean(sums.hops),
    });
  }
  return outcomes;
}
