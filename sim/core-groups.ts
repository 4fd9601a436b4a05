import type { Program } from '../schemas/program.js';
import type { AxonsOut } from './axon-out.js';
import { holdsSeveral } from './core.js';

/**
 * Cores that are loaded together: those of a population that have a sender in common, directly or by others between them,
 * and of each population those without any. Parts of a population that hear different cores, such as copies of its source,
 * are apart, for no row of synapses reaches more than one of them. Cores that hold several populations come last.
 */
export function coreGroups(
  { cores, populations }: Pick<Program, 'cores' | 'populations'>,
  axonsOut: readonly Pick<AxonsOut, 'core'>[],
): readonly (readonly number[])[] {
  const several = populations.length;
  const populationOf = cores.map((image) => (holdsSeveral(image) ? several : image.ranges[0]!.population));
  const parent = Int32Array.from(cores, (_, core) => core);
  const rootOf = (core: number): number => {
    let root = core;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]!]!;
      root = parent[root]!;
    }
    return root;
  };
  /** Puts those of one population together. */
  const join = (members: Iterable<number>): void => {
    const last = new Int32Array(several + 1).fill(-1);
    for (const core of members) {
      const population = populationOf[core]!;
      if (last[population] !== -1) parent[rootOf(core)] = rootOf(last[population]!);
      last[population] = core;
    }
  };
  const hears = new Uint8Array(cores.length);
  for (const { core } of axonsOut) {
    const reached = new Set(core);
    for (const to of reached) hears[to] = 1;
    join(reached);
  }
  const rest = [...cores.keys()].filter((core) => hears[core] === 0 || populationOf[core] === several);
  join(rest);
  const groups = new Map<number, number[]>();
  for (const core of cores.keys()) {
    const root = rootOf(core);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [core]);
    else group.push(core);
  }
  return [...groups.values()].sort((a, b) => populationOf[a[0]!]! - populationOf[b[0]!]! || a[0]! - b[0]!);
}
