import type { NamedNetwork, NetworkSetup } from './network-builder.js';
import { NetworkBuilder } from './network-builder.js';

/**
 * A chain of 3×3 convolutions (their numbers of output channels) and 2×2 average pools, perhaps ended by the mean over
 * the whole map, then hidden dense layers.
 */
export interface VggPlan {
  readonly features: readonly (number | 'pool' | 'globalPool')[];
  readonly hidden: readonly number[];
  /** Share of activations dropped after each hidden dense layer while training, in [0, 1). */
  readonly dropout: number;
}

/**
 * A VGG-style network (Simonyan and Zisserman 2015) as the method has it: convolution without bias, batch norm and ReLU
 * each time, average pools, and only the output layer with a bias.
 */
export function vgg(name: string, plan: VggPlan, setup: NetworkSetup): NamedNetwork {
  const builder = new NetworkBuilder(setup);
  let stage = 0;
  let pools = 0;
  // Positions in the published code's sequences, where pools, neurons and dropout count too.
  let position = 0;
  for (const feature of plan.features) {
    if (feature === 'pool' || feature === 'globalPool') {
      pools += 1;
      if (feature === 'pool') builder.pool(`pool${pools}`, 2);
      else builder.globalPool(`pool${pools}`);
      position += 1;
      continue;
    }
    stage += 1;
    builder.conv({ name: `conv${stage}`, module: `features.${position}` }, feature, 3, 1);
    builder.norm({ name: `norm${stage}`, module: `features.${position + 1}` });
    builder.relu({ name: `relu${stage}`, module: `features.${position + 2}` });
    position += 3;
  }
  builder.flatten('hwc');
  // The published classifier begins with flattening, and with the global pool where there is one.
  position = plan.features.at(-1) === 'globalPool' ? 2 : 1;
  for (const units of plan.hidden) {
    stage += 1;
    builder.dense({ name: `dense${stage}`, module: `classifier.${position}` }, units, false);
    builder.relu({ name: `relu${stage}`, module: `classifier.${position + 1}` });
    if (plan.dropout > 0) builder.dropout(`dropout${stage}`, plan.dropout);
    position += plan.dropout > 0 ? 3 : 2;
  }
  builder.dense({ name: 'classifier', module: `classifier.${position}` }, setup.classes, true);
  return builder.finish(name);
}
