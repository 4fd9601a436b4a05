/** 0 … count − 1 in runs of `length`; the last may be shorter. */
export function chunkRanges(count: number, length: number): { first: number; end: number }[] {
  return Array.from({ length: Math.ceil(count / length) }, (_, chunk) => ({
    first: chunk * length,
    end: Math.min(count, (chunk + 1) * length),
  }));
}
