/** A batch of images that do not touch one another, in parts; the last one may be smaller. */
export class ImageParts {
  readonly count: number;

  constructor(
    private readonly images: number,
    private readonly size: number,
  ) {
    this.count = Math.ceil(images / size);
  }

  /** A part's share of values [N, …]. */
  of(values: Float32Array, part: number): Float32Array {
    const each = values.length / this.images;
    return values.slice(part * this.size * each, (part + 1) * this.size * each);
  }
}
