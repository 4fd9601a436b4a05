import type { ForwardOptions, Model, ParameterMap, Pass, SpikeRecord } from '../../../runtime/engine/engine.js';
import type { MapShape } from '../../../schemas/tensor.js';
import { elementCount } from '../../../schemas/tensor.js';

/**
 * A linear classifier, logits = images·kernel, in plain TypeScript, whose sample-by-sample arithmetic cannot depend on
 * the batch. A parameter `norm.mean` counts train-mode samples: a running statistic without gradient.
 */
export class ToyModel implements Model {
  readonly inputShape: MapShape;
  readonly classes: number;
  private parameters: ParameterMap;
  /** Passes that are not yet disposed of. */
  alive = 0;

  constructor(shape: MapShape, kernel: Float32Array) {
    this.inputShape = shape;
    this.classes = kernel.length / elementCount(shape);
    this.parameters = new Map([
      ['dense.kernel', kernel.slice()],
      ['norm.mean', new Float32Array(1)],
    ]);
  }

  async forward(images: Float32Array, { mode }: ForwardOptions): Promise<Pass> {
    const { classes } = this;
    const size = elementCount(this.inputShape);
    const count = images.length / size;
    const kernel = this.parameters.get('dense.kernel')!;
    if (mode === 'train') this.parameters.get('norm.mean')![0]! += count;
    const logits = new Float32Array(count * classes);
    for (let n = 0; n < count; n += 1) {
      for (let k = 0; k < classes; k += 1) {
        let sum = 0;
        for (let i = 0; i < size; i += 1) sum += images[n * size + i]! * kernel[i * classes + k]!;
        logits[n * classes + k] = sum;
      }
    }
    this.alive += 1;
    return {
      logits,
      backward: async (upstream, wanted) => {
        const gradient = new Float32Array(kernel.length);
        const input = new Float32Array(images.length);
        for (let n = 0; n < count; n += 1) {
          for (let i = 0; i < size; i += 1) {
            for (let k = 0; k < classes; k += 1) {
              const slope = upstream[n * classes + k]!;
              gradient[i * classes + k]! += images[n * size + i]! * slope;
              input[n * size + i]! += kernel[i * classes + k]! * slope;
            }
          }
        }
        return { parameters: new Map([['dense.kernel', gradient]]), input: wanted.input ? input : null };
      },
      dispose: () => {
        this.alive -= 1;
      },
    };
  }

  async readParameters(): Promise<ParameterMap> {
    return new Map([...this.parameters].map(([name, values]) => [name, values.slice()]));
  }

  writeParameters(values: ReadonlyMap<string, Float32Array>): void {
    for (const [name, replacement] of values) this.parameters.set(name, replacement.slice());
  }

  async recordSpikes(): Promise<{ logits: Float32Array; spikes: SpikeRecord }> {
    throw new Error('a toy has no spikes');
  }

  dispose(): void {
    this.parameters.clear();
  }
}
