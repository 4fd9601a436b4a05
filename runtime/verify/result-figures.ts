import type { Result } from '../../schemas/result.js';
import type { Statistics } from '../../schemas/stats.js';
import type { VerifyResult } from './verify.js';

/** What a verification found, under the keys that every result has. */
export function resultFigures({
  levels,
  agreement,
  comparison: { spikeMismatches, readoutMismatches },
  statistics: { clean },
}: Pick<VerifyResult, 'levels' | 'agreement' | 'comparison' | 'statistics'>): Omit<Result, 'samples' | 'seconds'> {
  return {
    levels,
    spikeMismatches,
    readoutMismatches,
    agreement,
    chip: chipFigures(clean),
    unknownFigures: clean.unknownFigures,
  };
}

function chipFigures(clean: Statistics): Result['chip'] & { readonly timestepsPerSample: number } {
  const latencies = clean.latency?.perSampleSeconds ?? [];
  return {
    spikesPerSample: clean.spikes,
    activeNeuronsPercent: clean.activeNeuronsPercent,
    synopsPerSample: clean.synapticOperations,
    timestepsPerSample: clean.stepsPerSample,
    latencySeconds:
      latencies.length === 0 ? null : latencies.reduce((sum, seconds) => sum + seconds, 0) / latencies.length,
    energyJoules: clean.energy.joulesPerSample,
    cores: clean.cores,
    chips: clean.chips,
  };
}
