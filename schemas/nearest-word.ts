/** The longest word that is compared; a longer one is no slip of the fingers. */
const LENGTH_MAX = 64;

/**
 * The word among `known` that `word` was probably meant to be: fewest edits (insert, delete, replace, swap of
 * neighbours; letter case is free), at most a third of the longer word's length; null where none is that near.
 */
export function nearestWord(word: string, known: readonly string[]): string | null {
  if (word.length > LENGTH_MAX) return null;
  let nearest: string | null = null;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest && edits * 3 <= Math.max(word.length, candidate.length)) {
      nearest = candidate;
      fewest = edits;
    }
  }
  return nearest;
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  const row = (length: number, first: number) => Array.from({ length }, (_, index) => index + first);
  let beforeLast: number[] = [];
  let last = row(b.length + 1, 0);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(replace, last[j]! + 1, current[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, beforeLast[j - 2]! + 1);
      }
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
