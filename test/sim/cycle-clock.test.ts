import { describe, expect, it } from 'vitest';
import type { Program } from '../../schemas/program.js';
import type { Target, TargetMesh } from '../../schemas/target.js';
import type { SampleResult, TimingMode } from '../../sim/sample-result.js';
import { Simulator } from '../../sim/simulate.js';
import { buildProgram, type CoreSpec, drive, population, profile, range, readoutProfile } from './program-builder.js';
import { figure, tinyTarget, unknownFigure } from './tiny-target.js';

/**
 * All scenes: T = 1; the neurons of population a (θ = 1, current 1) fire in step 0 and their messages reach the readout,
 * which updates in step 1. Tiles of 2 cores; 4 columns and 2 rows of tiles; core 2k and 2k + 1 are on tile k.
 * Figures in ns: axon 2, synapse 3, update 8 active and 5 inactive, spike out 10, within tile 4, east-west 20,
 * north-south 30, chip to chip 100 more, barrier 1000.
 */
function scene(sources: readonly CoreSpec[], readouts: readonly CoreSpec[], chips = 1): Program {
  const neurons = sources.reduce((count, { ranges }) => count + ranges[0]!.neurons.length, 0);
  const readoutNeurons = readouts.reduce((count, { ranges }) => count + ranges[0]!.neurons.length, 0);
  return buildProgram({
    timesteps: 1,
    chips,
    populations: [population('a', neurons, 0), population('out', readoutNeurons, 1, 'readout')],
    drives: [drive('a', neurons)],
    cores: [...sources, ...readouts],
  });
}

/** A core with neurons of population a, whose messages go to the given [chip, core, axon] each. */
function source(
  core: number,
  first: number,
  destinations: readonly (readonly [number, number, number])[],
  chip = 0,
): CoreSpec {
  const neurons = destinations.map((_, k) => first + k);
  return { chip, core, ranges: [range(0, neurons)], profiles: [profile(1)], out: destinations.map((to) => [to]) };
}

/** A core with readout neurons; axon j reaches the first `synapses[j]` of them. */
function sink(core: number, first: number, neurons: number, synapses: readonly number[], chip = 0): CoreSpec {
  return {
    chip,
    core,
    ranges: [
      range(
        1,
        Array.from({ length: neurons }, (_, k) => first + k),
      ),
    ],
    profiles: [readoutProfile()],
    axons: synapses.map((count) => ({
      entries: [{ format: 0, synapses: Array.from({ length: count }, () => [0, 1] as const) }],
    })),
  };
}

function simulate(program: Program, target: Target = tinyTarget(), timing: TimingMode = 'cycle'): SampleResult {
  const neurons = program.populations[0]!.shape[2];
  return new Simulator(program, target, { timing }).run([new Int32Array(neurons).fill(1)]);
}

/** Picoseconds of each timestep. */
function durations(result: SampleResult): number[] {
  return result.time!.timesteps.map(({ duration }) => duration);
}

const ns = 1000;

describe('a timestep in picoseconds', () => {
  it('within a tile', () => {
    // Core 0: update until 8, message at 18; port of core 1 until 22; axon and synapse until 27.
    // Step 1: core 0 is at rest (5), the readout has input (8).
    const result = simulate(scene([source(0, 0, [[0, 1, 0]])], [sink(1, 0, 1, [1])]));
    expect(durations(result)).toEqual([1027 * ns, 1008 * ns]);
    // Load 7 µs, readout 3 µs; reset 5 µs.
    expect(result.time!.latency).toBe((7000 + 1027 + 1008 + 3000) * ns);
    expect(result.time!.period).toBe(result.time!.latency + 5000 * ns);
    expect(result.time!.timesteps.map(({ criticalCore }) => criticalCore)).toEqual([1, 1]);
    expect(result.time!.timesteps.map(({ criticalLink }) => criticalLink)).toEqual([-1, -1]);
  });

  it('over several hops, east-west first', () => {
    // Tile 0 to tile 7 (column 3, row 1): 18 + 3·20 + 30 + 4 + 5 = 117.
    const program = scene([source(0, 0, [[0, 15, 0]])], [sink(15, 0, 1, [1])]);
    const simulator = new Simulator(program, tinyTarget(), { timing: 'cycle' });
    const result = simulator.run([Int32Array.of(1)]);
    expect(durations(result)[0]).toBe(1117 * ns);
    expect(result.hops).toBe(4);
    const { linkMessages } = result.time!;
    const used = Array.from(linkMessages.keys()).filter((link) => linkMessages[link]! > 0);
    expect(used.map((link) => simulator.machine.mesh.linkName(link))).toEqual([
      '(0, 0) east',
      '(1, 0) east',
      '(2, 0) east',
      '(3, 0) south',
    ]);
  });

  it('west and north too', () => {
    // Tile 7 (3, 1) to tile 1 (1, 0): two hops west, one north: 18 + 40 + 30 + 4 + 5 = 97.
    const result = simulate(scene([source(15, 0, [[0, 2, 0]])], [sink(2, 0, 1, [1])]));
    expect(durations(result)[0]).toBe(1097 * ns);
  });

  it('with two messages for one link at one instant: the core with the smaller number goes first', () => {
    // Both at 18. From core 0 (1 synapse): link 18–38, port –42, axon –47.
    // From core 1 (10 synapses): link 38–58, port –62, axon 62 + 2 + 30 = 94. The other order would end at 79.
    const result = simulate(scene([source(0, 0, [[0, 2, 0]]), source(1, 1, [[0, 2, 1]])], [sink(2, 0, 10, [1, 10])]));
    expect(durations(result)[0]).toBe(1094 * ns);
  });

  it('with messages that queue for a core', () => {
    // Tiles 0 and 2 send to core 2 on tile 1 from both sides: both at the port at 38. Port 38–42, 42–46.
    // Axons of 10 synapses take 32 each: 42–74, 74–106.
    const result = simulate(scene([source(0, 0, [[0, 2, 0]]), source(4, 1, [[0, 2, 1]])], [sink(2, 0, 10, [10, 10])]));
    expect(durations(result)[0]).toBe(1106 * ns);
  });

  it('across chips', () => {
    // Core 6 is on tile (3, 0) at the east edge of chip 0, core 0 of chip 1 just beyond: 18 + (20 + 100) + 4 + 5 = 147.
    const result = simulate(scene([source(6, 0, [[1, 0, 0]])], [sink(0, 0, 1, [1], 1)], 2));
    expect(durations(result)[0]).toBe(1147 * ns);
    expect(result.energy.byKind.chipToChip).toBe(1e12);
    // 1 mW on each of two chips over 7000 + 1147 + 1008 + 3000 + 5000 ns.
    expect(result.energy.static).toBe(2 * 17_155_000);
    expect(result.energy.byKind.hopEastWest).toBe(1e10);
  });

  it('with silent neurons between those that fire', () => {
    // Compartments: quiet, firing, quiet, firing. Quiet ones (current 0) take 5: first message at 5 + 8 + 10 = 23,
    // second at 23 + 5 + 8 + 10 = 46; port 50, axon 55.
    const program = scene(
      [
        source(0, 0, [
          [0, 1, 0],
          [0, 1, 0],
          [0, 1, 0],
          [0, 1, 0],
        ]),
      ],
      [sink(1, 0, 1, [1])],
    );
    const simulator = new Simulator(program, tinyTarget(), { timing: 'cycle' });
    expect(durations(simulator.run([Int32Array.of(0, 1, 0, 1)]))[0]).toBe(1055 * ns);
  });
});

describe('back-pressure', () => {
  /**
   * Core 0 on tile 0: neurons 0–3 send to core 2 on tile 1, 20 synapses each (62 ns); neuron 4 to core 15, 60 synapses
   * (182 ns). All take link (0, 0) east.
   */
  const program = scene(
    [
      source(0, 0, [
        [0, 2, 0],
        [0, 2, 0],
        [0, 2, 0],
        [0, 2, 0],
        [0, 15, 0],
      ]),
    ],
    [sink(2, 0, 20, [20]), sink(15, 20, 60, [60])],
  );

  it('does not act while buffers have room', () => {
    // Messages at 18, 36, 54, 72, 90. The link takes them at 18, 38, 58, 78, 98; the last crosses by 118, 138, 158,
    // 188, port 192, axon 374. Core 2 works from 42 to 42 + 4·62 = 290.
    const result = simulate(program, tinyTarget({ mesh: { linkBuffer: figure(16, 'messages') } }));
    expect(durations(result)[0]).toBe(1374 * ns);
  });

  it('does not act where the buffers’ size is unknown, which is said', () => {
    const target = tinyTarget({ mesh: { linkBuffer: unknownFigure('messages') } });
    expect(durations(simulate(program, target))[0]).toBe(1374 * ns);
    expect(new Simulator(program, target, { timing: 'cycle' }).timingFigures.unknown).toEqual(['mesh.linkBuffer']);
  });

  it('holds up the sender, the rest of its neurons, and messages for others', () => {
    // One message each in link L, port P and core 2's queue R. m1: 18, L –38, P –42, R –104.
    // m2: made 36, waits for L: 38–58, P –62, blocked until R is free at 104, R –166.
    // m3: update goes on at 38, made 56, L 58–78, blocked until P is free at 104, P –108, blocked, R 166–228.
    // m4: update goes on at 58, made 76, L 104–124, blocked until 166, P –170, blocked, R 228–290.
    // m5: update goes on at 104, made 122, L 166–186, on to 206, 226, 256, port 260, axon 442.
    const result = simulate(program, tinyTarget({ mesh: { linkBuffer: figure(1, 'messages') } }));
    expect(durations(result)[0]).toBe(1442 * ns);
    expect(result.time!.timesteps[0]!.criticalCore).toBe(2);
  });

  it('changes no result', () => {
    const [tight, wide] = [1, 16].map((messages) => {
      return simulate(program, tinyTarget({ mesh: { linkBuffer: figure(messages, 'messages') } }));
    });
    expect(tight!.readout).toEqual(wide!.readout);
    expect(tight!.byCore).toEqual(wide!.byCore);
  });
});

describe('of those that wait', () => {
  it('the next in number behind the one that came in last comes first, though it has begun to wait later in the instant', () => {
    // Links north and south take no time, off the chip 100, and hold one message. Both wait for core 10 on tile (1, 1):
    // - A, which came over link (1, 0) south in the event of link (1, 1) south, at 118: core 11's message B enters that
    //   at 18, until 118. Core 2's first, B' at 18, goes the same way and waits on (1, 0) south, so A, made at 36, waits
    //   for that. At 118 B leaves, B' follows, A enters and has crossed: now, although (1, 0) has a smaller number.
    // - C, which takes (0, 1) east from 98 to 118, whose number lies between those two: core 8's 17th neuron.
    // Core 13's first message occupies core 10 from 18 + 20 + 4 = 42 until 42 + 182 = 224, the second its port. They came
    // over link (2, 1) west, behind which no other leads there, so it is the turn of the first: (1, 0) south comes before (0, 1) east.
    // At 224 the port has room for A; at 229, when core 10 has taken the next, for C, and link (0, 1) for D, which goes on
    // to core 12: 229 + 20 + 20 + 4 + 182 = 455. If C came before A, D would end at 450.
    const to = (chip: number, core: number, axon = 0) => [chip, core, axon] as const;
    const program = scene(
      [
        source(2, 0, [to(1, 2), to(0, 10, 1)]),
        source(8, 2, [...Array.from({ length: 17 }, () => to(0, 10, 1)), to(0, 12)]),
        source(11, 20, [to(1, 2)]),
        source(13, 21, [to(0, 10), to(0, 10, 1)]),
      ],
      [sink(10, 0, 60, [60, 1]), sink(12, 60, 60, [60]), sink(2, 120, 1, [1], 1)],
      2,
    );
    const target = tinyTarget({
      mesh: { linkBuffer: figure(1, 'messages'), chipsPerRow: figure(1, 'chips') },
      timing: { hopNorthSouth: figure(0, 'ns') },
    });
    const currents = new Int32Array(23).fill(1).fill(0, 2, 18);
    const { timesteps } = new Simulator(program, target, { timing: 'cycle' }).run([currents]).time!;
    expect(timesteps[0]!.duration).toBe(1455 * ns);
  });
});

describe('axons that the host drives', () => {
  it('are processed before the core updates and before messages that arrive meanwhile', () => {
    // Core 1 holds the readout and is driven in step 1; core 0 fires in step 0 only. Step 1: axon of 4 synapses takes
    // 2 + 12 = 14, then 4 active updates of 8: 46.
    const sources = [source(0, 0, [[0, 1, 0]])];
    const program = {
      ...scene(sources, [sink(1, 0, 4, [1, 4])]),
      hostAxons: [{ chip: 0, core: 1, axon: 1, firstStep: 1 }],
    };
    expect(durations(simulate(program))).toEqual([1027 * ns, 1046 * ns]);
    // Driven in step 0, the receiving unit is busy until 14, long before the message arrives at 22: no change of that.
    // The core's 4 updates begin at 14: 14 + 4·8 = 46.
    const early = { ...program, hostAxons: [{ chip: 0, core: 1, axon: 1, firstStep: 0 }] };
    expect(durations(simulate(early))[0]).toBe(1046 * ns);
    // Three drives of it, and three messages for it: busy until 42, updates until 42 + 32 = 74. The messages arrive at 22,
    // 40 and 58 and wait: 42–56, 56–70, 70–84.
    const three = scene(
      [
        source(0, 0, [
          [0, 1, 1],
          [0, 1, 1],
          [0, 1, 1],
        ]),
      ],
      [sink(1, 0, 4, [1, 4])],
    );
    const busy = { ...three, hostAxons: [0, 1, 2].map(() => ({ chip: 0, core: 1, axon: 1, firstStep: 0 })) };
    expect(durations(simulate(busy))[0]).toBe(1084 * ns);
    expect(simulate(busy).time!.receiveBusy[1]).toBe(6 * 14 * ns);
  });
});

describe('a timestep of minutes', () => {
  // One message, as within a tile above, but its axon takes so long. Everything else there is to do takes less than 1 s.
  const program = scene([source(0, 0, [[0, 1, 0]])], [sink(1, 0, 1, [1])]);
  const target = (seconds: number, board: Partial<TargetMesh>, picoseconds: number): Target => {
    const axonIn = figure(seconds * 1e12 + picoseconds, 'ps');
    return tinyTarget({ timing: { axonIn }, mesh: board });
  };
  const load =
    (timed: Target, timing: TimingMode, loaded = program) =>
    () =>
      new Simulator(loaded, timed, { timing });
  // 1600 tiles of 4 links, and 6 stations of cores: their numbers take 13 bits, 2⁴⁹ are left, 562 s in picoseconds.
  const wide = { columns: 40, rows: 40 };

  it('is timed to the picosecond', () => {
    for (const picoseconds of [1, 2]) {
      const [duration] = durations(simulate(program, target(562, wide, picoseconds)));
      expect(duration).toBe(562e12 + picoseconds + 1025 * ns);
    }
  });

  it('is refused where instants would take more bits than there are', () => {
    expect(load(target(563, wide, 1), 'cycle')).toThrow(/SW3013 timestep: up to 563 s .* counts 563 s/);
    expect(load(target(563, wide, 1), 'analytic')).not.toThrow();
    // On a small board, and in nanoseconds there, there is room for more, but none beyond 2⁵³ ps, 9007 s.
    expect(durations(simulate(program, target(563, {}, 1)))[0]).toBe(563e12 + 1 + 1025 * ns);
    expect(durations(simulate(program, target(9007, wide, 0)))[0]).toBe(9007e12 + 1025 * ns);
    const to = [0, 1, 0] as const;
    const two = scene([source(0, 0, [to, to])], [sink(1, 0, 1, [1])]);
    expect(load(target(4503, wide, 0), 'cycle', two)).not.toThrow();
    expect(load(target(4504, wide, 0), 'cycle', two)).toThrow(/SW3013/);
  });
});

describe('the analytic bound', () => {
  it('is the longest total of any unit or link', () => {
    // As the contention scene: the link carries 2 messages, 40 ns; core 2 processes 5 + 32 = 37; its updates take 50.
    const program = scene([source(0, 0, [[0, 2, 0]]), source(1, 1, [[0, 2, 1]])], [sink(2, 0, 10, [1, 10])]);
    expect(durations(simulate(program, tinyTarget(), 'analytic'))[0]).toBe(1050 * ns);
    const slowLinks = tinyTarget({ timing: { hopEastWest: figure(40, 'ns') } });
    expect(durations(simulate(program, slowLinks, 'analytic'))[0]).toBe(1080 * ns);
  });
});
