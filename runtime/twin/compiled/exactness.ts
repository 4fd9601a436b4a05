import type { IntegerSpikeGraph } from '../../../schemas/spike.js';
import type { PlannedPopulation, TwinPlan } from '../plan.js';
import { commonPowerOfTwo, EXACT_MAX, largestColumn } from '../plan.js';

/** A population whose integers float32 does not hold, in the words of a diagnostic. */
export interface Inexactness {
  readonly where: string;
  readonly what: string;
}

/**
 * Why float32 could not hold every integer of a twin's pass, by population; empty where it can. With a step's input exact
 * the membrane is: a sum past the limit is rounded, but then it saturates, and rounding never crosses the value at which
 * it does.
 */
export function inexactness(graph: IntegerSpikeGraph, { populations, membraneMax }: TwinPlan): readonly Inexactness[] {
  return populations.flatMap((planned) => {
    const { name, threshold } = planned.population;
    const where = `population ${name} of ${graph.name}`;
    const limit = `float32 counts to ${number(EXACT_MAX)}`;
    const { largest, unit } = inputBound(graph, planned);
    if (largest / unit > EXACT_MAX) {
      const what = `its input can reach ${number(largest / unit)} units of ${unit} in one step, ${limit}`;
      return [{ where, what }];
    }
    const reach = Math.min(membraneMax, largest * graph.timesteps);
    if (reach > EXACT_MAX) {
      return [{ where, what: `its membrane can reach ${number(reach)}, ${limit}` }];
    }
    const highest = threshold.data.reduce((most, value) => Math.max(most, value), 0);
    if (highest <= EXACT_MAX) return [];
    return [{ where, what: `a threshold is ${number(highest)}, ${limit}` }];
  });
}

/** Where a population's membranes saturate; null where they cannot get there in T steps. */
export function saturationOf(
  graph: IntegerSpikeGraph,
  { membraneMax }: TwinPlan,
  planned: PlannedPopulation,
): number | null {
  return inputBound(graph, planned).largest * graph.timesteps <= membraneMax ? null : membraneMax;
}

/** The most that one step can add to a membrane in magnitude, and a power of two that divides all that is added. */
function inputBound(
  { drives }: IntegerSpikeGraph,
  { population, projections, drives: own }: PlannedPopulation,
): { largest: number; unit: number } {
  const { bias } = population;
  let largest = bias.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const units = [commonUnit(bias.data)];
  for (const { projection, unit } of projections) {
    const { pool, kernel } = projection;
    largest += largestColumn(kernel.data, kernel.shape[3]) * pool[0] * pool[1];
    units.push(unit);
  }
  for (const index of own) {
    const { mantissaMax, exponent } = drives[index]!.grid!;
    largest += mantissaMax * 2 ** exponent;
    units.push(2 ** exponent);
  }
  return { largest, unit: Math.min(...units.filter(Number.isFinite), Number.MAX_SAFE_INTEGER) };
}

/** Nothing but zeros is divided by every unit. */
function commonUnit(values: Int32Array): number {
  return values.some((value) => value !== 0) ? commonPowerOfTwo(values) : Number.POSITIVE_INFINITY;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
