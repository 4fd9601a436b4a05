import { failure } from '../schemas/diagnostic.js';
import type { Target } from '../schemas/target.js';
import { type EventCounts, type EventKind, eventKinds, totalEvents } from './events.js';
import { type Femtojoules, FigureReader, type Microwatts, type Picoseconds } from './quantities.js';

/** One energy profile in the simulator's integers. */
export interface EnergyFigures {
  readonly profile: string;
  readonly perEvent: Readonly<Record<EventKind, Femtojoules>>;
  readonly perBarrier: Femtojoules;
  /** Of one chip in use. */
  readonly staticPower: Microwatts;
  /** Figures of the profile without a value, counted as 0. */
  readonly unknown: readonly string[];
}

/**
 * What a sample costs. All parts are whole femtojoules and sums of counts times whole figures, so the total equals the
 * sum over cores, over populations and over kinds exactly: each of these three adds `barrier` and `static` once.
 */
export interface EnergyCost {
  readonly total: Femtojoules;
  readonly byKind: Readonly<Record<EventKind, Femtojoules>>;
  /** [cores], [populations]. */
  readonly byCore: readonly Femtojoules[];
  readonly byPopulation: readonly Femtojoules[];
  readonly barrier: Femtojoules;
  /** Static power over the time of the sample; null where the timing mode gives no time, and then not in the total. */
  readonly static: Femtojoules | null;
}

/** How lists of unknown figures name one of an energy profile. */
export function energyFigureName(profile: string, figure: string): string {
  return `energyProfiles.${profile}.${figure}`;
}

/** Reads the profile named, or the target's default. Throws SW3005 for an unknown name, SW3004 for an unusable figure. */
export function readEnergyFigures(target: Target, name: string | undefined): EnergyFigures {
  const profile = name ?? target.defaultEnergyProfile;
  const figures = Object.hasOwn(target.energyProfiles, profile) ? target.energyProfiles[profile] : undefined;
  if (figures === undefined) {
    const known = Object.keys(target.energyProfiles).join(', ');
    throw failure('SW3005', { where: target.name, what: `“${profile}” is not one of its energy profiles (${known}).` });
  }
  const reader = new FigureReader();
  const where = (kind: string): string => energyFigureName(profile, kind);
  const perEvent = eventKinds.map((kind) => [kind, reader.energy(where(kind), figures[kind])] as const);
  return {
    profile,
    perEvent: Object.fromEntries(perEvent) as Record<EventKind, Femtojoules>,
    perBarrier: reader.energy(where('barrier'), figures.barrier),
    staticPower: reader.power(where('staticPower'), figures.staticPower),
    unknown: reader.unknown,
  };
}

/** Prices the events of one sample that took `barriers` timesteps and, where it is known, `time` on `chips` chips. */
export function energyCost(
  figures: EnergyFigures,
  byCore: EventCounts,
  byPopulation: EventCounts,
  barriers: number,
  chips: number,
  time: Picoseconds | null,
): EnergyCost {
  const byKind = eventKinds.map((kind) => [kind, totalEvents(byCore, kind) * figures.perEvent[kind]] as const);
  const barrier = barriers * figures.perBarrier;
  // 1 µW over 1 ps is 10⁻³ fJ.
  const still = time === null ? null : Math.round((figures.staticPower * chips * time) / 1e3);
  const events = byKind.reduce((sum, [, energy]) => sum + energy, 0);
  return {
    total: (events + barrier + (still ?? 0)) as Femtojoules,
    byKind: Object.fromEntries(byKind) as Record<EventKind, Femtojoules>,
    byCore: rowCosts(figures, byCore),
    byPopulation: rowCosts(figures, byPopulation),
    barrier: barrier as Femtojoules,
    static: still as Femtojoules | null,
  };
}

function rowCosts({ perEvent }: EnergyFigures, { rows, data }: EventCounts): readonly Femtojoules[] {
  const prices = eventKinds.map((kind) => perEvent[kind]);
  const costs: Femtojoules[] = [];
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let kind = 0; kind < prices.length; kind++) sum += data[row * prices.length + kind]! * prices[kind]!;
    costs.push(sum as Femtojoules);
  }
  return costs;
}
