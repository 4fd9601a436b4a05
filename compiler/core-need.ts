import type { ParameterTable, Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { type CorePlan, type CorePlanner, countNonZero, type ListForm, type ProjectionPlan } from './core-plan.js';
import { type Tile, tileExtents } from './tiling.js';

/** What one core needs of everything that is limited. */
export interface CoreNeed {
  readonly compartments: number;
  readonly synapseWords: number;
  readonly inputAxons: number;
  readonly outputAxons: number;
  readonly compartmentProfiles: number;
  readonly thresholdProfiles: number;
  readonly synapseFormats: number;
  /** Of the axon with the longest list. */
  readonly wordsPerAxon: number;
}

/** A limit of a core with the unit that messages name. */
export interface CoreLimit {
  readonly resource: keyof CoreNeed;
  readonly title: string;
  readonly unit: string;
  /** Infinite where the target gives none. */
  readonly limit: number;
}

/** What the fields of a Program can number, whatever the chip can. */
const NUMBERED = { compartments: 32_768, inputAxons: 65_536, profiles: 256, formats: 8, wordsPerAxon: 65_535 } as const;

/** The limits of a core of this target, in the units of `CoreNeed`; where it gives none, what a Program can number. */
export function coreLimits({ limits }: Target): readonly CoreLimit[] {
  const of = (value: number | null, numbered = Number.POSITIVE_INFINITY): number =>
    Math.min(value ?? numbered, numbered);
  const memory = of(limits.synapseMemoryPerCore.value);
  return [
    {
      resource: 'compartments',
      title: 'compartments',
      unit: '',
      limit: of(limits.compartmentsPerCore.value, NUMBERED.compartments),
    },
    { resource: 'synapseWords', title: 'synapse memory', unit: 'words', limit: Math.floor(memory / 8) },
    {
      resource: 'inputAxons',
      title: 'input axons',
      unit: '',
      limit: of(limits.inputAxonsPerCore.value, NUMBERED.inputAxons),
    },
    { resource: 'outputAxons', title: 'output axons', unit: '', limit: of(limits.outputAxonsPerCore.value) },
    {
      resource: 'compartmentProfiles',
      title: 'compartment profiles',
      unit: '',
      limit: of(limits.compartmentProfilesPerCore.value, NUMBERED.profiles),
    },
    {
      resource: 'thresholdProfiles',
      title: 'threshold profiles',
      unit: '',
      limit: of(limits.thresholdProfilesPerCore.value),
    },
    {
      resource: 'synapseFormats',
      title: 'synapse formats',
      unit: '',
      limit: of(limits.synapseFormatsPerCore.value, NUMBERED.formats),
    },
    {
      resource: 'wordsPerAxon',
      title: 'synapse memory of one axon',
      unit: 'words',
      limit: of(limits.wordsPerAxon.value, NUMBERED.wordsPerAxon),
    },
  ];
}

/** The first limit that a need passes, or null. */
export function passedLimit(need: CoreNeed, limits: readonly CoreLimit[]): CoreLimit | null {
  return limits.find(({ resource, limit }) => need[resource] > limit) ?? null;
}

/** The limit of which the largest share is used. */
export function bindingLimit(need: CoreNeed, limits: readonly CoreLimit[]): CoreLimit {
  return limits.reduce((most, limit) => {
    return need[limit.resource] / limit.limit > need[most.resource] / most.limit ? limit : most;
  });
}

/** What the lists of one tile and projection need. */
interface ListNeed {
  readonly words: number;
  readonly wordsPerAxon: number;
  readonly axons: number;
}

/** Where a count passes one of these, counting may stop: the need is then only known to be larger. */
export interface CountingStop {
  readonly words: number;
  readonly axons: number;
}

/** A way to count lists: `exactLists` or `fullLists`. */
export type ListCount = (
  plan: CorePlan,
  projection: ProjectionPlan,
  planner: CorePlanner,
  stop: CountingStop,
) => ListNeed;

/**
 * What the core of a plan needs but for its output axons, which depend on where its spikes go. `biasAxons` host axons
 * bring its bias; `countLists` says how its synapses are counted.
 */
export function inputNeed(
  plan: CorePlan,
  population: Population<Int32Array>,
  biasAxons: readonly number[],
  planner: CorePlanner,
  countLists: ListCount,
  stop: CountingStop,
): CoreNeed {
  const [height, width, channels] = tileExtents(plan.tile);
  const compartments = height * width * channels;
  let inputAxons = biasAxons.length;
  let synapseWords = 0;
  let wordsPerAxon = 0;
  let formats = new Set(biasAxons).size;
  if (biasAxons.length > 0) {
    const { words } = planner.denseSize(compartments);
    synapseWords += words * biasAxons.length;
    wordsPerAxon = words;
  }
  for (const projection of plan.projections) {
    const left = { words: stop.words - synapseWords, axons: stop.axons - inputAxons };
    const lists = countLists(plan, projection, planner, left);
    synapseWords += lists.words;
    wordsPerAxon = Math.max(wordsPerAxon, lists.wordsPerAxon);
    inputAxons += lists.axons;
    // At most one dense and one indexed format.
    formats += 2;
  }
  const { compartmentProfiles, thresholdProfiles } = profileNeed(population, plan.tile);
  return {
    compartments,
    synapseWords,
    inputAxons,
    outputAxons: 0,
    compartmentProfiles,
    thresholdProfiles,
    synapseFormats: formats,
    wordsPerAxon,
  };
}

/** As if no weight were zero: never less than the exact need, and the same for every source channel. */
export function fullLists(plan: CorePlan, { incoming, rows, columns }: ProjectionPlan, planner: CorePlanner): ListNeed {
  const inputs = incoming.projection.kernel.shape[2];
  const channels = plan.tile.c[1] - plan.tile.c[0];
  let words = 0;
  let wordsPerAxon = 0;
  for (const row of rows.patterns) {
    for (const column of columns.patterns) {
      const list = planner.form(plan, row, column, row.taps * column.taps * channels);
      words += list.words * inputs;
      wordsPerAxon = Math.max(wordsPerAxon, list.words);
    }
  }
  return { words, wordsPerAxon, axons: rows.reaches.length * columns.reaches.length * inputs };
}

/** As emitted: without zero weights, and without axons that have no other. */
export function exactLists(
  plan: CorePlan,
  { incoming, rows, columns }: ProjectionPlan,
  planner: CorePlanner,
  stop: CountingStop,
): ListNeed {
  const inputs = incoming.projection.kernel.shape[2];
  const rowCount = countPatterns(rows.patternOf, rows.patterns.length);
  const columnCount = countPatterns(columns.patternOf, columns.patterns.length);
  let words = 0;
  let wordsPerAxon = 0;
  let axons = 0;
  for (const [r, row] of rows.patterns.entries()) {
    for (const [c, column] of columns.patterns.entries()) {
      // Lists of equal patterns differ in their number of zero weights alone.
      const forms: ListForm[] = [];
      for (let input = 0; input < inputs; input += 1) {
        const nonZero = countNonZero(incoming, row, column, input, plan.tile.c);
        if (nonZero === 0) continue;
        forms[nonZero] ??= planner.form(plan, row, column, nonZero);
        const list = forms[nonZero];
        axons += rowCount[r]! * columnCount[c]!;
        words += list.words;
        wordsPerAxon = Math.max(wordsPerAxon, list.words);
      }
      if (words > stop.words || axons > stop.axons) return { words, wordsPerAxon, axons };
    }
  }
  return { words, wordsPerAxon, axons };
}

function countPatterns(patternOf: readonly number[], patterns: number): readonly number[] {
  const counts = new Array<number>(patterns).fill(0);
  for (const pattern of patternOf) counts[pattern]! += 1;
  return counts;
}

function profileNeed(
  { threshold, decay, shape }: Population<Int32Array>,
  { y, x, c }: Tile,
): { readonly compartmentProfiles: number; readonly thresholdProfiles: number } {
  if (threshold.columns === 1 && decay.columns === 1) return { compartmentProfiles: 1, thresholdProfiles: 1 };
  const thresholds = new Set<string>();
  const profiles = new Set<string>();
  for (let row = y[0]; row < y[1]; row += 1) {
    for (let column = x[0]; column < x[1]; column += 1) {
      for (let channel = c[0]; channel < c[1]; channel += 1) {
        const neuron = (row * shape[1] + column) * shape[2] + channel;
        const own = tableColumn(threshold, neuron, shape[2]).join();
        thresholds.add(own);
        profiles.add(`${own}/${tableColumn(decay, neuron, shape[2]).join()}`);
      }
    }
  }
  return { compartmentProfiles: profiles.size, thresholdProfiles: thresholds.size };
}

/** A neuron's values in a table, one per row. */
export function tableColumn(table: ParameterTable<Int32Array>, neuron: number, channels: number): Int32Array {
  const { rows, columns, data } = table;
  const column = columns === 1 ? 0 : columns === channels ? neuron % channels : neuron;
  return Int32Array.from({ length: rows }, (_, row) => data[row * columns + column]!);
}
