/** A figure of a result by its path, e.g. "chip.energyJoules"; of a share also its counts and interval. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly correct: number | null;
  readonly total: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** How deep figures are looked for. */
const DEPTH = 5;
/** What a result says of how it was made, which is nothing that was measured. */
const settings = new Set(['formatVersion', 'seed', 'identity', 'attack', 'provenance', 'coreMap', 'samples']);

/** Every figure of a result: numbers in objects, and shares `{correct, total, low, high}` as one each; lists are left out. */
export function metricsOf(result: unknown): Metric[] {
  const found: Metric[] = [];
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'number' && Number.isFinite(value)) {
      found.push({ name: path.join('.'), value, correct: null, total: null, low: null, high: null });
      return;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value) || path.length >= DEPTH) return;
    if (isShare(value)) {
      const { correct, total, low, high } = value;
      if (total > 0) found.push({ name: path.join('.'), value: correct / total, correct, total, low, high });
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      if (path.length > 0 || !settings.has(key)) visit(inner, [...path, key]);
    }
  };
  visit(result, []);
  return found;
}

interface Share {
  readonly correct: number;
  readonly total: number;
  readonly low: number;
  readonly high: number;
}

function isShare(value: object): value is Share {
  const { correct, total, low, high } = value as Partial<Record<keyof Share, unknown>>;
  return [correct, total, low, high].every((entry) => typeof entry === 'number');
}
