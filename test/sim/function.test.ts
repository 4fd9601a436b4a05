import { describe, expect, it } from 'vitest';
import type { CompartmentProfile, Program, SynapseFormat } from '../../schemas/program.js';
import type { TargetArithmetic } from '../../schemas/target.js';
import { Simulator } from '../../sim/simulate.js';
import {
  buildProgram,
  type CoreSpec,
  type Destination,
  drive,
  population,
  profile,
  range,
  readoutProfile,
} from './program-builder.js';
import { tinyTarget } from './tiny-target.js';

/** Neurons of population a (driven), each sending to readout neuron 0 with weight 1; T = 4. */
function lone(profiles: readonly CompartmentProfile[], neurons = profiles.length): Program {
  const ids = Array.from({ length: neurons }, (_, k) => k);
  return buildProgram({
    timesteps: 4,
    populations: [population('a', neurons, 0), population('out', 1, 1, 'readout')],
    drives: [drive('a', neurons)],
    cores: [
      { core: 0, ranges: [range(0, ids)], profiles, compartmentProfile: ids, out: ids.map(() => [[0, 1, 0]]) },
      {
        core: 1,
        ranges: [range(1, [0])],
        profiles: [readoutProfile()],
        axons: [{ entries: [{ format: 0, synapses: [[0, 1]] }] }],
      },
    ],
  });
}

/** Spikes of population a by neuron, as a string of T digits each. */
function spikeTrains(
  program: Program,
  currents: readonly number[],
  arithmetic: Partial<TargetArithmetic> = {},
): string[] {
  const simulator = new Simulator(program, tinyTarget({ arithmetic }), { timing: 'off' });
  const { recording } = simulator.run([Int32Array.from(currents)], { record: true }).populations[0]!;
  return currents.map((_, neuron) => {
    return Array.from({ length: program.timesteps }, (_, t) => recording![t * currents.length + neuron]).join('');
  });
}

describe('a neuron follows the integer contract', () => {
  it('resets to zero or by the threshold', () => {
    // θ = 10, current 7. Hard: 7, 14→0, 7, 14→0. Soft: 7, 14→4, 11→1, 8.
    const program = lone([profile(10), profile(10, { reset: 'soft' })]);
    expect(spikeTrains(program, [7, 7])).toEqual(['0101', '0110']);
  });

  it('compares as the chip does', () => {
    // θ = 10, current 5: v reaches exactly 10 at the second step. '>' fires only at 15, on the third.
    const program = lone([profile(10)]);
    expect(spikeTrains(program, [5], { compare: '>=' })).toEqual(['0101']);
    expect(spikeTrains(program, [5], { compare: '>' })).toEqual(['0010']);
  });

  it('decays toward zero, also below it', () => {
    // Decay 2048 halves, θ = 1, current 1, and a bias of −6 at the first step only: v = −5; trunc(−2.5) + 1 = −1;
    // trunc(−0.5) + 1 = 1 fires; 0 + 1 fires. (Rounding down would give −3 + 1 = −2, then −1 + 1 = 0: no spike.)
    // The readout's bias of −7 at the last step alone is what it reads.
    const program = buildProgram({
      timesteps: 4,
      populations: [population('a', 1, 0), population('out', 1, 0, 'readout')],
      drives: [drive('a', 1)],
      cores: [
        {
          core: 0,
          ranges: [range(0, [0]), range(1, [0], 1)],
          profiles: [profile(1, { decay: Int32Array.of(2048) }), readoutProfile(2048)],
          compartmentProfile: [0, 1],
          bias: { rows: 4, data: Int32Array.of(-6, 0, 0, 0, 0, 0, 0, -7) },
        },
      ],
    });
    const simulator = new Simulator(program, tinyTarget(), { timing: 'off' });
    const result = simulator.run([Int32Array.of(1)], { record: true });
    expect([...result.populations[0]!.recording!]).toEqual([0, 0, 1, 1]);
    expect([...result.readout]).toEqual([-7]);
  });

  it('saturates and counts it', () => {
    // membraneMax 20, θ = 1000 out of reach, currents ±9: 9, 18, 27→20, 29→20: two saturations each.
    const program = lone([profile(1000), profile(1000)]);
    const simulator = new Simulator(program, tinyTarget({ arithmetic: { membraneMax: 20 } }), { timing: 'off' });
    expect(simulator.run([Int32Array.of(9, -9)]).saturations).toBe(4);
    expect(simulator.run([Int32Array.of(5, -5)]).saturations).toBe(0);
  });

  it('counts inputs beyond the bound on which all tools agree', () => {
    const program = lone([profile(1000), profile(1000)]);
    const simulator = new Simulator(program, tinyTarget({ arithmetic: { inputMax: 8 } }), { timing: 'off' });
    expect(simulator.run([Int32Array.of(9, -8)]).inputsBeyondMax).toBe(4);
  });

  it('takes threshold, reset and decay from the row of its local timestep', () => {
    // Current 4. Thresholds 9, 7, 12, 2; soft resets 9, 3, 12, 2: v = 4; 8 ≥ 7 → 5; 9 < 12; 13 ≥ 2 → 11.
    const changing = profile(0, {
      reset: 'soft',
      threshold: Int32Array.of(9, 7, 12, 2),
      resetBy: Int32Array.of(9, 3, 12, 2),
    });
    // decay 0 then everything: v = 4, 8, (8·0 + 4) = 4, 4; θ = 8.
    const forgetting = profile(8, { reset: 'soft', decay: Int32Array.of(0, 0, 4096, 4096) });
    expect(spikeTrains(lone([changing, forgetting]), [4, 4])).toEqual(['0101', '0100']);
  });
});

describe('spikes reach the synapses of the axons they are sent to', () => {
  /**
   * Neurons 0 and 1 (θ = 1) fire at every step when driven. Neuron 0 sends to axon 0: dense, compartments 0…2 from base 0,
   * weights 1, −2, 3. Neuron 1 sends to axon 1, the same words from base 1, and to axon 2: two entries, dense (5 into
   * compartment 0) and indexed (−7 into compartment 3, 2 into compartment 1). The readout has 4 neurons; T = 2.
   */
  const program = buildProgram({
    timesteps: 2,
    populations: [population('a', 2, 0), population('out', 4, 1, 'readout')],
    drives: [drive('a', 2)],
    hostAxons: [{ chip: 0, core: 1, axon: 3, firstStep: 1 }],
    cores: [
      {
        core: 0,
        ranges: [range(0, [1, 0])],
        profiles: [profile(1)],
        out: [
          [
            [0, 1, 1],
            [0, 1, 2],
          ],
          [[0, 1, 0]],
        ],
      },
      {
        core: 1,
        ranges: [range(1, [0, 1, 2, 3])],
        profiles: [readoutProfile()],
        axons: [
          {
            entries: [
              {
                format: 0,
                synapses: [
                  [0, 1],
                  [0, -2],
                  [0, 3],
                ],
              },
            ],
          },
          { base: 1, sameWordsAs: 0 },
          {
            entries: [
              { format: 0, synapses: [[0, 5]] },
              {
                format: 1,
                synapses: [
                  [3, -7],
                  [1, 2],
                ],
              },
            ],
          },
          { base: 2, entries: [{ format: 0, synapses: [[0, 100]] }] },
        ],
      },
    ],
  });
  const simulator = new Simulator(program, tinyTarget(), { timing: 'off' });

  it('adds weights at base + position or base + index, one step later, and host axons at their own step', () => {
    // Compartment 0 of core 0 is neuron 1. Per step: axon 0 gives [1, −2, 3, 0], axon 1 [0, 1, −2, 3],
    // axon 2 [5, 2, 0, −7], the host [0, 0, 100, 0]; two steps of each.
    const both = simulator.run([Int32Array.of(1, 1)]);
    expect([...both.readout]).toEqual([12, 2, 202, -8]);
    const first = simulator.run([Int32Array.of(1, 0)]);
    expect([...first.readout]).toEqual([2, -4, 206, 0]);
    expect([...simulator.run([Int32Array.of(0, 1)]).readout]).toEqual([10, 6, 196, -8]);
  });

  it('counts synaptic operations, messages and spikes', () => {
    // Neuron 1 makes 2 messages of 3 synapses, neuron 0 one of 3: 9 per step, and 1 of the host; 2 steps in the window.
    const result = simulator.run([Int32Array.of(1, 1)]);
    expect(result.synapticOperations).toBe(20);
    expect(result.messages).toBe(6);
    expect(result.populations.map(({ spikesInWindow, spikesOutside }) => [spikesInWindow, spikesOutside])).toEqual([
      [4, 0],
      [0, 0],
    ]);
    expect(result.populations[0]!.neuronsFired).toBe(2);
  });

  it('divides the readout by scale and T', () => {
    expect([...simulator.run([Int32Array.of(1, 1)]).logits]).toEqual([6, 1, 101, -4]);
  });
});

describe('population axons and delays', () => {
  /** Neurons of a (θ = 1, current 1) fire at steps 0 to 2; each sends to what `out` says; readouts update at 1 to 3. */
  const listening = (out: readonly (readonly Destination[])[], readout: Pick<CoreSpec, 'axons' | 'formats'>): Program =>
    buildProgram({
      timesteps: 3,
      populations: [population('a', out.length, 0), population('out', 3, 1, 'readout')],
      drives: [drive('a', out.length)],
      cores: [
        { core: 0, ranges: [range(0, Array.from(out.keys()))], profiles: [profile(1)], out },
        { core: 1, ranges: [range(1, [0, 1, 2])], profiles: [readoutProfile()], ...readout },
      ],
    });
  const delayed: readonly SynapseFormat[] = [
    { weightBits: 8, indexBits: 0, delayBits: 0, exponent: 0 },
    { weightBits: 8, indexBits: 0, delayBits: 2, exponent: 0 },
  ];

  it('the atom of a message picks the synapse list, short ones filled up with words of zeros', () => {
    // Atom 0: [1, 2, 3] at the base, 1. Atom 1: nothing. Atom 2: two entries of one word each: [10], then [20].
    const entry = (...weights: readonly number[]) => ({ format: 0, synapses: weights.map((w) => [0, w] as const) });
    const atoms = [[entry(1, 2)], [], [entry(10), entry(20)]];
    const program = listening([[[0, 1, 0, 0]], [[0, 1, 0, 1]], [[0, 1, 0, 2]]], { axons: [{ base: 1, atoms }] });
    expect(program.cores[1]!.synapseMemory.length).toBe(6 * 8);
    const simulator = new Simulator(program, tinyTarget(), { timing: 'off' });
    const run = (...currents: readonly number[]) => simulator.run([Int32Array.from(currents)]);
    expect([...run(1, 0, 0).readout]).toEqual([0, 3, 6]);
    expect([...run(0, 1, 0).readout]).toEqual([0, 0, 0]);
    expect(run(0, 1, 0).messages).toBe(3);
    expect(run(0, 1, 0).synapticOperations).toBe(0);
    expect([...run(0, 0, 1).readout]).toEqual([0, 30, 60]);
    expect([...run(1, 1, 1).readout]).toEqual([0, 33, 66]);
  });

  it('a synapse acts its delay after the spike, and is processed when the message arrives', () => {
    // Spikes at 0, 1, 2; the readout is read after step 3. Delay 1 acts at 1, 2, 3; delay 3 at 3 alone; delay 4 never.
    const synapses = [
      [0, 1, 1],
      [0, 10, 3],
      [0, 100, 4],
    ] as const;
    const program = listening([[[0, 1, 0]]], { formats: delayed, axons: [{ entries: [{ format: 1, synapses }] }] });
    const simulator = new Simulator(program, tinyTarget(), { timing: 'off' });
    for (let time = 0; time < 2; time++) {
      const result = simulator.run([Int32Array.of(1)]);
      expect([...result.readout]).toEqual([3, 10, 0]);
      expect(result.synapticOperations).toBe(9);
    }
    // Driven by the host at steps 1 to 3, where delay 1 acts at once: delay 3 acts at 3, the others as before.
    const hosted = { ...program, hostAxons: [{ chip: 0, core: 1, axon: 0, firstStep: 1 }] };
    expect([...new Simulator(hosted, tinyTarget(), { timing: 'off' }).run([Int32Array.of(0)]).readout]).toEqual([
      3, 10, 0,
    ]);
  });
});

describe('outside its window', () => {
  it.each([true, false])('a driven population falls silent, with a bias gate or without (%s)', (biasGate) => {
    // θ = 1, current 1, T = 4, 5 steps in a sample: the fifth step lies outside the window of phase 0.
    const target = tinyTarget({ arithmetic: { biasGate } });
    const result = new Simulator(lone([profile(1)]), target, { timing: 'off' }).run([Int32Array.of(1)]);
    expect([...result.populations[0]!.spikesByStep]).toEqual([1, 1, 1, 1, 0]);
    expect(result.populations[0]!.spikesOutside).toBe(0);
    expect([...result.readout]).toEqual([4]);
  });

  it('a population fires on where its membrane holds more than one threshold', () => {
    // θ = 1, soft reset, current 2 in each of the 4 steps: 8 − 4 spikes are left, one more fires in the fifth step.
    const program = lone([profile(1, { reset: 'soft' })]);
    const result = new Simulator(program, tinyTarget(), { timing: 'off' }).run([Int32Array.of(2)]);
    expect([...result.populations[0]!.spikesByStep]).toEqual([1, 1, 1, 1, 1]);
    expect(result.populations[0]!.spikesOutside).toBe(1);
    expect([...result.readout]).toEqual([4]);
  });
});

describe('a run depends on nothing but its drives', () => {
  const program = lone([profile(10), profile(6, { reset: 'soft' }), profile(3, { decay: Int32Array.of(100) })]);
  const target = tinyTarget({ arithmetic: { biasGate: false } });

  it('gives the same result again, after other samples, and with recording on', () => {
    const simulator = new Simulator(program, target, { timing: 'cycle' });
    const first = simulator.run([Int32Array.of(7, 5, 2)]);
    simulator.run([Int32Array.of(90, -5, 0)]);
    expect(simulator.run([Int32Array.of(7, 5, 2)])).toEqual(first);
    const recorded = simulator.run([Int32Array.of(7, 5, 2)], { record: true });
    const withoutRecordings = recorded.populations.map((activity) => ({ ...activity, recording: null }));
    expect({ ...recorded, populations: withoutRecordings }).toEqual(first);
  });

  it('computes the same in every timing mode', () => {
    const results = (['off', 'analytic', 'cycle'] as const).map((timing) => {
      const { energy, time, ...computed } = new Simulator(program, target, { timing }).run([Int32Array.of(7, 5, 2)]);
      return computed;
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
