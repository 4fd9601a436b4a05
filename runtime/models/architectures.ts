import type { AnnGraph } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import type { Dataset } from '../data/dataset.js';
import { normalisations } from '../data/normalisation.js';
import type { NamedNetwork, NetworkSetup } from './network-builder.js';
import { resnet, wideResnet } from './residual.js';
import { vgg } from './vgg.js';

/** The architectures that can be trained by name. `demo` takes two CPU cores a minute or two from conversion to attack. */
export const architectureNames = ['demo', 'vgg11', 'vgg11-tiny', 'resnet20', 'wrn16-4'] as const;

export type ArchitectureName = (typeof architectureNames)[number];

/** An untrained network by name. Throws SW1007 where the images are too small for its pools. */
export function namedNetwork(architecture: ArchitectureName, setup: NetworkSetup): NamedNetwork {
  switch (architecture) {
    case 'demo': {
      const features = [16, 'pool', 48, 'pool', 96, 'pool'] as const;
      return vgg('demo', { features, hidden: [], dropout: 0 }, setup);
    }
    case 'vgg11': {
      const features = [64, 'pool', 128, 256, 'pool', 512, 512, 512, 'pool', 512, 512] as const;
      return vgg('vgg11', { features, hidden: [4096, 4096], dropout: 0.2 }, setup);
    }
    case 'vgg11-tiny': {
      const features = [64, 'pool', 128, 'pool', 256, 256, 'pool', 512, 512, 'pool', 512, 512, 'globalPool'] as const;
      return vgg('vgg11-tiny', { features, hidden: [4096], dropout: 0 }, setup);
    }
    case 'resnet20':
      return resnet('resnet20', { stem: 16, stages: [16, 32, 64], blocks: 3 }, setup);
    case 'wrn16-4':
      return wideResnet('wrn16-4', { stem: 16, stages: [64, 128, 256], blocks: 2 }, setup);
  }
}

/**
 * An untrained network for a data set's images and classes, its weights drawn from `seed`.
 * Throws SW4007 on an unknown name.
 */
export function buildNetwork(architecture: string, { name, shape, classNames }: Dataset, seed: number): AnnGraph {
  const known = architectureNames.find((candidate) => candidate === architecture);
  if (known === undefined) {
    throw failure('SW4007', { where: '--arch', what: `"${architecture}"; ${architectureNames.join(', ')} are known` });
  }
  const plain = { mean: new Array<number>(shape[2]).fill(0), std: new Array<number>(shape[2]).fill(1) };
  const { mean, std } = normalisations[name] ?? plain;
  return namedNetwork(known, { shape, classes: classNames.length, mean, std, seed }).graph;
}
