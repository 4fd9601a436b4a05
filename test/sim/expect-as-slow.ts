import { expect } from 'vitest';
import { type EventKind, eventKinds, eventsOf } from '../../sim/events.js';
import type { SampleResult } from '../../sim/sample-result.js';
import type { ReferenceCounts, ReferenceSample } from '../reference/reference-sim.js';

/** Expects of the samples of a stream, which must have been recorded, all that the slow simulator tells of them. */
export function expectAsSlow(
  results: readonly SampleResult[],
  slow: ReferenceCounts & { readonly samples: readonly ReferenceSample[] },
): void {
  expect(results).toHaveLength(slow.samples.length);
  for (const [n, { populations, readout }] of results.entries()) {
    const own = slow.samples[n]!;
    expect(readout).toEqual(own.readout);
    for (const [index, { recording, spikesByStep, neuronsFired }] of populations.entries()) {
      expect(spikesByStep).toEqual(own.spikesByStep[index]);
      if (recording === null) continue;
      expect(recording).toEqual(own.spikes[index]);
      expect(neuronsFired).toBe(neuronsIn(recording, own.timesteps));
    }
  }
  const sum = (count: (result: SampleResult) => number): number => results.reduce((all, one) => all + count(one), 0);
  const { hops, lost, late, saturations, inputsBeyondMax, events } = slow;
  const kinds = eventKinds.filter((kind) => !kind.startsWith('hop') && kind !== 'chipToChip');
  const table = (rows: readonly unknown[], count: (row: number, kind: EventKind) => number) =>
    rows.map((_, row) => Object.fromEntries(kinds.map((kind) => [kind, count(row, kind)])));
  const { byCore, byPopulation } = events;
  expect({
    byCore: table(byCore, (core, kind) => sum((result) => eventsOf(result.byCore, core, kind))),
    byPopulation: table(byPopulation, (row, kind) => sum((result) => eventsOf(result.byPopulation, row, kind))),
    hops: sum((result) => result.hops),
    lost: sum((result) => result.lost),
    late: sum((result) => result.late),
    saturations: sum((result) => result.saturations),
    inputsBeyondMax: sum((result) => result.inputsBeyondMax),
  }).toEqual({
    // Links are compared as one number: round a dead one several ways may be equally long.
    byCore: table(byCore, (core, kind) => byCore[core]![kind]),
    byPopulation: table(byPopulation, (row, kind) => byPopulation[row]![kind]),
    hops,
    lost,
    late,
    saturations,
    inputsBeyondMax,
  });
}

/** Neurons that fired at least once in a recording [T, neurons]. */
function neuronsIn(recording: Uint8Array, timesteps: number): number {
  const neurons = recording.length / timesteps;
  return new Set([...recording.keys()].filter((at) => recording[at] === 1).map((at) => at % neurons)).size;
}
