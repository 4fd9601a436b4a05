import type { ParameterTable, Population } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import { type AxonQuota, type AxonSupply, axonQuota } from './axon-quota.js';
import type { CorePlan, CorePlanner, ProjectionPlan } from './core-plan.js';
import { fullCounts } from './list-form.js';
import type { Tile } from './tiling.js';

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
  /** As if all lists of a class were as long as its longest, as population axons want them. */
  readonly paddedWords: number;
  readonly wordsPerAxon: number;
  /** Synaptic operations if every source fires once. */
  readonly operations: number;
}

/** What a core needs, and which of its input axons must be population axons. */
export interface InputNeed {
  readonly need: CoreNeed;
  readonly quota: AxonQuota;
  /** Output axons that the sources of each projection spend on this core. */
  readonly sourceAxons: readonly number[];
  /** Synaptic operations if every source fires once, those of padding and of zeros that fill gaps included. */
  readonly operations: number;
}

/**
 * What the core of a plan needs but for its output axons, which depend on where its spikes go: never less than what is
 * emitted, and more only by zero weights among many that are not. `biasAxons` host axons bring its bias. Where not even
 * population axons keep its input axons within the limit, the need says so. Beyond `stop` words counting may end.
 */
export function inputNeed(
  plan: CorePlan,
  population: Population<Int32Array>,
  biasAxons: readonly number[],
  planner: CorePlanner,
  stop = Number.POSITIVE_INFINITY,
): InputNeed {
  const { compartments, tile } = plan.layout;
  const supply = planner.supply(biasAxons.length);
  const biasWords = biasAxons.length === 0 ? 0 : planner.denseSize(compartments).words;
  let wordsPerAxon = biasWords;
  let words = 0;
  let paddedWords = 0;
  let operations = 0;
  const formats = new Set(biasAxons.map((exponent) => formatKey(0, 0, exponent)));
  const chunks = new Map<number, number>();
  const discrete: { sources: number; window: number }[] = [];
  for (const projection of plan.projections) {
    const { pool } = projection.incoming.projection;
    let sources = 0;
    const lists = listNeed(plan, projection, planner, formats, stop - words, (heard, places) => {
      sources += heard * places;
      addChunks(chunks, heard, places, supply);
    });
    words += lists.words;
    paddedWords += lists.paddedWords;
    operations += lists.operations * pool[0] * pool[1];
    wordsPerAxon = Math.max(wordsPerAxon, lists.wordsPerAxon);
    discrete.push({ sources, window: pool[0] * pool[1] });
  }
  const quota = axonQuota(chunks, supply);
  const sources = discrete.reduce((sum, entry) => sum + entry.sources, 0);
  // What is spent beyond one output axon for each source, spread evenly over projections of different windows.
  const dearer = sources === 0 ? 1 : 1 + (quota.inPopulations * (supply.outputAxons - 1)) / sources;
  const { compartmentProfiles, thresholdProfiles } = planner.profiles(population, tile);
  return {
    need: {
      compartments,
      synapseWords: biasWords * biasAxons.length + (quota.inPopulations > 0 ? paddedWords : words),
      inputAxons: quota.axons + biasAxons.length,
      outputAxons: 0,
      compartmentProfiles,
      thresholdProfiles,
      synapseFormats: formats.size,
      wordsPerAxon,
    },
    quota,
    sourceAxons: discrete.map((entry) => entry.sources * entry.window * dearer),
    operations,
  };
}

/** One number for each synapse format of a core. */
function formatKey(indexBits: number, delayBits: number, exponent: number): number {
  return (exponent * BITS_MAX + delayBits) * BITS_MAX + indexBits;
}

/** More bits than any delay or index takes. */
const BITS_MAX = 32;

function addChunks(chunks: Map<number, number>, heard: number, places: number, { atomsMax }: AxonSupply): void {
  const whole = Math.floor(heard / atomsMax);
  if (whole > 0) chunks.set(atomsMax, (chunks.get(atomsMax) ?? 0) + whole * places);
  const rest = heard % atomsMax;
  if (rest > 0) chunks.set(rest, (chunks.get(rest) ?? 0) + places);
}

/** Calls `visit` with the source channels that each class hears, and its places. */
function listNeed(
  plan: CorePlan,
  projection: ProjectionPlan,
  planner: CorePlanner,
  formats: Set<number>,
  stop: number,
  visit: (heard: number, places: number) => void,
): ListNeed {
  const { delayBits, exponent } = projection.incoming;
  let words = 0;
  let paddedWords = 0;
  let wordsPerAxon = 0;
  let operations = 0;
  for (const pair of projection.pairs) {
    let heard = 0;
    let places = 0;
    const counts = planner.weightCounts(plan, projection, pair);
    for (const inputs of counts.values()) heard += inputs;
    for (const group of pair.groups) {
      const list = { row: pair.row, column: pair.column, residue: group.residue };
      const full = fullCounts(list, plan.layout);
      let longest = 0;
      for (const [all, inputs] of counts) {
        const beyondRun = Math.min(all, full.beyondRun);
        const beyondBlock = Math.min(all, full.beyondBlock);
        const form = planner.form(plan, list, { all, beyondRun, beyondBlock }, delayBits);
        if (form.dense > 0) formats.add(formatKey(0, delayBits, exponent));
        if (form.indexed > 0) formats.add(formatKey(form.indexBits, delayBits, exponent));
        words += form.words * inputs;
        operations += (form.dense + form.indexed) * inputs * group.places;
        longest = Math.max(longest, form.words);
      }
      paddedWords += longest * heard;
      wordsPerAxon = Math.max(wordsPerAxon, longest);
      places += group.places;
    }
    visit(heard, places);
    if (words > stop) break;
  }
  return { words, paddedWords, wordsPerAxon, operations };
}

/** Different parameters of the neurons of a tile. */
export function profileNeed(
  { threshold, decay, shape }: Population<Int32Array>,
  { y, x, c }: Tile,
): Pick<CoreNeed, 'compartmentProfiles' | 'thresholdProfiles'> {
  const thresholds = new Set<string>();
  const profiles = new Set<string>();
  const byChannel = threshold.columns <= shape[2] && decay.columns <= shape[2];
  for (let row = y[0]; row < (byChannel ? y[0] + 1 : y[1]); row += 1) {
    for (let column = x[0]; column < (byChannel ? x[0] + 1 : x[1]); column += 1) {
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
  const column = tableIndex(table, neuron, channels);
  return Int32Array.from({ length: rows }, (_, row) => data[row * columns + column]!);
}

/** The column of a neuron's values in a table. */
export function tableIndex({ columns }: ParameterTable<Int32Array>, neuron: number, channels: number): number {
  return columns === 1 ? 0 : columns === channels ? neuron % channels : neuron;
}
