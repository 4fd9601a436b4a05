/** What a design costs and what it gives; null is unknown. */
export interface Objectives {
  /** Joules and seconds per sample. */
  readonly energy: number | null;
  readonly latency: number | null;
  /** In [0, 1]. */
  readonly robust: number | null;
  /** What the costs leave out; empty where they are whole. Equal texts: the same is left out. */
  readonly leftOut: string;
}

/**
 * Which designs no other dominates. One dominates another where it is at least as good in all three objectives and better
 * in one. Costs that leave something out are lower bounds: they are held against others that leave out the same, and can
 * be undercut by whole ones, but cannot themselves undercut costs that leave out less. Designs without all three
 * objectives are on no front.
 */
export function onFront(designs: readonly Objectives[]): boolean[] {
  const isKnown = ({ energy, latency, robust }: Objectives): boolean =>
    energy !== null && latency !== null && robust !== null;
  return designs.map(
    (design) => isKnown(design) && !designs.some((other) => isKnown(other) && dominates(other, design)),
  );
}

function dominates(a: Objectives, b: Objectives): boolean {
  if (a.leftOut !== b.leftOut && a.leftOut !== '') return false;
  const [energy, latency, robust] = [b.energy! - a.energy!, b.latency! - a.latency!, a.robust! - b.robust!];
  return energy >= 0 && latency >= 0 && robust >= 0 && (energy > 0 || latency > 0 || robust > 0);
}
