import type { Program } from '../../schemas/program.js';
import type { Report } from '../../schemas/report.js';
import type { Statistics } from '../../schemas/stats.js';
import { coreMap } from './core-map.js';

/** What a report says of the simulated chip, whatever else is known of the run. */
export type ChipPart = Pick<
  Report,
  | 'target'
  | 'energyProfile'
  | 'timing'
  | 'chip'
  | 'layers'
  | 'energyByKind'
  | 'unknownFigures'
  | 'latencies'
  | 'coreMap'
  | 'links'
>;

/** The chip's part of a report; `statistics` are of the same program, on clean images. */
export function chipPart(program: Program, statistics: Statistics): ChipPart {
  return {
    target: statistics.target,
    energyProfile: statistics.energyProfile,
    timing: statistics.timing,
    chip: {
      spikesPerSample: statistics.spikes,
      activeNeuronsPercent: statistics.activeNeuronsPercent,
      synopsPerSample: statistics.synapticOperations,
      timestepsPerSample: statistics.stepsPerSample,
      latencySeconds: meanLatency(statistics),
      energyJoules: statistics.energy.joulesPerSample,
      cores: statistics.cores,
      chips: statistics.chips,
    },
    layers: statistics.layers.map((layer) => ({
      name: layer.name,
      kind: layer.kind,
      shape: layer.shape,
      neurons: layer.neurons,
      cores: layer.cores,
      spikesPerSample: layer.spikes,
      activeNeuronsPercent: layer.activeNeuronsPercent,
      spikeRatePercent: layer.spikeRatePercent,
      synopsPerSample: layer.synapticOperations,
      energyJoules: layer.energyJoules,
    })),
    energyByKind: energyKinds(statistics),
    unknownFigures: {
      timing: statistics.unknownFigures.timing.map(figureName),
      energy: statistics.unknownFigures.energy.map(figureName),
    },
    latencies: statistics.latency?.perSampleSeconds ?? [],
    coreMap: coreMap(program, statistics),
    links: statistics.busiestLinks,
  };
}

/** Mean latency of a sample in seconds; null with timing off. */
export function meanLatency({ latency }: Statistics): number | null {
  if (latency === null) return null;
  return latency.perSampleSeconds.reduce((sum, seconds) => sum + seconds, 0) / latency.perSampleSeconds.length;
}

/** Energy by kind of event; null where the target's profile has no figure, or static energy without timing. */
function energyKinds({ energy }: Statistics): Report['energyByKind'] {
  const kinds = { ...energy.byKind, barrier: energy.barrierJoules, staticPower: energy.staticJoules };
  return Object.entries(kinds).map(([kind, joules]) => ({ kind, joules }));
}

/** "barrier" of "energyProfiles.davies2018-presilicon.barrier". */
export function figureName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
