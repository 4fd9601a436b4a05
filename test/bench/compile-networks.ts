import { convert } from '../../compiler/convert.js';
import { namedNetwork } from '../../runtime/models/architectures.js';
import type { NamedNetwork } from '../../runtime/models/network-builder.js';
import { vgg } from '../../runtime/models/vgg.js';
import type { SnnGraph } from '../../schemas/snn.js';

/**
 * The networks of the compiler's measurements, all for images of 32 × 32 × 3 and 10 classes. `vgg11/4` and `vgg11/2` are
 * vgg11 with a quarter and half of its channels and units: about 1/16, 1/4 and all of its synapse memory.
 */
export const compileNetworks = ['demo', 'vgg11/4', 'vgg11/2', 'vgg11', 'resnet20', 'wrn16-4'] as const;

const setup = { shape: [32, 32, 3], classes: 10, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], seed: 0 } as const;

/** IF neurons with a threshold of 0.3, T = 8, random weights, hard reset: what any network of that architecture costs. */
export function compileNetwork(name: string): SnnGraph {
  const snn = convert(architecture(name).graph, { timesteps: 8, leak: 1, reset: 'hard' });
  return {
    ...snn,
    layers: snn.layers.map((layer) => (layer.kind === 'neuron' ? { ...layer, threshold: 0.3 } : layer)),
  };
}

function architecture(name: string): NamedNetwork {
  switch (name) {
    case 'vgg11/4':
      return scaledVgg(name, 4);
    case 'vgg11/2':
      return scaledVgg(name, 2);
    case 'demo':
    case 'vgg11':
    case 'resnet20':
    case 'wrn16-4':
      return namedNetwork(name, setup);
    default:
      throw new Error(`no network "${name}"; there are ${compileNetworks.join(', ')}`);
  }
}

function scaledVgg(name: string, divisor: number): NamedNetwork {
  const features = [64, 'pool', 128, 256, 'pool', 512, 512, 512, 'pool', 512, 512] as const;
  const plan = {
    features: features.map((feature) => (feature === 'pool' ? feature : feature / divisor)),
    hidden: [4096 / divisor, 4096 / divisor],
    dropout: 0.2,
  };
  return vgg(name, plan, setup);
}
