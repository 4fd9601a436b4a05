import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../../schemas/target.js';
import { linkTimes } from '../../sim/analytic-clock.js';
import type { Machine } from '../../sim/machine.js';
import type { PacketObserver, StepMoment } from '../../sim/observer.js';
import { PacketLog } from '../../sim/packet-log.js';
import { Simulator } from '../../sim/simulate.js';
import type { TimingFigures } from '../../sim/timing-figures.js';
import { ReferenceClock } from '../reference/reference-clock.js';
import { arbitraryCase, type Case } from './arbitrary-program.js';
import { crowdedCase, throngedCase } from './crowded-program.js';
import { unknownFigure } from './tiny-target.js';

/** What a clock tells of single messages, by core: of events in one instant on two cores either may come first. */
class Notes implements PacketObserver {
  readonly receivers = null;
  readonly ofCore = new Map<string, string[]>();
  #time = 0;

  open(): void {
    this.ofCore.clear();
    this.#time = 0;
  }

  made(_message: number, from: number, _to: number, entry: number, time: number): void {
    this.#note(`${from} sends`, `entry ${entry}`, time);
  }

  arrived(_message: number, to: number, time: number): void {
    this.#note(`${to} receives`, 'arrived', time);
  }

  processed(_message: number, to: number, begin: number, end: number): void {
    this.#note(`${to} processes`, `from ${begin}`, end);
  }

  #note(who: string, what: string, time: number): void {
    expect(time).toBeGreaterThanOrEqual(this.#time);
    this.#time = time;
    const notes = this.ofCore.get(who) ?? [];
    this.ofCore.set(who, notes);
    notes.push(`${what} at ${time}`);
  }
}

/** What links carry in a timestep: each one message at a time, for as long as the message takes at least. */
class LinkUse {
  readonly messages: Float64Array;
  readonly #times: Float64Array;
  readonly #busyUntil: Float64Array;

  constructor(times: Float64Array) {
    this.#times = times;
    this.messages = new Float64Array(times.length);
    this.#busyUntil = new Float64Array(times.length);
  }

  open(): void {
    this.#busyUntil.fill(0);
  }

  carry(link: number, since: number, until: number): void {
    // A thronged timestep has too many for an expectation each.
    if (since < this.#busyUntil[link]! || until - since < this.#times[link]!) {
      throw new Error(`link ${link} carries a message from ${since} to ${until}`);
    }
    this.#busyUntil[link] = until;
    this.messages[link]!++;
  }
}

function hostWork({ hostInputs, cores, program }: Machine, figures: TimingFigures, step: number): Float64Array {
  const work = new Float64Array(cores.length);
  for (const { core, inlet, firstStep } of hostInputs) {
    if (step < firstStep || step >= firstStep + program.timesteps) continue;
    work[core]! += figures.axonIn + cores[core]!.axonIn.synapseCount[inlet]! * figures.synapticOperation;
  }
  return work;
}

function expectEqualMessages(drawn: Case): void {
  expectEqualTimes(drawn, new Notes());
}

/** `notes`: what to note single messages in, where they are to be compared. */
function expectEqualTimes({ program, target, samples }: Case, notes: Notes | null = null): void {
  const simulator = new Simulator(program, target, { timing: 'cycle' });
  const slow = new ReferenceClock(simulator.machine, simulator.timingFigures);
  const slowNotes = notes === null ? null : new Notes();
  slow.observe(slowNotes);
  const links = new LinkUse(linkTimes(simulator.machine, simulator.timingFigures));
  slow.onLink = (link, since, until) => links.carry(link, since, until);
  const observer = {
    packets: notes,
    step({ machine, step, time, linkMessages }: StepMoment): void {
      expect(time).toEqual(slow.timestep(hostWork(machine, simulator.timingFigures, step)));
      expect(linkMessages).toEqual(slow.linkMessages);
      expect(linkMessages).toEqual(links.messages);
      links.open();
      expect(notes?.ofCore).toEqual(slowNotes?.ofCore);
      notes?.open();
      slowNotes?.open();
    },
  };
  for (const [sample, drives] of samples.entries()) {
    slow.reset();
    links.messages.fill(0);
    const { time } = simulator.run(drives, { observer, first: sample });
    expect(time!.sendBusy).toEqual(slow.sendBusy);
    expect(time!.receiveBusy).toEqual(slow.receiveBusy);
  }
}

function durations({ program, target, samples }: Case): number[] {
  const simulator = new Simulator(program, target, { timing: 'cycle' });
  return samples.flatMap((drives) => simulator.run(drives).time!.timesteps.map(({ duration }) => duration));
}

/** The same with buffers that no message fills. */
function withoutLimits(drawn: Case): Case {
  const { mesh } = drawn.target;
  return { ...drawn, target: { ...drawn.target, mesh: { ...mesh, linkBuffer: unknownFigure('messages') } } };
}

/** The target without the figures of its mesh: messages take no time on their way, and find room. */
function withoutMesh(target: Target): Target {
  const unknown = unknownFigure('ns');
  const times = { spikeOut: unknown, withinTile: unknown, hopEastWest: unknown, hopNorthSouth: unknown };
  const mesh = { ...target.mesh, linkBuffer: unknownFigure('messages') };
  return { ...target, timing: { ...target.timing, ...times, chipToChip: unknown }, mesh };
}

// Whole programs take minutes to shrink; a failure names its seed and path instead.
describe('the compiled clock gives the times of the slow one, whose links carry one message at a time, to the picosecond', () => {
  it('for any program', () => {
    fc.assert(fc.property(arbitraryCase, expectEqualMessages), { numRuns: 100, seed: 5, endOnFailure: true });
  });

  it('where messages crowd, whether full buffers hold them up or not', () => {
    let heldUp = 0;
    const law = fc.property(crowdedCase, (drawn) => {
      expectEqualMessages(drawn);
      const free = durations(withoutLimits(drawn));
      if (durations(drawn).some((time, step) => time !== free[step])) heldUp++;
    });
    fc.assert(law, { numRuns: 200, seed: 6, endOnFailure: true });
    expect(heldUp).toBeGreaterThan(30);
    expect(heldUp).toBeLessThan(170);
  });

  it('where hundreds of stations are at work at once', () => {
    const law = fc.property(throngedCase, (drawn) => expectEqualTimes(drawn));
    fc.assert(law, { numRuns: 8, seed: 7, endOnFailure: true });
  });

  it('where nobody follows single messages, and where the target tells nothing of its mesh', () => {
    const silent = fc
      .oneof(arbitraryCase, crowdedCase)
      .map((drawn) => ({ ...drawn, target: withoutMesh(drawn.target) }));
    const any = fc.oneof({ weight: 1, arbitrary: crowdedCase }, { weight: 4, arbitrary: silent });
    fc.assert(
      fc.property(any, (drawn) => expectEqualTimes(drawn)),
      { numRuns: 100, seed: 9, endOnFailure: true },
    );
  });

  it('and tells the same of single messages there, asked or not before', () => {
    fc.assert(
      fc.property(crowdedCase, (drawn) => {
        const silent = { ...drawn, target: withoutMesh(drawn.target) };
        expectEqualTimes(silent, new Notes());
        const simulator = new Simulator(silent.program, silent.target, { timing: 'cycle' });
        const [drives] = silent.samples;
        const before = simulator.run(drives!);
        simulator.run(drives!, { observer: { packets: new PacketLog(null), step: () => {} } });
        expect(simulator.run(drives!).time).toEqual(before.time);
      }),
      { numRuns: 30, seed: 10, endOnFailure: true },
    );
  });
});
