import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkTimes } from '../../sim/analytic-clock.js';
import type { Observer, StepMoment } from '../../sim/observer.js';
import { type Packet, PacketLog } from '../../sim/packet-log.js';
import { Simulator } from '../../sim/simulate.js';
import { arbitraryCase } from './arbitrary-program.js';

/** Runs a check on every timestep with its messages, and what each link has carried in it. */
function watch(check: (moment: StepMoment, packets: readonly Packet[], carried: Float64Array) => void): Observer {
  const packets = new PacketLog(null);
  let before = new Float64Array(0);
  return {
    packets,
    step(moment) {
      const all: Packet[] = [];
      packets.forEach((packet) => {
        all.push(packet);
      });
      packets.open();
      const now = moment.linkMessages!;
      check(
        moment,
        all,
        now.map((messages, link) => messages - (moment.step === 0 ? 0 : before[link]!)),
      );
      before = now.slice();
    },
  };
}

describe('for any program, in every timestep', () => {
  it('time goes forward, and no core, port or link serves two messages at once', () => {
    let messages = 0;
    fc.assert(
      fc.property(arbitraryCase, ({ program, target, samples }) => {
        const simulator = new Simulator(program, target, { timing: 'cycle' });
        const { machine, timingFigures } = simulator;
        const links = linkTimes(machine, timingFigures);
        let start = -1;
        const observer = watch((moment, packets, carried) => {
          expect(moment.start!).toBeGreaterThan(moment.step === 0 ? -1 : start);
          start = moment.start!;
          // What is done ends before the barrier.
          const end = moment.time!.duration - timingFigures.barrier;
          let hops = 0;
          for (const packet of packets) {
            expect(packet.made).toBeGreaterThanOrEqual(timingFigures.spikeOut);
            expect(packet.arrived).toBeGreaterThanOrEqual(packet.made + timingFigures.withinTile);
            expect(packet.begin).toBeGreaterThanOrEqual(packet.arrived);
            expect(packet.end).toBeGreaterThan(packet.begin);
            expect(packet.end).toBeLessThanOrEqual(end);
            const { eastWest, northSouth } = machine.mesh.distance(packet.from, packet.to);
            hops += eastWest + northSouth;
          }
          for (const core of machine.cores) {
            const own = packets.filter(({ to }) => to === core.number).sort((a, b) => a.begin - b.begin);
            for (const [k, packet] of own.entries()) {
              if (k > 0) expect(packet.begin).toBeGreaterThanOrEqual(own[k - 1]!.end);
            }
            const arrivals = own.map(({ arrived }) => arrived).sort((a, b) => a - b);
            for (const [k, arrived] of arrivals.entries()) {
              // The port delivers one, then takes the next; of those that waited for room the first may come at once.
              if (k > 1) expect(arrived - arrivals[k - 2]!).toBeGreaterThanOrEqual(timingFigures.withinTile);
            }
          }
          // A link that carried two at once would have carried more than the time has room for.
          for (const [link, count] of carried.entries()) expect(count * links[link]!).toBeLessThanOrEqual(end);
          expect(carried.reduce((sum, count) => sum + count, 0)).toBe(hops);
          messages += packets.length;
        });
        for (const [sample, drives] of samples.entries()) {
          const before = messages;
          start = -1;
          const result = simulator.run(drives, { observer, first: sample });
          expect(messages - before).toBe(result.messages);
        }
      }),
      { numRuns: 60, seed: 31, endOnFailure: true },
    );
    expect(messages).toBeGreaterThan(1000);
  });
});
