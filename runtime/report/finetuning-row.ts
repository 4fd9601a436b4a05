import type { Report } from '../../schemas/report.js';
import type { EpochRecord } from '../train/checkpoint.js';

/** What the report shows of an epoch. */
export function finetuningRow(record: EpochRecord): Report['finetuning'][number] {
  const { epoch, loss, learningRate, cleanAccuracy, adversarialAccuracy, thresholds } = record;
  return {
    epoch,
    loss,
    cleanAccuracy,
    robustAccuracy: adversarialAccuracy,
    learningRate,
    ...(thresholds && { thresholds }),
  };
}
