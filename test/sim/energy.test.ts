import { describe, expect, it } from 'vitest';
import { Simulator } from '../../sim/simulate.js';
import { buildProgram, drive, population, profile, range, readoutProfile } from './program-builder.js';
import { figure, tinyTarget } from './tiny-target.js';

/**
 * Core 0 (tile 0): neuron 0 of a (θ = 1) fires in step 0 and sends to core 15 (tile 7 of the other end: 3 hops east-west,
 * 1 north-south), where axon 0 reaches neuron 0 of b (first compartment) and both readout neurons. Neuron b has θ = 100.
 * T = 1, phases 0, 1, 1: two steps.
 */
const program = buildProgram({
  timesteps: 1,
  populations: [population('a', 1, 0), population('b', 1, 1), population('out', 2, 1, 'readout')],
  drives: [drive('a', 1)],
  cores: [
    { core: 0, ranges: [range(0, [0])], profiles: [profile(1)], out: [[[0, 15, 0]]] },
    {
      core: 15,
      ranges: [range(1, [0], 0), range(2, [0, 1], 1)],
      profiles: [profile(100), readoutProfile()],
      compartmentProfile: [0, 1, 1],
      axons: [
        {
          entries: [
            {
              format: 0,
              synapses: [
                [0, 1],
                [0, 1],
                [0, 1],
              ],
            },
          ],
        },
      ],
    },
  ],
});

const drives = [Int32Array.of(1)];

describe('energy', () => {
  it('is events times figures, attributed to who caused them', () => {
    const { energy } = new Simulator(program, tinyTarget(), { timing: 'cycle' }).run(drives);
    // In fJ. Active updates: a in step 0; b and the two readouts in step 1: 4 · 100 pJ. Inactive: a in step 1, the three
    // of core 15 in step 0: 4 · 1 nJ. One axon 1 pJ, 3 synapses 30 pJ, one spike 10 nJ, message 100 nJ, delivery 1 µJ,
    // hops 3 · 10 µJ + 100 µJ.
    expect(energy.byKind).toEqual({
      axonIn: 1e3,
      synapticOperation: 30e3,
      neuronUpdateActive: 400e3,
      neuronUpdateInactive: 4e6,
      spikeOut: 10e6,
      messageOut: 100e6,
      withinTile: 1e9,
      hopEastWest: 30e9,
      hopNorthSouth: 100e9,
      chipToChip: 0,
    });
    const sent = 10e6 + 100e6 + 1e9 + 30e9 + 100e9;
    expect(energy.byCore).toEqual([sent + 100e3 + 1e6, 1e3 + 30e3 + 300e3 + 3e6]);
    // The axon's first synapse is b's.
    expect(energy.byPopulation).toEqual([sent + 100e3 + 1e6, 1e3 + 10e3 + 100e3 + 1e6, 20e3 + 200e3 + 2e6]);
    // Two barriers of 10 mJ.
    expect(energy.barrier).toBe(2e13);
  });

  it('adds static power over the whole sample, for each chip in use', () => {
    // 1 mW over load 7 + readout 3 + reset 5 µs and two steps. Step 0: message at 18, 3·20 + 30 on links, port 4,
    // axon 2 + 9: 123; step 1: three active updates 24; a barrier of 1 µs each: 17.147 µs, 17.147 nJ.
    const { energy, time } = new Simulator(program, tinyTarget(), { timing: 'cycle' }).run(drives);
    expect(time!.period).toBe(17_147_000);
    expect(energy.static).toBe(17_147_000);
    const kinds = Object.values(energy.byKind).reduce((sum, part) => sum + part, 0);
    expect(energy.total).toBe(kinds + 2e13 + 17_147_000);
  });

  it('leaves static energy out where there is no time', () => {
    const { energy } = new Simulator(program, tinyTarget(), { timing: 'off' }).run(drives);
    expect(energy.static).toBeNull();
    expect(energy.total).toBe(Object.values(energy.byKind).reduce((sum, part) => sum + part, 0) + 2e13);
  });

  it('uses one profile alone, and lists its unknown figures', () => {
    const options = { timing: 'off', energyProfile: 'unpublished' } as const;
    const simulator = new Simulator(program, tinyTarget(), options);
    expect(simulator.run(drives).energy.total).toBe(3 * 23_600);
    expect(simulator.energyFigures.unknown).toContain('energyProfiles.unpublished.staticPower');
    expect(simulator.energyFigures.unknown).not.toContain('energyProfiles.unpublished.synapticOperation');
    expect(simulator.energyFigures.unknown).toHaveLength(11);
  });

  it('knows only the target’s profiles, and only joules', () => {
    const make = (energyProfile: string) => () =>
      new Simulator(program, tinyTarget(), { timing: 'off', energyProfile });
    expect(make('davies')).toThrow(/SW3005 tiny: “davies” is not one of its energy profiles \(tens, unpublished\)/);
    expect(make('toString')).toThrow(/SW3005/);
    const target = tinyTarget();
    const tens = { ...target.energyProfiles.tens!, spikeOut: figure(1, 'ns') };
    const odd = { ...target, energyProfiles: { tens } };
    expect(() => new Simulator(program, odd, { timing: 'off' })).toThrow(/SW3004 energyProfiles.tens.spikeOut/);
  });
});
