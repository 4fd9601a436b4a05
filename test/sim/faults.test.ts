import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveSeed } from '../../runtime/seed.js';
import { flipBits } from '../../sim/bit-flips.js';
import { totalEvents } from '../../sim/events.js';
import { type Fault, type FaultDraw, parseFaults } from '../../sim/fault.js';
import { linkDirections } from '../../sim/mesh.js';
import { Simulator } from '../../sim/simulate.js';
import { boardTiles } from '../../targets/board-grid.js';
import { SlowFault } from '../reference/reference-fault.js';
import { simulateStreamSlowly } from '../reference/reference-sim.js';
import { strikesMessage } from '../reference/reference-strikes.js';
import { arbitraryCase, type Case, overlappingCase } from './arbitrary-program.js';
import { expectAsSlow } from './expect-as-slow.js';
import { buildProgram, type CoreSpec, drive, population, profile, range, readoutProfile } from './program-builder.js';
import { figure, tinyTarget } from './tiny-target.js';

const draw: FaultDraw = (purpose, ...indices) => deriveSeed(5, purpose, ...indices);

function faulty({ program, target }: Pick<Case, 'program' | 'target'>, fault: Fault): Simulator {
  return new Simulator(program, target, { timing: 'off', fault: { fault, draw } });
}

/** Any fault that a program can have. */
function arbitraryFault({ program, target }: Pick<Case, 'program' | 'target'>): fc.Arbitrary<Fault> {
  const rate = fc.constantFrom(0, 0.1, 0.5, 1);
  const { columns, rows } = boardTiles(program.chips, target.mesh);
  const tiles = Array.from(
    { length: columns * rows },
    (_, tile) => [tile % columns, Math.floor(tile / columns)] as const,
  );
  const links = tiles.flatMap(([column, row]) => {
    const isThere = { east: column < columns - 1, west: column > 0, south: row < rows - 1, north: row > 0 };
    return linkDirections.flatMap((direction) => (isThere[direction] ? [{ column, row, direction }] : []));
  });
  return fc.oneof(
    fc.record({ kind: fc.constantFrom('bitflip', 'dead', 'stuck', 'drop', 'delay'), rate }),
    fc.record({ kind: fc.constant('core'), core: fc.nat(program.cores.length - 1) }),
    fc.constantFrom(...links).map((link) => ({ kind: 'link', ...link })),
  ) as fc.Arbitrary<Fault>;
}

/** What the slow simulator makes of samples with a fault, the first of them with a number. */
function slowly({ program, target }: Case, fault: Fault, samples: Case['samples'], first: number) {
  if (fault.kind === 'bitflip') {
    return simulateStreamSlowly(flipBits(program, target, fault.rate, draw).program, target, samples);
  }
  return simulateStreamSlowly(program, target, samples, new SlowFault(program, target, fault, draw), first);
}

describe('for any program with any fault', () => {
  it('the simulator does what the slow one does, messages sent are received or lost, and samples do not depend on one another', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(arbitraryCase, fc.gen(), (drawn, pick) => {
        const { program, samples } = drawn;
        const fault = pick(() => arbitraryFault(drawn));
        const results = faulty(drawn, fault).runStream(samples, { record: true });
        for (const [n, { byCore, messages, lost, late, hops }] of results.entries()) {
          expectAsSlow([results[n]!], slowly(drawn, fault, [samples[n]!], n));
          const dead = fault.kind === 'core' ? program.cores[fault.core]! : null;
          const heard = program.hostAxons.filter(({ chip, core }) => chip !== dead?.chip || core !== dead.core);
          expect(totalEvents(byCore, 'axonIn')).toBe(messages - lost + heard.length * program.timesteps);
          expect(totalEvents(byCore, 'withinTile')).toBe(messages - lost);
          expect(lost + late).toBeLessThanOrEqual(messages);
          if (fault.kind === 'drop' && fault.rate === 1) expect([lost, hops]).toEqual([messages, 0]);
          if (fault.kind === 'delay' && fault.rate === 1) expect(late).toBe(messages);
          seen.set(fault.kind, (seen.get(fault.kind) ?? 0) + lost + late);
          // Whatever was simulated before, and in whatever batch.
          expect(faulty(drawn, fault).run(samples[n]!, { record: true, first: n })).toEqual(results[n]);
        }
      }),
      { numRuns: 120, seed: 21, endOnFailure: true },
    );
    for (const kind of ['drop', 'delay', 'core']) expect(seen.get(kind)).toBeGreaterThan(0);
  });

  it('so it does where samples overlap', () => {
    fc.assert(
      fc.property(overlappingCase, fc.gen(), fc.nat(9), (drawn, pick, first) => {
        const fault = pick(() => arbitraryFault(drawn));
        const results = faulty(drawn, fault).runStream(drawn.samples, { record: true, first });
        if (drawn.program.sampleInterval < drawn.program.stepsPerSample) {
          expectAsSlow(results, slowly(drawn, fault, drawn.samples, first));
        }
      }),
      { numRuns: 60, seed: 23, endOnFailure: true },
    );
  });

  it('a rate of 0 changes nothing', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ program, target, samples }) => {
        const whole = new Simulator(program, target, { timing: 'off' }).runStream(samples, { record: true });
        for (const kind of ['bitflip', 'dead', 'stuck', 'drop', 'delay'] as const) {
          const faults = faulty({ program, target }, { kind, rate: 0 });
          expect(faults.runStream(samples, { record: true })).toEqual(whole);
        }
      }),
      { numRuns: 40, seed: 22, endOnFailure: true },
    );
  });
});

/** Two neurons (θ = 1) on core 0, each heard by one of two readouts on `sink` with weights 3 and 5; T = 2. */
function pair(sink: number): { program: ReturnType<typeof buildProgram>; target: ReturnType<typeof tinyTarget> } {
  const cores: CoreSpec[] = [
    { core: 0, ranges: [range(0, [0, 1])], profiles: [profile(1)], out: [[[0, sink, 0]], [[0, sink, 1]]] },
    {
      core: sink,
      ranges: [range(1, [0, 1])],
      profiles: [readoutProfile()],
      axons: [{ entries: [{ format: 1, synapses: [[0, 3]] }] }, { entries: [{ format: 1, synapses: [[1, 5]] }] }],
    },
  ];
  const populations = [population('a', 2, 0), population('out', 2, 1, 'readout')];
  const program = buildProgram({ timesteps: 2, populations, drives: [drive('a', 2)], cores });
  return { program, target: tinyTarget() };
}

describe('two neurons, of which one fires in both timesteps', () => {
  const drives = [Int32Array.of(1, 0)];
  const readout = (fault: Fault, sink = 2): number[] => [...faulty(pair(sink), fault).run(drives).readout];

  it('dead: nothing arrives; stuck: both do, in all three steps of which two count', () => {
    expect(readout({ kind: 'dead', rate: 1 })).toEqual([0, 0]);
    expect(readout({ kind: 'stuck', rate: 1 })).toEqual([6, 10]);
    expect(faulty(pair(2), { kind: 'stuck', rate: 1 }).faults!.neurons).toBe(2);
  });

  it('late: the message of the last step acts after the readout', () => {
    expect(readout({ kind: 'delay', rate: 1 })).toEqual([3, 0]);
  });

  it('a dead core hears nothing and says nothing', () => {
    const simulator = faulty(pair(2), { kind: 'core', core: 1 });
    expect([...simulator.run(drives).readout]).toEqual([0, 0]);
    expect(simulator.faults!.unreachable()).toEqual([{ from: 0, to: 1 }]);
  });

  it('a dead link is gone round: from (0, 0) to (2, 0) by the other row, two links longer', () => {
    // Tiles of 2 cores, 4 in a row: core 4 is on tile 2.
    const whole = faulty(pair(4), { kind: 'drop', rate: 0 }).run(drives);
    const round = faulty(pair(4), { kind: 'link', column: 1, row: 0, direction: 'east' }).run(drives);
    expect(round.readout).toEqual(whole.readout);
    // Two messages of two hops; round the link east to (1, 0), south, east, north: 4 hops.
    expect([whole.hops, round.hops, round.lost]).toEqual([4, 8, 0]);
  });

  it('a dead link that is the only way cuts cores off', () => {
    const { program, target } = pair(4);
    const line = { ...target, mesh: { ...target.mesh, columns: 8, rows: 1 } };
    const simulator = faulty({ program, target: line }, { kind: 'link', column: 0, row: 0, direction: 'east' });
    const { readout: nothing, lost, messages } = simulator.run(drives);
    expect([...nothing]).toEqual([0, 0]);
    expect([lost, messages]).toEqual([2, 2]);
    expect(simulator.faults!.unreachable()).toEqual([{ from: 0, to: 1 }]);
    const back = faulty({ program, target: line }, { kind: 'link', column: 1, row: 0, direction: 'west' });
    expect([...back.run(drives).readout]).toEqual([6, 0]);
  });

  it('flipped bits change weights alone, each bit once, all of them at rate 1', () => {
    const { program, target } = pair(2);
    const { program: flipped, bits } = flipBits(program, target, 1, draw);
    expect(bits).toBe(16);
    // 3 = 00000011 becomes 11111100 = −4.
    expect([...new Simulator(flipped, target, { timing: 'off' }).run(drives).readout]).toEqual([-8, 0]);
    expect(flipBits(flipped, target, 1, draw).program.cores[1]!.synapseMemory).toEqual(program.cores[1]!.synapseMemory);
  });

  it('a flip to −128, which the grid lacks, reads as −127', () => {
    const { program, target } = pair(2);
    // Entry of axon 0: header of 10 bits, index of 6, then the weight: set it to 0, so that flipping the sign gives −128.
    const memory = program.cores[1]!.synapseMemory.slice();
    memory[2] = 0;
    const zero = { ...program, cores: [program.cores[0]!, { ...program.cores[1]!, synapseMemory: memory }] };
    // With all bits flipped 0 becomes −1; the sign alone is flipped where the draw strikes bit 7 first and then never.
    const gaps = [7, 1000].map((gap) => Math.exp((gap + 0.5) * Math.log1p(-0.01)));
    const chosen: FaultDraw = (_purpose, _core, index) => Math.floor((gaps[index!] ?? 0) * 2 ** 32);
    const { program: flipped, bits } = flipBits(zero, target, 0.01, (purpose, core, index) => {
      return core === 1 ? chosen(purpose, core!, index!) : 0;
    });
    expect(bits).toBe(1);
    expect([...new Simulator(flipped, target, { timing: 'off' }).run(drives).readout]).toEqual([-254, 0]);
  });
});

describe('a share of faults', () => {
  it('comes to its rate', () => {
    const neurons = 2000;
    const cores = Array.from({ length: 40 }, (_, k): CoreSpec => {
      const own = Array.from({ length: 50 }, (_unused, n) => 50 * k + n);
      return { chip: Math.floor(k / 16), core: k % 16, ranges: [range(0, own)], profiles: [profile(1)] };
    });
    const sink: CoreSpec = { chip: 2, core: 15, ranges: [range(1, [0])], profiles: [readoutProfile()] };
    const program = buildProgram({
      timesteps: 1,
      chips: 3,
      populations: [population('a', neurons, 0), population('out', 1, 1, 'readout')],
      drives: [drive('a', neurons)],
      cores: [...cores, sink],
    });
    // 2000 neurons at 10 %: 200 ± 13.4.
    const struck = faulty({ program, target: tinyTarget() }, { kind: 'dead', rate: 0.1 }).faults!.neurons;
    expect(Math.abs(struck - 200)).toBeLessThan(60);
  });

  it('comes to its rate among what is got from one draw, and differs from draw to draw', () => {
    const struck = (drawn: number) => Array.from({ length: 100_000 }, (_, index) => strikesMessage(0.01, drawn, index));
    const draws = [0, 1, 2, -1].map(struck);
    // 1000 ± 31; two draws have 10 ± 3.2 in common.
    for (const one of draws) expect(Math.abs(one.filter(Boolean).length - 1000)).toBeLessThan(160);
    for (const [k, one] of draws.entries()) {
      for (const other of draws.slice(k + 1)) {
        expect(one.filter((is, index) => is && other[index]).length).toBeLessThan(30);
      }
    }
  });
});

describe('faults as text', () => {
  const { program, target } = pair(2);

  it('name a kind and rates, a core, or a link', () => {
    expect(parseFaults('drop:0.001,1e-2', program, target)).toEqual([
      { kind: 'drop', rate: 0.001 },
      { kind: 'drop', rate: 0.01 },
    ]);
    expect(parseFaults('core:0/2', program, target)).toEqual([{ kind: 'core', core: 1 }]);
    expect(parseFaults('link:3,1,west', program, target)).toEqual([
      { kind: 'link', column: 3, row: 1, direction: 'west' },
    ]);
  });

  it('reach links between rows of chips', () => {
    const board = tinyTarget({ mesh: { chipsPerRow: figure(1, 'chips') } });
    expect(parseFaults('link:0,1,south', { ...program, chips: 2 }, board)).toEqual([
      { kind: 'link', column: 0, row: 1, direction: 'south' },
    ]);
    expect(() => parseFaults('link:3,1,east', { ...program, chips: 2 }, board)).toThrow(
      /columns 0 to 3 and rows 0 to 3/,
    );
  });

  it.each([
    '',
    'drop',
    'drop:',
    'drop:2',
    'drop:-1',
    'drop:x',
    'burn:0.1',
    'link:1,2',
    'link:0,0,up',
    'toString:1',
  ])('are refused as “%s”', (text) => {
    expect(() => parseFaults(text, program, target)).toThrow(/SW3023/);
  });

  it.each([
    'core:0/3',
    'core:1/0',
    'core:x',
    'link:3,0,east',
    'link:0,0,west',
    'link:0,1,south',
    'link:9,0,west',
  ])('name nothing: “%s”', (text) => {
    expect(() => parseFaults(text, program, target)).toThrow(/SW3024/);
  });

  it('need timing off', () => {
    const fault = { fault: { kind: 'drop', rate: 0.1 } as const, draw };
    expect(() => new Simulator(program, target, { timing: 'cycle', fault })).toThrow(/SW3025/);
  });
});
