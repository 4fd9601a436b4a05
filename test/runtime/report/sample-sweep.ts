import { wilson } from '../../../runtime/wilson.js';
import type { SweepPoint, SweepResult } from '../../../schemas/sweep.js';

function point(weightBits: number, energy: number, latency: number, correct: number, onFront: boolean): SweepPoint {
  return {
    target: 'loihi1',
    weightBits,
    timesteps: 4,
    thresholdScale: 0.3,
    placementSeed: 0,
    onFront,
    clean: wilson(correct + 30, 128),
    robust: wilson(correct, 128),
    energyJoules: energy,
    latencySeconds: latency,
    spikesPerSample: 12_345.6,
    cores: 37,
    chips: 1,
    mismatches: 0,
    energyProfile: 'davies2018-presilicon',
    unknownFigures: ['energy of axonIn'],
    refused: [],
  };
}

/** A sweep of four points, two of them on the front, one refused. */
export function sampleSweep(): SweepResult {
  return {
    format: 'spikewright/sweep',
    formatVersion: 1,
    name: 'demo',
    dataset: 'cifar10',
    seed: 1,
    attack: 'pgd, ε = 0.00784314, 20 steps',
    samples: 128,
    simulatedSamples: 64,
    points: {
      '8-bit': point(8, 6e-4, 4e-3, 70, true),
      '6-bit': point(6, 6.1e-4, 4.1e-3, 65, false),
      '4-bit': point(4, 5e-4, 3e-3, 60, true),
      '9-bit, "quoted"': {
        ...point(9, 1, 1, 1, false),
        ...{ clean: null, robust: null, energyJoules: null, latencySeconds: null, spikesPerSample: null },
        ...{ cores: null, chips: null, mismatches: null, energyProfile: null, unknownFigures: [] },
        refused: [{ code: 'SW2017', where: 'target loihi1', what: 'no <b>weights</b>, none' }],
      },
    },
  };
}
