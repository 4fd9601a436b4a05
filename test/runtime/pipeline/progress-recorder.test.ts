import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { ProgressRecorder, readProgress } from '../../../runtime/pipeline/progress-recorder.js';
import type { PipelineListener } from '../../../runtime/pipeline/run-context.js';
import type { Artefacts } from '../../../runtime/store/store.js';
import type { Diagnostic } from '../../../schemas/diagnostic.js';

const root = mkdtempSync(join(tmpdir(), 'spikewright-progress-'));
afterAll(() => rmSync(root, { recursive: true }));

const told: Diagnostic[] = [];
const listener: PipelineListener = {
  began: () => undefined,
  trained: () => undefined,
  hooks: () => ({}),
  finished: () => undefined,
  tell: (diagnostics) => told.push(...diagnostics),
};
const stages = ['import', 'finetune'];
const point = (step: number, steps = 300) => {
  return { step, steps, loss: 1 / step, cleanAccuracy: 0.5, adversarialAccuracy: null };
};

function made(stage: string): Artefacts {
  const record = {
    format: 'spikewright/stage',
    formatVersion: 1,
    ...{ stage, version: '1', inputs: {}, options: {}, key: 'k', outputs: [], seconds: 2 },
  } as const;
  return { record, folder: join(root, `${stage}-0123456789ab`), reused: false };
}

test('what a run tells is what others read', async () => {
  const folder = join(root, 'told');
  const recorder = await ProgressRecorder.begin(folder, stages, listener);
  expect(await readProgress(folder)).toMatchObject({ state: 'running', process: process.pid, curve: [] });
  recorder.began('import');
  recorder.finished(made('import'), '3 layers');
  recorder.began('finetune');
  recorder.hooks('finetune').progress!(0, 9);
  recorder.hooks('finetune').progress!(3, 9, 'loss 1');
  recorder.trained(point(3));
  await recorder.end('failed', 'the disk is full');
  expect(await readProgress(folder)).toMatchObject({
    state: 'failed',
    failure: 'the disk is full',
    stages: [
      { stage: 'import', state: 'made', note: '3 layers', seconds: 2, folder: 'import-0123456789ab' },
      { stage: 'finetune', state: 'running', done: 3, total: 9, note: 'loss 1', folder: null },
    ],
    curve: [point(3)],
  });
});

test('the time left counts from where the work began, though its first parts are told of together', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const folder = join(root, 'left');
    const recorder = await ProgressRecorder.begin(folder, stages, listener);
    recorder.began('import');
    vi.advanceTimersByTime(10_000);
    recorder.hooks('import').progress!(16, 256);
    recorder.hooks('import').progress!(32, 256);
    await recorder.end('interrupted');
    // 32 parts took 10 s, 224 are left.
    expect((await readProgress(folder))!.stages[0]).toMatchObject({ seconds: 10, secondsLeft: 70 });
  } finally {
    vi.useRealTimers();
  }
});

test('a resumed training goes on with the curve of before, another one begins its own', async () => {
  const folder = join(root, 'curve');
  const first = await ProgressRecorder.begin(folder, stages, listener);
  for (const step of [1, 2, 3, 4]) first.trained(point(step));
  await first.end('interrupted');
  const stepsAfter = async (from: number, steps: number): Promise<readonly number[]> => {
    const recorder = await ProgressRecorder.begin(folder, stages, listener);
    recorder.trained(point(from, steps));
    await recorder.end('interrupted');
    return (await readProgress(folder))!.curve.map(({ step }) => step);
  };
  expect(await stepsAfter(3, 300)).toEqual([1, 2, 3]);
  expect(await stepsAfter(4, 900)).toEqual([4]);
});

test('a long training’s curve is thinned, and keeps its span and order', async () => {
  const folder = join(root, 'long');
  const recorder = await ProgressRecorder.begin(folder, stages, listener);
  for (let step = 1; step <= 2000; step += 1) recorder.trained(point(step, 2000));
  await recorder.end('finished');
  const steps = (await readProgress(folder))!.curve.map(({ step }) => step);
  expect(steps.length).toBeLessThan(410);
  expect(steps[0]).toBeLessThan(20);
  expect(steps.at(-1)).toBe(2000);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
});

test('a run whose progress cannot be written goes on, and says so once', async () => {
  const folder = join(root, 'file');
  mkdirSync(folder);
  // A folder in the file's place cannot be replaced by a file, whoever runs the test.
  mkdirSync(join(folder, 'progress.json', 'x'), { recursive: true });
  const recorder = await ProgressRecorder.begin(folder, stages, listener);
  recorder.began('import');
  await recorder.end('finished');
  expect(told.map(({ code, severity }) => [code, severity])).toEqual([['SW6012', 'warning']]);
});
