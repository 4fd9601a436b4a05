/** The next size of the form 2ᵏ or 3·2ᵏ: batches of like size then share programs, which are compiled for one size each. */
export function paddedBatch(count: number): number {
  const power = 2 ** Math.ceil(Math.log2(count));
  return power >= 4 && count <= (power / 4) * 3 ? (power / 4) * 3 : power;
}
