import type { AnnGraph } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import type { Dataset } from '../data/dataset.js';
import { normalisations } from '../data/normalisation.js';
import type { VggPlan } from './vgg.js';
import { vgg } from './vgg.js';

/** Networks by name. `demo` is small enough to convert, finetune and attack on two CPU cores in a minute or two. */
const plans: Readonly<Record<string, VggPlan>> = {
  demo: { features: [16, 'pool', 48, 'pool', 96, 'pool'], hidden: [], dropout: 0 },
  vgg11: {
    features: [64, 'pool', 128, 256, 'pool', 512, 512, 512, 'pool', 512, 512],
    hidden: [4096, 4096],
    dropout: 0.2,
  },
};

/** The architectures that can be trained by name. */
export const architectureNames: readonly string[] = Object.keys(plans);

/**
 * An untrained network for a data set's images and classes, its weights drawn from `seed`.
 * Throws SW4007 on an unknown name.
 */
export function buildNetwork(architecture: string, { name, shape, classNames }: Dataset, seed: number): AnnGraph {
  const plan = Object.hasOwn(plans, architecture) ? plans[architecture] : undefined;
  if (plan === undefined) {
    throw failure('SW4007', { where: '--arch', what: `"${architecture}"; ${architectureNames.join(', ')} are known` });
  }
  const plain = { mean: new Array<number>(shape[2]).fill(0), std: new Array<number>(shape[2]).fill(1) };
  const { mean, std } = normalisations[name] ?? plain;
  return vgg(architecture, plan, { shape, classes: classNames.length, mean, std, seed });
}
