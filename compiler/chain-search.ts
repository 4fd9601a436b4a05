import type { CoreLimit } from './core-need.js';
import type { IncomingProjection, PackingPolicy } from './core-plan.js';
import { type Axis, axisReach, type Span } from './tiling.js';

/** How a population is cut: the product of these spans, one core per tile. */
export interface Split {
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
  readonly channels: readonly Span[];
  readonly policy: PackingPolicy;
}

/** A split whose cores keep all limits but that of output axons, which depends on the next layer's split. */
export interface Candidate {
  readonly split: Split;
  readonly cores: number;
}

/** What a core more weighs against a 'compact' packing, whose zero weights cost synaptic operations. */
const COMPACT_PENALTY = 1.1;

/** From the last layer back: for each split the best continuation whose fan-out its output axons can hold. */
export function cheapestChain(
  incoming: readonly (readonly IncomingProjection[])[],
  choices: readonly (readonly Candidate[])[],
  limits: readonly CoreLimit[],
): readonly Split[] | null {
  const outputAxons = limits.find(({ resource }) => resource === 'outputAxons')!.limit;
  let costs: number[] = [];
  const next: number[][] = [];
  for (let index = incoming.length - 1; index >= 0; index -= 1) {
    const after = incoming[index + 1];
    const continuation: number[] = [];
    costs = choices[index]!.map(({ split, cores }, n) => {
      const own = split.policy === 'compact' ? cores * COMPACT_PENALTY : cores;
      if (after === undefined) return own;
      let best = Number.POSITIVE_INFINITY;
      choices[index + 1]!.forEach((candidate, k) => {
        if (costs[k]! >= best) return;
        const fan = fanOut(split, candidate.split, after);
        // Axons only decide between equal numbers of cores.
        const cost = costs[k]! + fan.total * 1e-9;
        if (fan.most > outputAxons || cost >= best) return;
        best = cost;
        continuation[n] = k;
      });
      return own + best;
    });
    next[index] = continuation;
  }
  let choice = costs.reduce((best, cost, n) => (cost < costs[best]! ? n : best), 0);
  if (!Number.isFinite(costs[choice] ?? Number.POSITIVE_INFINITY)) return null;
  return choices.map((candidates, index) => {
    const { split } = candidates[choice]!;
    choice = next[index]![choice] ?? 0;
    return split;
  });
}

/** Output axons of the cores of `split` towards cores of `after`: the most of one core, and the sum. */
function fanOut(
  split: Split,
  after: Split,
  incoming: readonly IncomingProjection[],
): { readonly most: number; readonly total: number } {
  let most = 0;
  let total = 0;
  for (const entry of incoming) {
    const rows = spanSums(split.rows, after.rows, entry.rows);
    const columns = spanSums(split.columns, after.columns, entry.columns);
    const channels = Math.max(...split.channels.map(([first, end]) => end - first));
    const groups = after.channels.length;
    most += Math.max(...rows) * Math.max(...columns) * channels * groups;
    const inputs = entry.projection.kernel.shape[2];
    total += rows.reduce((sum, n) => sum + n, 0) * columns.reduce((sum, n) => sum + n, 0) * inputs * groups;
  }
  return { most, total };
}

/** For each source span, Σ over its coordinates of the target spans that hear it. */
function spanSums(sources: readonly Span[], targets: readonly Span[], axis: Axis): readonly number[] {
  const heard = new Int32Array(axis.sources);
  for (const span of targets) for (const { source } of axisReach(axis, span)) heard[source]! += 1;
  return sources.map(([first, end]) => {
    let sum = 0;
    for (let position = first; position < end; position += 1) sum += heard[Math.floor(position / axis.pool)] ?? 0;
    return sum;
  });
}
