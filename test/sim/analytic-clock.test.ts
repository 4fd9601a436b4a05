import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkTimes } from '../../sim/analytic-clock.js';
import type { StepMoment } from '../../sim/observer.js';
import { Simulator } from '../../sim/simulate.js';
import { arbitraryCase, type Case } from './arbitrary-program.js';
import { crowdedCase } from './crowded-program.js';

/** Messages of each link in every timestep. */
function watchLinks(simulator: Simulator, drives: readonly Int32Array[]) {
  const before = new Float64Array(simulator.machine.mesh.linkCount);
  const steps: Float64Array[] = [];
  const observer = {
    packets: null,
    step({ linkMessages }: StepMoment): void {
      steps.push(linkMessages!.map((messages, link) => messages - before[link]!));
      before.set(linkMessages!);
    },
  };
  return { steps, ...simulator.run(drives, { observer, first: 0 }) };
}

function expectBound({ program, target, samples }: Case): void {
  const cycle = new Simulator(program, target, { timing: 'cycle' });
  const analytic = new Simulator(program, target, { timing: 'analytic' });
  const times = linkTimes(analytic.machine, analytic.timingFigures);
  for (const drives of samples) {
    const [exact, bound] = [watchLinks(cycle, drives), watchLinks(analytic, drives)];
    // The same work, however long anybody waits for anybody.
    expect(bound.steps).toEqual(exact.steps);
    expect(bound.time!.sendBusy).toEqual(exact.time!.sendBusy);
    expect(bound.time!.receiveBusy).toEqual(exact.time!.receiveBusy);
    for (const [step, { duration, criticalLink }] of bound.time!.timesteps.entries()) {
      expect(duration).toBeLessThanOrEqual(exact.time!.timesteps[step]!.duration);
      const busy = bound.steps[step]!.map((messages, link) => (messages === 0 ? -1 : messages * times[link]!));
      const longest = busy.reduce((most, time) => Math.max(most, time), 0);
      expect(criticalLink).toBe(busy.every((time) => time < 0) ? -1 : busy.indexOf(longest));
      expect(duration).toBeGreaterThanOrEqual(longest + analytic.timingFigures.barrier);
    }
  }
}

// Whole programs take minutes to shrink; a failure names its seed and path instead.
describe('the analytic bound counts what the cycle model counts, and is no longer', () => {
  it('for any program', () => {
    fc.assert(fc.property(arbitraryCase, expectBound), { numRuns: 40, seed: 7, endOnFailure: true });
  });

  it('where messages crowd', () => {
    fc.assert(fc.property(crowdedCase, expectBound), { numRuns: 60, seed: 8, endOnFailure: true });
  });
});
