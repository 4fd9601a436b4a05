import type { MapShape } from '../../schemas/tensor.js';
import type { Classifier, Pass } from '../engine/engine.js';
import type { Chip } from './chip.js';

/** The simulated chip as an attacker meets it who can do nothing but ask: images in, logits out, no gradients, no time. */
export class ChipOracle implements Classifier {
  readonly inputShape: MapShape;
  readonly classes: number;

  constructor(private readonly chip: Chip) {
    const { program } = chip;
    this.inputShape = program.drives[0]!.inputShape;
    this.classes = program.populations.find(({ kind }) => kind === 'readout')!.shape[2];
  }

  async forward(images: Float32Array): Promise<Pass> {
    return {
      logits: this.chip.run(images, { record: false }).logits,
      backward: async () => {
        throw new RangeError('a chip gives no gradients');
      },
      dispose: () => undefined,
    };
  }

  dispose(): void {
    // Nothing is held outside this process's heap.
  }
}
