import type { NamedNetwork, NetworkSetup } from './network-builder.js';
import { NetworkBuilder } from './network-builder.js';

/** Stages of equally many blocks; every stage but the first halves the map. */
export interface ResidualPlan {
  /** Channels of the first convolution. */
  readonly stem: number;
  /** Channels of each stage. */
  readonly stages: readonly number[];
  readonly blocks: number;
}

/**
 * A residual network (He et al. 2016a) as the method has it: blocks of convolution, norm, ReLU, convolution and norm,
 * joined with the shortcut by a trainable weighted sum, then a ReLU. A 1×1 convolution with norm carries the shortcut
 * where the shape changes.
 */
export function resnet(name: string, { stem, stages, blocks }: ResidualPlan, setup: NetworkSetup): NamedNetwork {
  const builder = new NetworkBuilder(setup);
  builder.conv({ name: 'conv', module: 'features.0' }, stem, 3, 1);
  builder.norm({ name: 'norm', module: 'features.1' });
  builder.relu({ name: 'relu', module: 'features.2' });
  forEachBlock(stages, blocks, (channels, stride, number) => {
    const block = `block${number}`;
    const module = `features.${2 + number}`;
    const at = (layer: string, inner: string) => ({ name: `${block}.${layer}`, module: `${module}.${inner}` });
    const start = builder.last;
    const changes = stride !== 1 || builder.channels !== channels;
    builder.conv(at('conv1', 'conv1'), channels, 3, stride);
    builder.norm(at('norm1', 'bn1'));
    builder.relu(at('relu1', 'act1'));
    builder.conv(at('conv2', 'conv2'), channels, 3, 1);
    builder.norm(at('norm2', 'bn2'));
    const branch = builder.last;
    let shortcut = start;
    if (changes) {
      builder.conv(at('shortcut', 'shortcut.0'), channels, 1, stride, start);
      builder.norm(at('shortcutNorm', 'shortcut.1'));
      shortcut = builder.last;
    }
    builder.mix(at('sum', 'convex'), shortcut, branch);
    builder.relu(at('relu2', 'act2'));
  });
  builder.globalPool('pool');
  builder.flatten('hwc');
  builder.dense({ name: 'classifier', module: 'classifier.1' }, setup.classes, true);
  return builder.finish(name);
}

/**
 * A wide residual network with pre-activation (Zagoruyko and Komodakis 2016) as the method has it: a first convolution
 * without norm; blocks of norm, ReLU, convolution, norm, ReLU and convolution, joined with the shortcut by a trainable
 * weighted sum. The shortcut is the block's input as it is, or, where the channels change, a 1×1 convolution of the
 * activated signal.
 */
export function wideResnet(name: string, { stem, stages, blocks }: ResidualPlan, setup: NetworkSetup): NamedNetwork {
  const builder = new NetworkBuilder(setup);
  builder.conv({ name: 'conv', module: 'features.0' }, stem, 3, 1);
  forEachBlock(stages, blocks, (channels, stride, number) => {
    const block = `block${number}`;
    const module = `features.${number}`;
    const at = (layer: string, inner: string) => ({ name: `${block}.${layer}`, module: `${module}.${inner}` });
    const start = builder.last;
    const changes = builder.channels !== channels;
    builder.norm(at('norm1', 'bn1'));
    builder.relu(at('relu1', 'act1'));
    const activated = builder.last;
    builder.conv(at('conv1', 'conv1'), channels, 3, stride);
    builder.norm(at('norm2', 'bn2'));
    builder.relu(at('relu2', 'act2'));
    builder.conv(at('conv2', 'conv2'), channels, 3, 1);
    const branch = builder.last;
    let shortcut = start;
    if (changes) {
      builder.conv(at('shortcut', 'convShortcut'), channels, 1, stride, activated);
      shortcut = builder.last;
    }
    builder.mix(at('sum', 'convex'), shortcut, branch);
  });
  const end = stages.length * blocks + 1;
  builder.norm({ name: 'norm', module: `features.${end}` });
  builder.relu({ name: 'relu', module: `features.${end + 1}` });
  builder.globalPool('pool');
  builder.flatten('hwc');
  builder.dense({ name: 'classifier', module: 'classifier.1' }, setup.classes, true);
  return builder.finish(name);
}

/** Calls `build` for each block, numbered from 1, with its channels and the stride of its first convolution. */
function forEachBlock(
  stages: readonly number[],
  blocks: number,
  build: (channels: number, stride: number, number: number) => void,
): void {
  for (const [stage, channels] of stages.entries()) {
    for (let block = 0; block < blocks; block += 1) {
      build(channels, stage > 0 && block === 0 ? 2 : 1, stage * blocks + block + 1);
    }
  }
}
