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

  /** Takes scale·value + shift for every `stride`-th value from `first` on, rounded to float32. */
  offer(values: Float32Array, first: number, stride: number, scale: number, shift: number): void {
    for (let k = first; k < values.length; k += stride) {
      const value = scale * values[k]! + shift;
      if (value < this.bar) continue;
      this.held[this.count] = value;
      this.count += 1;
      if (this.count === this.held.length) this.prune();
    }
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
