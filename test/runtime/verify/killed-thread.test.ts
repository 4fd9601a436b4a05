import type { Worker } from 'node:worker_threads';
import { expect, it, vi } from 'vitest';
import { simulateImages } from '../../../runtime/verify/simulate-task.js';
import type { SampleResult } from '../../../sim/sample-result.js';
import { heldImages } from './held-images.js';
import { onePixelProgram as program } from './one-pixel-program.js';

const threads = vi.hoisted((): Worker[] => []);

/** Threads are real ones, but the test can reach them. */
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>();
  class ReachableWorker extends real.Worker {
    constructor(...start: ConstructorParameters<typeof real.Worker>) {
      super(...start);
      threads.push(this);
    }
  }
  return { ...real, Worker: ReachableWorker };
});

it('a thread that is killed at its work is missed in no result, and each sample is told once', async () => {
  // Of few samples one thread alone would do what the others could not help with in time.
  const count = 400;
  const pixels = Float32Array.from({ length: count }, (_, k) => k % 3);
  const simulate = async (workers: number, kill: boolean): Promise<[SampleResult[], number[]]> => {
    const results: SampleResult[] = [];
    const told: number[] = [];
    const progress = (done: number): void => {
      told.push(done);
      // All of them have been handed more by then.
      if (kill && told.length === 3) for (const thread of threads) void thread.terminate();
    };
    await simulateImages(
      program,
      heldImages(pixels, count),
      { timing: 'cycle', workers },
      (result) => results.push(result),
      { progress },
    );
    return [results, told];
  };
  const [expected] = await simulate(1, false);
  expect(threads).toEqual([]);
  const [results, told] = await simulate(2, true);
  expect(threads.length).toBeGreaterThan(2);
  expect(results).toEqual(expected);
  expect(told.at(-1)).toBe(count);
  expect(told).toEqual([...told].sort((a, b) => a - b));
});
