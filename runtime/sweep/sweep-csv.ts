import type { ReportProportion } from '../../schemas/report.js';
import type { SweepPoint, SweepResult } from '../../schemas/sweep.js';

type Cell = string | number | boolean | null;

/** The points as a CSV table (RFC 4180), one row each; unknown figures are empty. */
export function sweepCsv({ points }: SweepResult): string {
  const rows = Object.entries(points).map(([name, point]) => cells(name, point));
  const header = rows.length === 0 ? [] : Object.keys(rows[0]!);
  return [header, ...rows.map(Object.values<Cell>)].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

function cells(name: string, point: SweepPoint): Record<string, Cell> {
  return {
    name,
    target: point.target,
    weight_bits: point.weightBits,
    timesteps: point.timesteps,
    threshold_scale: point.thresholdScale,
    placement_seed: point.placementSeed,
    on_front: point.onFront,
    ...share('clean', point.clean),
    ...share('robust', point.robust),
    energy_joules: point.energyJoules,
    latency_seconds: point.latencySeconds,
    spikes_per_sample: point.spikesPerSample,
    cores: point.cores,
    chips: point.chips,
    mismatches: point.mismatches,
    energy_profile: point.energyProfile,
    unknown_figures: point.unknownFigures.join('; '),
    refused: point.refused.map(({ code, where, what }) => `${code} ${where}: ${what}`).join('; '),
  };
}

function share(name: string, proportion: ReportProportion | null): Record<string, Cell> {
  return {
    [`${name}_correct`]: proportion?.correct ?? null,
    [`${name}_total`]: proportion?.total ?? null,
    [`${name}_low`]: proportion?.low ?? null,
    [`${name}_high`]: proportion?.high ?? null,
  };
}

function quoted(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
