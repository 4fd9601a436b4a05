import stringify from 'safe-stable-stringify';
import { failure } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import type { Dataset } from '../data/dataset.js';
import type { Classifier, Engine } from '../engine/engine.js';
import type { LoopOptions } from './loop.js';

/** Text that is equal for two trainings exactly where they take the same steps. */
export function runIdentity(engine: Engine, network: Uint8Array, dataset: Dataset, options: LoopOptions): string {
  const { test } = options;
  const identity = {
    engine: [engine.name, engine.backend],
    network: sha256(network),
    data: identityOf(dataset),
    options: { ...options, test: test === null ? null : { ...test, dataset: identityOf(test.dataset) } },
  };
  return stringify(identity);
}

/** Labels stand for the content: two data sets of one name with equal labels are taken for the same. */
function identityOf({ name, split, labels }: Dataset): readonly string[] {
  return [name, split, sha256(labels)];
}

/** Throws SW4008 unless the images have the network's input shape and every class a logit. */
export function requireFit({ inputShape, classes }: Classifier, { name, shape, classNames }: Dataset): void {
  if (shape.some((extent, axis) => extent !== inputShape[axis])) {
    throw failure('SW4008', {
      where: `data set ${name}`,
      what: `its images are ${shape.join('×')}, the network takes ${inputShape.join('×')}`,
    });
  }
  if (classes !== classNames.length) {
    throw failure('SW4008', {
      where: `data set ${name}`,
      what: `it has ${classNames.length} classes, the network ${classes} outputs`,
    });
  }
}
