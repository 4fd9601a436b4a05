import type { Reset } from '../../schemas/snn.js';

/** Spikes of one layer over time, [T, N, H·W·C] with one bit each, written and read step by step. */
export class SpikeTrain {
  private readonly bits: Uint8Array;
  private readonly stepBytes: number;

  /** `width` is N·H·W·C. */
  constructor(
    readonly steps: number,
    readonly width: number,
  ) {
    this.stepBytes = Math.ceil(width / 8);
    this.bits = new Uint8Array(steps * this.stepBytes);
  }

  /** Sets a bit of a step; all are 0 at first. */
  mark(step: number, position: number): void {
    const byte = step * this.stepBytes + (position >> 3);
    this.bits[byte] = this.bits[byte]! | (1 << (position & 7));
  }

  /** Steps `first` to `last` (exclusive) as 0 and 1, [last − first, N, H·W·C]. */
  read(first: number, last: number): Float32Array {
    const values = new Float32Array((last - first) * this.width);
    for (let step = first, target = 0; step < last; step += 1) {
      const base = step * this.stepBytes;
      for (let position = 0; position < this.width; position += 1, target += 1) {
        values[target] = (this.bits[base + (position >> 3)]! >> (position & 7)) & 1;
      }
    }
    return values;
  }
}

/** Neurons that integrate one step's input after another (method: model). */
export class Membranes {
  private readonly voltage: Float32Array;

  constructor(
    width: number,
    private readonly neuron: { readonly leak: number; readonly reset: Reset; readonly threshold: number },
  ) {
    this.voltage = new Float32Array(width);
  }

  /** One timestep: `input` from `start` on, scaled and shifted per channel; spikes are marked at `step` of `train`. */
  advance(
    input: Float32Array,
    start: number,
    { scale, shift }: { readonly scale: Float64Array; readonly shift: Float64Array },
    train: SpikeTrain,
    step: number,
  ): void {
    const { leak, reset, threshold } = this.neuron;
    const channels = scale.length;
    for (let k = 0, channel = 0; k < this.voltage.length; k += 1) {
      const current = Math.fround(scale[channel]! * input[start + k]! + shift[channel]!);
      channel = channel + 1 === channels ? 0 : channel + 1;
      const before = Math.fround(Math.fround(leak * this.voltage[k]!) + current);
      if (before >= threshold) {
        train.mark(step, k);
        this.voltage[k] = reset === 'hard' ? 0 : before - threshold;
      } else {
        this.voltage[k] = before;
      }
    }
  }
}
