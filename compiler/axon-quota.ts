import type { Target } from '../schemas/target.js';

/** The input axons that a core has for spikes, and what population axons cost and save. */
export interface AxonSupply {
  /** Input axons beside those of the bias. */
  readonly axons: number;
  /** Sources that one population axon can tell apart; 1 where the chip has none. */
  readonly atomsMax: number;
  /** Output axons that a source spends on one. */
  readonly outputAxons: number;
}

/**
 * Which groups of sources, each of one place and consecutive channels, share a population axon instead of having one input
 * axon each: of every group size the first so many. Larger groups first, and no more than the limit asks for, since a
 * population axon costs its sources more.
 */
export interface AxonQuota {
  readonly populations: ReadonlyMap<number, number>;
  /** Input axons of both kinds. */
  readonly axons: number;
  /** Sources whose spikes come by population axons. */
  readonly inPopulations: number;
}

/** Atoms of one axon that a Program can number. */
const ATOMS_MAX = 65_535;

/** What a target supplies of `axons` input axons. */
export function axonSupply({ limits: { populationAxon } }: Target, axons: number): AxonSupply {
  return {
    axons,
    atomsMax: populationAxon === null ? 1 : Math.min(populationAxon.atomsMax.value ?? ATOMS_MAX, ATOMS_MAX),
    outputAxons: populationAxon?.outputAxons.value ?? 1,
  };
}

/** The fewest population axons that keep the limit, where that is possible; `groups` says how many groups there are of each size. */
export function axonQuota(groups: ReadonlyMap<number, number>, { axons: limit }: AxonSupply): AxonQuota {
  let axons = 0;
  for (const [size, count] of groups) axons += size * count;
  const populations = new Map<number, number>();
  let inPopulations = 0;
  for (const size of [...groups.keys()].sort((a, b) => b - a)) {
    if (axons <= limit || size === 1) break;
    const count = Math.min(groups.get(size)!, Math.ceil((axons - limit) / (size - 1)));
    populations.set(size, count);
    axons -= count * (size - 1);
    inPopulations += count * size;
  }
  return { populations, axons, inPopulations };
}
