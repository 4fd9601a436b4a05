import fc from 'fast-check';

/** Images of 2 × 2 × 1 and 4 classes. */
export const shape = [2, 2, 1] as const;
export const size = 4;
export const classes = 4;

/** A linear network with an image, whose worst case within a ball can be written down. */
export interface LinearScene {
  readonly kernel: Float32Array;
  readonly image: Float32Array;
  readonly seed: number;
}

export const linearScenes: fc.Arbitrary<LinearScene> = fc.record({
  kernel: fractions(size * classes, -256, 256, 64),
  image: fractions(size, 0, 255, 255),
  seed: fc.integer(),
});

/** Whole numbers over `denominator`: none so small that its products vanish in float32. */
function fractions(length: number, min: number, max: number, denominator: number): fc.Arbitrary<Float32Array> {
  return fc
    .array(fc.integer({ min, max }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values, (value) => value / denominator));
}

/** The logits of one image. */
export function logits(kernel: Float32Array, image: Float32Array): number[] {
  return Array.from({ length: classes }, (_, c) =>
    Math.fround(image.reduce((sum, value, k) => sum + value * kernel[k * classes + c]!, 0)),
  );
}

export function predicted(kernel: Float32Array, image: Float32Array): number {
  const row = logits(kernel, image);
  return row.indexOf(Math.max(...row));
}

/**
 * The least margin z_label − max z_other within epsilon of the image and within [0, 1]: towards each other class every
 * pixel goes as far as it may along the sign of the difference of weights.
 */
export function leastMargin({ kernel, image }: LinearScene, label: number, epsilon: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let other = 0; other < classes; other += 1) {
    if (other === label) continue;
    let margin = 0;
    for (let k = 0; k < size; k += 1) {
      const slope = kernel[k * classes + label]! - kernel[k * classes + other]!;
      const worst = slope > 0 ? Math.max(0, image[k]! - epsilon) : Math.min(1, image[k]! + epsilon);
      margin += slope * worst;
    }
    least = Math.min(least, margin);
  }
  return least;
}
