import type { Extract } from '../extract.js';
import { extract } from '../extract.js';
import type { Graph, GraphNode, Value } from '../graph.js';

/** What a shard computes between two points at which all shards wait for one another. */
export interface Phase {
  readonly part: Extract;
  /** Computed here by every shard; what all have of each is the input `all NAME` of later phases. */
  readonly exchanged: readonly Value[];
  /** What was asked for, as far as it is known in this phase. */
  readonly results: readonly Value[];
  /** What a shard holds for later phases. */
  readonly held: readonly Value[];
  /** Names of what it holds no longer after this phase. */
  readonly released: readonly string[];
}

/** The phases of a pass over shards in their order. */
export interface Schedule {
  readonly phases: readonly Phase[];
  /** Names of the forward pass's values that a backward pass reads. */
  readonly read: ReadonlySet<string>;
}

/** Names of which values are to be had before the schedule begins, and of which are still needed after it. */
interface Surroundings {
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
}

/** The forward pass as far as `wanted`; holds the values named in `after` to its end. */
export function forwardSchedule(graph: Graph, wanted: readonly Value[], after: ReadonlySet<string>): Schedule {
  return scheduleOf(graph, wanted, true, { before: new Set(), after });
}

/** The backward pass as far as `wanted`, from the gradient at the logits. */
export function backwardSchedule(graph: Graph, wanted: readonly Value[], upstream: Value): Schedule {
  const forward = graph.nodes.flatMap(({ isForward, outputs }) => (isForward ? outputs : []));
  const held = forward.map(({ name }) => name).filter((name) => graph.kept.has(name));
  return scheduleOf(graph, wanted, false, { before: new Set([...held, upstream.name]), after: new Set() });
}

/**
 * Cuts a pass at the values that all shards exchange. A phase is computed from the values that were marked as worth
 * holding (`Graph.keep`), of this pass and of the one before; what lies between is computed again where it is needed.
 */
function scheduleOf(
  graph: Graph,
  wanted: readonly Value[],
  isForward: boolean,
  { before, after }: Surroundings,
): Schedule {
  const { phaseOf, values, exchanged } = numbered(graph, wanted, isForward);
  const kept = [...graph.kept].filter((name) => values.get(name)?.node.isForward === isForward);
  const targets = unique([...wanted, ...exchanged]);
  const count = 1 + Math.max(...targets.map(({ name }) => phaseOf.get(name)!));
  const needed = new Set(after);
  const lastUse = new Map<string, number>();
  const phases: Phase[] = [];
  for (let index = count - 1; index >= 0; index -= 1) {
    const isHere = (name: string): boolean => phaseOf.get(name) === index;
    const held = kept.filter((name) => isHere(name) && needed.has(name)).map((name) => values.get(name)!.value);
    const given = new Set([...before, ...kept.filter((name) => phaseOf.get(name)! < index)]);
    const own = targets.filter(({ name }) => isHere(name));
    const part = extract(graph, unique([...own, ...held]), given);
    for (const { name } of part.inputs) {
      needed.add(name);
      if (!lastUse.has(name) && kept.includes(name) && !after.has(name)) lastUse.set(name, index);
    }
    const isExchanged = ({ name }: Value): boolean => exchanged.some((value) => value.name === name);
    phases.unshift({
      part,
      exchanged: own.filter(isExchanged),
      results: own.filter(({ name }) => wanted.some((value) => value.name === name)),
      held,
      released: [...lastUse].flatMap(([name, last]) => (last === index ? [name] : [])),
    });
  }
  return { phases, read: new Set([...needed].filter((name) => before.has(name))) };
}

/**
 * The phase of each of the pass's own values, one more than that of the latest exchange it depends on; and which values
 * the shards exchange for the sake of `wanted`.
 */
function numbered(graph: Graph, wanted: readonly Value[], isForward: boolean) {
  const values = new Map<string, { readonly value: Value; readonly node: GraphNode }>();
  const phaseOf = new Map<string, number>();
  const phaseBefore = (name: string): number => {
    const source = graph.gathered.get(name);
    if (source !== undefined && values.get(source.name)?.node.isForward === isForward) {
      return phaseOf.get(source.name)! + 1;
    }
    return phaseOf.get(name) ?? 0;
  };
  for (const node of graph.nodes) {
    for (const value of node.outputs) values.set(value.name, { value, node });
    if (node.isForward !== isForward) continue;
    const phase = Math.max(0, ...node.inputs.map(phaseBefore));
    for (const { name } of node.outputs) phaseOf.set(name, phase);
  }

  const exchanged: Value[] = [];
  const seen = new Set<string>();
  const pending = wanted.map(({ name }) => name);
  while (pending.length > 0) {
    const name = pending.pop()!;
    if (seen.has(name)) continue;
    seen.add(name);
    const source = graph.gathered.get(name);
    if (source !== undefined && phaseOf.has(source.name)) {
      exchanged.push(source);
      pending.push(source.name);
    } else if (phaseOf.has(name)) pending.push(...values.get(name)!.node.inputs);
  }
  return { phaseOf, values, exchanged };
}

function unique(values: readonly Value[]): readonly Value[] {
  return [...new Map(values.map((value) => [value.name, value])).values()];
}
