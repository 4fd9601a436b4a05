/** Adds values to the sum of that name, a new one where there is none. Shards are added in their order, whichever came first. */
export function addTo(sums: Map<string, Float32Array>, name: string, values: Float32Array): void {
  const sum = sums.get(name);
  if (sum === undefined) sums.set(name, values.slice());
  else for (let k = 0; k < sum.length; k += 1) sum[k] = sum[k]! + values[k]!;
}

/** Arrays end to end. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}
