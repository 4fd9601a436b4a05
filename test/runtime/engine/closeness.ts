/** Largest |a − b| relative to the largest |b| (1e-30 at least): one figure for whole arrays. */
export function relativeDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} values against ${b.length}`);
  let distance = 0;
  let scale = 1e-30;
  for (let k = 0; k < a.length; k += 1) {
    distance = Math.max(distance, Math.abs(a[k]! - b[k]!));
    scale = Math.max(scale, Math.abs(b[k]!));
  }
  return distance / scale;
}

/** Σ a·b in float64. */
export function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0);
}
