// A task in plain JavaScript, so that threads (which run compiled code only) and the test load the same file.
import { threadId } from 'node:worker_threads';
import { SpikewrightError } from '../../../dist/schemas/diagnostic.js';

let started = 0;
let running = 0;

/** Squares each number and adds `setup.offset`; −1 fails with a diagnostic, −2 with a plain error, −3 ends the thread, −4 never ends, −5 ends it
 * the first two times, −6 fails uncaught the first time (counted in `setup.deaths`). */
export const squares = {
  module: import.meta.url,
  name: 'squares',
  async start({ offset, deaths }) {
    started += 1;
    if (offset === null) throw new Error('no offset');
    return {
      async run({ value, millis }) {
        if (value === -1) {
          const { diagnostics } = new SpikewrightError([
            { code: 'SW5001', severity: 'error', where: 'image 7', what: 'spoilt', why: '', fix: '' },
          ]);
          throw new SpikewrightError(diagnostics);
        }
        if (value === -2) throw new RangeError('plain');
        if (value === -3) process.exit(5);
        if (value === -5 && Atomics.add(new Int32Array(deaths), 0, 1) < 2) process.exit(6);
        if (value === -6 && Atomics.add(new Int32Array(deaths), 1, 1) < 1) {
          setTimeout(() => {
            throw new Error('uncaught');
          });
          await new Promise(() => undefined);
        }
        if (value === -4) await new Promise(() => undefined);
        running += 1;
        const atOnce = running;
        await new Promise((resolve) => setTimeout(resolve, millis));
        running -= 1;
        return { result: Float32Array.of(value * value + offset), started, atOnce, thread: threadId };
      },
      stop() {},
    };
  },
};
