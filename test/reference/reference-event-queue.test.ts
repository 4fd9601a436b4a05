import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventQueue } from './reference-event-queue.js';

it('gives events back by time, and of one instant by station', () => {
  const times = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(times, fc.infiniteStream(fc.boolean()), (byStation, takesFirst) => {
      const queue = new EventQueue(byStation.length);
      const pending: { time: number; station: number }[] = [];
      const takeOne = () => {
        pending.sort((a, b) => a.time - b.time || a.station - b.station);
        const { time, station } = pending.shift()!;
        expect(queue.nextTime).toBe(time);
        expect(queue.take()).toBe(station);
      };
      for (const [station, time] of byStation.entries()) {
        queue.schedule(station, time);
        pending.push({ time, station });
        if (takesFirst.next().value) takeOne();
      }
      while (pending.length > 0) takeOne();
      expect(queue.isEmpty).toBe(true);
    }),
    { seed: 6 },
  );
});
