import type { ChannelAffine } from './channel-affine.js';

/**
 * The smallest of the `capacity` largest values of a stream, exactly, without keeping or sorting the stream: a k-th
 * smallest near the top of hundreds of megabytes needs only what lies above it. Memory: 8 B per value of capacity.
 */
export class Largest {
  /** Candidates; once full the lower half is thrown away, which raises the bar for what follows. */
  private readonly held: Float32Array;
  private count = 0;
  private bar = Number.NEGATIVE_INFINITY;

  constructor(private readonly capacity: number) {
    this.held = new Float32Array(2 * capacity);
  }

  /** Takes scale[c]·value + shift[c], rounded to float32, for every value; channels run fastest. */
  offer(values: Float32Array, { scale, shift }: ChannelAffine): void {
    const { held } = this;
    const channels = scale.length;
    let bar = this.bar;
    let count = this.count;
    for (let k = 0; k < values.length; ) {
      for (let c = 0; c < channels; c += 1, k += 1) {
        const value = scale[c]! * values[k]! + shift[c]!;
        if (value < bar) continue;
        held[count] = value;
        count += 1;
        if (count === held.length) {
          this.count = count;
          this.prune();
          bar = this.bar;
          count = this.count;
        }
      }
    }
    this.count = count;
  }

  /** The smallest of the `capacity` largest values offered; there must have been that many. */
  smallest(): number {
    if (this.count < this.capacity) throw new RangeError(`${this.count} values, ${this.capacity} wanted`);
    this.prune();
    return this.held[0]!;
  }

  /** Sorts and keeps the `capacity` largest, smallest first. */
  private prune(): void {
    const kept = this.held
      .subarray(0, this.count)
      .sort()
      .subarray(this.count - this.capacity);
    this.held.set(kept);
    this.count = this.capacity;
    this.bar = this.held[0]!;
  }
}
