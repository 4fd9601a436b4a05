import type { corruptions } from './data/corrupted.js';
import type { Dataset } from './data/dataset.js';
import type { Classifier } from './engine/engine.js';
import type { Hooks } from './hooks.js';
import { cleanAccuracy, firstOf } from './train/accuracy.js';
import type { Proportion } from './wilson.js';

/** Accuracy under one corruption, from the mildest severity on. */
export interface CorruptionRow {
  readonly kind: string;
  readonly severities: readonly Proportion[];
}

/**
 * Accuracy on the first `samples` images under each corruption and severity; the mean is over all of them, each weighing
 * the same (Hendrycks and Dietterich 2019). `setsOf` gives the images under one corruption, by severity.
 */
export async function corruptionAccuracy(
  classifier: Classifier,
  setsOf: (kind: (typeof corruptions)[number]) => readonly Dataset[],
  kinds: readonly (typeof corruptions)[number][],
  { samples, batchSize }: { readonly samples: number; readonly batchSize: number },
  hooks: Hooks = {},
): Promise<{ readonly rows: readonly CorruptionRow[]; readonly mean: number }> {
  const rows: CorruptionRow[] = [];
  for (const [number, kind] of kinds.entries()) {
    const severities: Proportion[] = [];
    for (const dataset of setsOf(kind)) {
      const { signal } = hooks;
      severities.push(await cleanAccuracy(classifier, firstOf(dataset, samples, batchSize), { signal }));
    }
    rows.push({ kind, severities });
    hooks.progress?.(number + 1, kinds.length, kind);
  }
  const shares = rows.flatMap(({ severities }) => severities.map(({ correct, total }) => correct / total));
  return { rows, mean: shares.reduce((sum, share) => sum + share, 0) / shares.length };
}
