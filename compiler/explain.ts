import type { CoreImage, Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { bindingLimit, type CoreNeed, coreLimits } from './core-need.js';
import type { CoreStyle } from './core-plan.js';
import type { PlacedPopulation } from './partition.js';
import type { WiredCore } from './wire.js';

/** What one core of a Program uses. */
export interface CoreRow {
  readonly population: string;
  readonly chip: number;
  readonly core: number;
  readonly need: CoreNeed;
}

/** How a layer was cut, and what it needs of its fullest core. */
export interface LayerRow {
  readonly population: string;
  readonly shape: readonly [number, number, number];
  readonly cores: number;
  /** Parts along rows, columns and channels. */
  readonly parts: readonly [number, number, number];
  /** How its cores store synapses. */
  readonly style: CoreStyle;
  /** Of each resource, the most that one of its cores uses. */
  readonly need: CoreNeed;
  /** Title of the limit of which the largest share is used, and that share in percent. */
  readonly binding: string;
  readonly bindingPercent: number;
}

/** A limit of the target, for the tables' heads; Infinity where it gives none. */
export interface LimitRow {
  readonly resource: keyof CoreNeed;
  readonly title: string;
  readonly unit: string;
  readonly limit: number;
}

/** Need against limit of every layer and core, counted from the finished images. */
export interface MappingTables {
  readonly limits: readonly LimitRow[];
  readonly layers: readonly LayerRow[];
  readonly cores: readonly CoreRow[];
}

/** Recounts a mapping from its images. */
export function explainMapping(
  placed: readonly PlacedPopulation[],
  wired: readonly WiredCore[],
  images: readonly CoreImage[],
  target: Target,
): MappingTables {
  const limits = coreLimits(target);
  const cores = images.map((image, index): CoreRow => {
    const { population } = placed[wired[index]!.layer]!;
    const need = usedBy(image, wired[index]!.outputAxons);
    return { population: population.name, chip: image.chip, core: image.core, need };
  });
  const layers = placed.map(({ population, split }): LayerRow => {
    const own = cores.filter((core) => core.population === population.name).map(({ need }) => need);
    const need = own.reduce(largerNeed);
    const binding = bindingLimit(need, limits);
    return {
      population: population.name,
      shape: population.shape,
      cores: own.length,
      parts: [split.rows.length, split.columns.length, split.channels.length],
      style: split.style,
      need,
      binding: binding.title,
      bindingPercent: (100 * need[binding.resource]) / binding.limit,
    };
  });
  return { limits, layers, cores };
}

/** What an image uses of everything that is limited, given the output axons that its entries take. */
export function usedBy(
  { compartmentCount, profiles, synapseFormats, synapseMemory, axonsIn }: CoreImage,
  outputAxons: number,
): CoreNeed {
  return {
    compartments: compartmentCount,
    synapseWords: synapseMemory.length / 8,
    inputAxons: axonsIn.words.length,
    outputAxons,
    compartmentProfiles: profiles.length,
    thresholdProfiles: new Set(profiles.map(({ threshold }) => threshold.join())).size,
    synapseFormats: synapseFormats.length,
    wordsPerAxon: axonsIn.words.reduce((most, words) => Math.max(most, words), 0),
  };
}

/** By core of a Program, the output axons that its entries take: those to population axons may count as several. */
export function outputAxonsOf({ cores }: Program, { limits }: Target): readonly number[] {
  const each = limits.populationAxon?.outputAxons.value ?? 1;
  const atomsOf = new Map(cores.map(({ chip, core, axonsIn }) => [chip * 65_536 + core, axonsIn.atoms]));
  return cores.map(({ axonsOut: { chip, core, axon } }) => {
    let used = 0;
    for (let entry = 0; entry < axon.length; entry += 1) {
      used += atomsOf.get(chip[entry]! * 65_536 + core[entry]!)![axon[entry]!]! > 1 ? each : 1;
    }
    return used;
  });
}

function largerNeed(a: CoreNeed, b: CoreNeed): CoreNeed {
  const larger: Record<keyof CoreNeed, number> = { ...a };
  for (const resource of Object.keys(a) as (keyof CoreNeed)[]) larger[resource] = Math.max(a[resource], b[resource]);
  return larger;
}
