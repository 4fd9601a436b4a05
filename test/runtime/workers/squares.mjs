// A task in plain JavaScript, so that threads (which run compiled code only) and the test load the same file.
import { threadId } from 'node:worker_threads';
import { SpikewrightError } from '../../../dist/schemas/diagnostic.js';

let started = 0;
let running = 0;

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/**
 * Squares each number and adds `setup.offset`; −1 fails with a diagnostic, −2 with a plain error, −3 ends the thread, −4 never ends, −5
 * ends it the first two times, −6 fails uncaught the first time (counted in `setup.deaths`). A start takes
 * `setup.startMillis`. `setup.later` counts starts and inputs of threads that began after another: −7 waits, elsewhere, for such an input,
 * −8 until such a thread has ended itself, as it does at its start with `setup.diesLater`.
 */
export const squares = {
  module: import.meta.url,
  name: 'squares',
  async start({ offset, deaths, later, diesLater = false, startMillis = 0 }) {
    started += 1;
    const isLater = later !== undefined && Atomics.add(new Int32Array(later), 0, 1) > 0;
    if (isLater && diesLater) process.exit(5);
    await pause(startMillis);
    const counted = (place) => Atomics.load(new Int32Array(later), place);
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
        while (value === -7 && !isLater && counted(1) === 0) await pause(1);
        while (value === -8 && counted(0) === 1) await pause(1);
        if (value === -8) await pause(200);
        running += 1;
        const atOnce = running;
        await pause(millis);
        running -= 1;
        if (isLater) Atomics.add(new Int32Array(later), 1, 1);
        return { result: Float32Array.of(value * value + offset), started, atOnce, thread: threadId };
      },
      stop() {},
    };
  },
};
