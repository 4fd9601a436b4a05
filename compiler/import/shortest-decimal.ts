/** Digits that tell every float32 from its neighbours. */
const FLOAT32_DIGITS = 9;

/**
 * The shortest decimal that rounds to the same float32: 0.4914 for the float32 nearest to it. Undoes the widening of a
 * value that was written as float32. A value that is no float32 stays as it is.
 */
export function shortestDecimal(value: number): number {
  if (Math.fround(value) !== value) return value;
  for (let digits = 1; digits < FLOAT32_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(FLOAT32_DIGITS));
}
