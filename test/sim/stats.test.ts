import { describe, expect, it } from 'vitest';
import { checkJson } from '../../schemas/json-file.js';
import type { Statistics } from '../../schemas/stats.js';
import type { TimingMode } from '../../sim/sample-result.js';
import { Simulator } from '../../sim/simulate.js';
import { SimulationStatistics } from '../../sim/stats.js';
import { buildProgram, drive, population, profile, range, readoutProfile } from './program-builder.js';
import { figure, tinyTarget, unknownFigure } from './tiny-target.js';

/**
 * Neurons 0 and 1 of a (θ = 2, hard reset) on core 0 send to core 2 one tile to the east; T = 2.
 * Current 2 fires at both steps, current 1 at the second, current 0 never.
 */
const program = buildProgram({
  timesteps: 2,
  populations: [population('a', 2, 0), population('out', 1, 1, 'readout')],
  drives: [drive('a', 2)],
  cores: [
    { core: 0, ranges: [range(0, [0, 1])], profiles: [profile(2)], out: [[[0, 2, 0]], [[0, 2, 0]]] },
    {
      core: 2,
      ranges: [range(1, [0])],
      profiles: [readoutProfile()],
      axons: [{ entries: [{ format: 0, synapses: [[0, 1]] }] }],
    },
  ],
});

function statistics(timing: TimingMode, target = tinyTarget()): Statistics {
  const simulator = new Simulator(program, target, { timing });
  const collected = new SimulationStatistics(program, target, { timing });
  // Spikes: 4; 1; 0.
  for (const currents of [
    [2, 2],
    [1, 0],
    [0, 0],
  ]) {
    collected.add(simulator.run([Int32Array.from(currents)]));
  }
  return collected.summary();
}

describe('statistics of three samples', () => {
  const timed = statistics('cycle');

  it('validate against their schema in every timing mode', () => {
    for (const timing of ['cycle', 'analytic', 'off'] as const) {
      const summary = statistics(timing);
      expect(checkJson('stats', JSON.parse(JSON.stringify(summary)), 'stats.json')).toEqual(summary);
    }
  });

  it('give means per sample', () => {
    // 5 spikes in 3 samples of 2 neurons and 2 steps; neurons that fired: 2 + 1 + 0 of 2 each.
    expect(timed.spikes).toBeCloseTo(5 / 3, 12);
    expect(timed.spikeRatePercent).toBeCloseTo((100 * 5) / 12, 12);
    expect(timed.activeNeuronsPercent).toBeCloseTo(50, 12);
    // 100, 25 and 0 % in bins of 5 %.
    const { counts } = timed.layers[0]!.spikeRateBySample;
    expect([...counts.keys()].filter((bin) => counts[bin]! > 0)).toEqual([0, 5, 19]);
    expect(timed.histograms.spikes.counts).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(timed.messages).toBeCloseTo(5 / 3, 12);
    expect(timed.hops).toBeCloseTo(5 / 3, 12);
    expect(timed.synapticOperations).toBeCloseTo(5 / 3, 12);
    expect(timed.layers[0]!.spikesByStep).toEqual([2 / 3, 1, 0]);
    expect(timed.layers.map(({ cores, neurons }) => [cores, neurons])).toEqual([
      [1, 2],
      [1, 1],
    ]);
    expect(timed.coreTable.map(({ messagesIn, messagesOut }) => [messagesIn, messagesOut])).toEqual([
      [0, 5 / 3],
      [5 / 3, 0],
    ]);
  });

  it('give latencies of all samples, and what held up each step', () => {
    // Silent sample: 10 µs for the host and 3 barriers of 1 µs; two inactive updates of 5 ns take longest in each step.
    // Sample [1, 0]. Step 0: 8 + 5 = 13. Step 1: v = 2 fires: 8 + 10 = 18, link 20, port 4, axon 5: 47 (core 0 is done at
    // 23). Step 2: core 0 inactive 10, readout 8.
    // Sample [2, 2]. Steps 0 and 1: messages at 18 and 36, links until 38 and 58, port 62, axon 67 (step 1 alike: the
    // readout's update of 8 is long over). Step 2: core 0 inactive 10, readout 8.
    const host = 10_000;
    const expected = [host + 3000 + 67 + 67 + 10, host + 3000 + 13 + 47 + 10, host + 3000 + 30];
    const nanoseconds = timed.latency!.perSampleSeconds.map((latency) => Math.round(latency * 1e12) / 1e3);
    expect(nanoseconds).toEqual(expected);
    expect(timed.latency!.medianSeconds).toBeCloseTo(13_070e-9, 15);
    // From 13,030 ns to 13,144: 13,070 is in the bin that begins 34.2 ns up.
    expect(timed.latency!.distribution.counts).toEqual([1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    expect(timed.steps!.map(({ criticalCore }) => criticalCore)).toEqual([
      { chip: 0, core: 0, samples: 2 },
      { chip: 0, core: 2, samples: 2 },
      { chip: 0, core: 0, samples: 3 },
    ]);
    expect(timed.steps!.map(({ criticalLink }) => criticalLink)).toEqual([
      { link: '(0, 0) east', samples: 1 },
      { link: '(0, 0) east', samples: 2 },
      null,
    ]);
    expect(timed.busiestLinks).toEqual([{ link: '(0, 0) east', messages: 5 / 3 }]);
    // One after another, reset of 5 µs included.
    const seconds = (expected[0]! + expected[1]! + expected[2]! + 3 * 5000) * 1e-9;
    expect(timed.throughput).toBeCloseTo(3 / seconds, 6);
  });

  it('sum energy by layer and by kind to the same total', () => {
    const { energy, layers, coreTable } = timed;
    const shared = energy.barrierJoules! + energy.staticJoules!;
    const sum = (parts: readonly (number | null)[]) => parts.reduce<number>((total, part) => total + (part ?? 0), 0);
    expect(sum(layers.map(({ energyJoules }) => energyJoules)) + shared).toBeCloseTo(energy.joulesPerSample, 15);
    expect(sum(coreTable.map(({ energyJoules }) => energyJoules)) + shared).toBeCloseTo(energy.joulesPerSample, 15);
    expect(sum(Object.values(energy.byKind)) + shared).toBeCloseTo(energy.joulesPerSample, 15);
    for (const { energyByKind, energyJoules } of layers) {
      expect(sum(Object.values(energyByKind))).toBeCloseTo(energyJoules, 15);
    }
    // In femtojoules to the last one.
    const { total, barrier, static: still, byKind, byComponent, byLayer, byCore } = energy.femtojoules;
    expect(total / 3 / 1e15).toBeCloseTo(energy.joulesPerSample, 15);
    for (const parts of [Object.values(byKind), Object.values(byComponent), byLayer, byCore]) {
      expect(sum(parts) + barrier + still).toBe(total);
    }
    expect([byLayer.length, byCore.length]).toEqual([layers.length, coreTable.length]);
    expect(byComponent.synapses).toBe(byKind.axonIn + byKind.synapticOperation);
    // 3 barriers of 10 mJ.
    expect(energy.barrierJoules).toBeCloseTo(0.03, 12);
  });

  it('give no figure where the target has none: not 0 J, not 0 s', () => {
    const unknown = { value: null, unit: 'pJ', note: 'unknown' } as const;
    const base = tinyTarget({ timing: { hostReadout: { ...unknown, unit: 'us' } } });
    const profile = base.energyProfiles[base.defaultEnergyProfile]!;
    const energyProfiles = { partial: { ...profile, barrier: unknown, spikeOut: unknown } };
    const { energy, host, layers, unknownFigures } = statistics('cycle', {
      ...base,
      energyProfiles,
      defaultEnergyProfile: 'partial',
    });
    expect(unknownFigures.energy).toEqual(['energyProfiles.partial.spikeOut', 'energyProfiles.partial.barrier']);
    expect(energy).toMatchObject({ barrierJoules: null, byKind: { spikeOut: null } });
    expect(energy.byKind.messageOut).toBeGreaterThan(0);
    expect(layers.map(({ energyByKind }) => energyByKind.spikeOut)).toEqual(layers.map(() => null));
    expect(host).toEqual({ loadSeconds: timed.host!.loadSeconds, readoutSeconds: null, resetSeconds: 5e-6 });
  });

  it('tell times in cycles too where the chip has a clock, with what held up each step', () => {
    // A cycle of 4 ns; the times of the test above.
    const clocked = tinyTarget({ timing: { clock: 'clocked', clockFrequency: figure(250, 'MHz') } });
    const { cycles, steps, latency } = statistics('cycle', clocked);
    const running = [3000 + 67 + 67 + 10, 3000 + 13 + 47 + 10, 3000 + 30];
    expect(cycles).toEqual({
      clockHertz: 250e6,
      latency: { min: 13_030 / 4, median: 13_070 / 4, max: 13_144 / 4 },
      running: (running[0]! + running[1]! + running[2]!) / 3 / 4,
    });
    expect(steps!.map(({ maxCycles }) => maxCycles)).toEqual([1067 / 4, 1067 / 4, 1010 / 4]);
    expect(steps![0]!.meanCycles).toBeCloseTo((1067 + 1013 + 1010) / 3 / 4, 9);
    expect(steps!.map(({ criticalCore }) => criticalCore)).toEqual(
      timed.steps!.map(({ criticalCore }) => criticalCore),
    );
    expect(latency).toEqual(timed.latency);
    const summary = statistics('analytic', clocked);
    expect(checkJson('stats', JSON.parse(JSON.stringify(summary)), 'stats.json')).toEqual(summary);
    expect(summary.cycles!.running).toBeLessThan(cycles!.running);
  });

  it('tell no cycles of a chip without a clock, or with one of unknown frequency', () => {
    const unknown = tinyTarget({ timing: { clock: 'clocked', clockFrequency: unknownFigure('MHz') } });
    for (const summary of [timed, statistics('cycle', unknown), statistics('off', unknown)]) {
      expect(summary.cycles).toBeNull();
      expect(summary.unknownFigures.timing).toEqual([]);
      for (const step of summary.steps ?? []) expect([step.meanCycles, step.maxCycles]).toEqual([null, null]);
    }
  });

  it('say nothing of time where there is none', () => {
    const untimed = statistics('off');
    expect([untimed.latency, untimed.host, untimed.throughput, untimed.steps, untimed.busiestLinks]).toEqual(
      new Array(5).fill(null),
    );
    expect(untimed.energy.staticJoules).toBeNull();
    expect(untimed.spikes).toBe(timed.spikes);
  });
});
