import type { CalibrationImages } from '../compiler/calibration.js';
import { failure } from '../schemas/diagnostic.js';
import type { SnnGraph } from '../schemas/snn.js';
import type { Dataset } from './data/dataset.js';
import type { Hooks } from './hooks.js';

/**
 * `count` images for quantising a network, evenly spread over the first `trainSamples` of a data set (null: over all); null where there are to be none.
 * Throws SW2030 where the network takes images of another shape.
 */
export function calibrationImages(
  snn: SnnGraph,
  dataset: Dataset,
  { count, trainSamples }: { readonly count: number; readonly trainSamples: number | null },
  { progress }: Hooks,
): CalibrationImages | null {
  if (count === 0) return null;
  const input = snn.layers.find((layer) => layer.kind === 'input');
  if (input?.kind === 'input' && input.shape.some((extent, axis) => extent !== dataset.shape[axis])) {
    throw failure('SW2030', {
      where: `network ${snn.name}`,
      what: `it takes images of ${input.shape.join('×')}; those of ${dataset.name} are ${dataset.shape.join('×')}.`,
    });
  }
  const available = Math.min(trainSamples ?? dataset.count, dataset.count);
  const taken = Math.min(count, available);
  const images = Array.from({ length: taken }, (_, n) => dataset.images([Math.floor((n * available) / taken)]));
  return { images, progress: (done, total, note) => progress?.(done, total, note) };
}
