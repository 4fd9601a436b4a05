import { sha256 } from '../../schemas/hash.js';
import type { Dataset } from './dataset.js';

/** Identifies a data set's content; its labels stand for its images. */
export function datasetHash({ name, split, labels }: Pick<Dataset, 'name' | 'split' | 'labels'>): string {
  return sha256(Buffer.concat([Buffer.from(`${name} ${split}\n`), labels]));
}
