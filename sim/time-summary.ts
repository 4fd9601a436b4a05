import type { Statistics } from '../schemas/stats.js';
import { histogram } from './histogram.js';
import { cycles, type Picoseconds, seconds } from './quantities.js';
import { type TimingFigures, timingFigureName } from './timing-figures.js';

/** Of one sample at least. */
export function latencySummary(latencies: readonly Picoseconds[]): Statistics['latency'] {
  const { min, median, max } = extremes(latencies, seconds);
  const perSampleSeconds = latencies.map(seconds);
  const distribution = histogram(perSampleSeconds, min);
  return { minSeconds: min, medianSeconds: median, maxSeconds: max, distribution, perSampleSeconds };
}

/** The same in cycles of the chip's clock, with the timesteps of all samples, `running`; null where its frequency is not known. */
export function cycleSummary(
  latencies: readonly Picoseconds[],
  running: number,
  { clockFrequency }: TimingFigures,
): Statistics['cycles'] {
  if (clockFrequency === null) return null;
  const latency = extremes(latencies, (duration) => cycles(duration, clockFrequency));
  const perSample = cycles(running as Picoseconds, clockFrequency) / latencies.length;
  return { clockHertz: clockFrequency, latency, running: perSample };
}

/** The least, the median and the largest, in the unit of `measure`. */
function extremes(
  durations: readonly Picoseconds[],
  measure: (duration: Picoseconds) => number,
): { readonly min: number; readonly median: number; readonly max: number } {
  const sorted = durations.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  return { min: measure(sorted[0]!), median: measure(median as Picoseconds), max: measure(sorted.at(-1)!) };
}

/** What the host adds to every sample. */
export function hostParts({
  hostSampleLoad,
  hostReadout,
  hostSampleReset,
  unknown,
}: TimingFigures): Statistics['host'] {
  const known = (name: string, time: Picoseconds): number | null =>
    unknown.includes(timingFigureName(name)) ? null : seconds(time);
  return {
    loadSeconds: known('hostSampleLoad', hostSampleLoad),
    readoutSeconds: known('hostReadout', hostReadout),
    resetSeconds: known('hostSampleReset', hostSampleReset),
  };
}
