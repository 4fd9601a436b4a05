/** What a search found. */
export interface Reduced<T> {
  /** A part that still fails, in the old order. */
  readonly kept: readonly T[];
  /** True where leaving out any one element makes it pass; false where the search ran out of trials. */
  readonly isMinimal: boolean;
}

/**
 * Leaves out of `items`, which fail, as many as it can while they go on failing: runs of half of them, of a quarter, …,
 * and single ones until none can go (delta debugging after Zeller and Hildebrandt 2002, with complements alone). At most
 * `trials` parts are tried; `fails` must answer the same for the same part.
 */
export async function reduceFailing<T>(
  items: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
  trials: number,
): Promise<Reduced<T>> {
  let left = trials;
  if (left <= 0) return { kept: items, isMinimal: items.length === 0 };
  left -= 1;
  if (items.length === 0 || (await fails([]))) return { kept: [], isMinimal: true };
  let kept = items;
  let size = Math.ceil(kept.length / 2);
  let hasShrunk = false;
  for (let start = 0; ; ) {
    if (start >= kept.length) {
      if (size === 1 && !hasShrunk) return { kept, isMinimal: true };
      size = Math.ceil(size / 2);
      start = 0;
      hasShrunk = false;
    }
    if (left === 0) return { kept, isMinimal: false };
    left -= 1;
    const part = [...kept.slice(0, start), ...kept.slice(start + size)];
    // The empty part passed already.
    if (part.length > 0 && (await fails(part))) {
      kept = part;
      hasShrunk = true;
    } else {
      start += size;
    }
  }
}

/** The smallest value of low … high that fails, by bisection; `high` is known to, and all above the result is taken to. */
export async function leastFailing(
  low: number,
  high: number,
  fails: (value: number) => Promise<boolean>,
): Promise<number> {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (await fails(middle)) to = middle;
    else from = middle + 1;
  }
  return to;
}
