import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { convert } from '../../compiler/convert.js';
import { exitCode } from '../../schemas/diagnostic.js';
import { readSafetensors } from '../../schemas/safetensors.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { type Ended, spikewright, start } from './command-line.js';
import { tinyNetwork } from './tiny-network.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** Each of the epochs is long enough that a signal finds it under way. */
const EPOCHS = 3;
const STEPS_PER_EPOCH = 32;
const batch = ['--dataset', 'mnist', '--batch-size', '4', '--train-samples', `${4 * STEPS_PER_EPOCH}`];
const engine = ['--engine', 'compiled', '--threads', '1'];
const common = [...batch, ...engine, '--epochs', `${EPOCHS}`, '--learning-rate', '0.02', '--seed', '5'];

/** Steps that a checkpoint has behind it. */
function stepsDone(checkpoint: string): number {
  const { metadata } = readSafetensors(readFileSync(checkpoint), checkpoint);
  return (JSON.parse(metadata.counts!) as { step: number }).step;
}

/** Starts a training, sends `signal` once it has stored a checkpoint and gone on from there, and tells how it ended. */
async function killed(args: readonly string[], out: string, signal: NodeJS.Signals): Promise<Ended> {
  const checkpoint = `${out}.checkpoint`;
  const before = existsSync(checkpoint) ? statSync(checkpoint).mtimeMs : 0;
  const { process, ended } = start([...args, '--out', out]);
  const isStored = (): boolean => existsSync(checkpoint) && statSync(checkpoint).mtimeMs > before;
  while (!isStored() && process.exitCode === null) await setTimeout(2);
  await setTimeout(20);
  process.kill(signal);
  return ended;
}

async function expectSameBytes(args: readonly string[], extension: string): Promise<void> {
  const [whole, stopped] = [at(`whole.${extension}`), at(`stopped.${extension}`)];
  const checkpoint = `${stopped}.checkpoint`;
  expect(await spikewright(...args, '--out', whole)).toMatchObject({ code: 0 });

  expect(await killed(args, stopped, 'SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  expect(existsSync(stopped)).toBe(false);
  // What was done of an epoch is lost without warning, and the checkpoint is whole.
  const kept = stepsDone(checkpoint);
  expect(kept % STEPS_PER_EPOCH).toBe(0);
  expect(kept).toBeGreaterThan(0);

  const asked = await killed(args, stopped, 'SIGTERM');
  expect(asked.code, asked.stderr).toBe(exitCode.interrupted);
  expect(asked.stderr).toContain(`Going on from ${checkpoint}`);
  // Asked politely it stores where it is.
  expect(stepsDone(checkpoint)).toBeGreaterThan(kept);
  expect(stepsDone(checkpoint)).toBeLessThan(EPOCHS * STEPS_PER_EPOCH);

  const resumed = await spikewright(...args, '--out', stopped);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stderr).toContain(`Going on from ${checkpoint}`);
  expect(existsSync(checkpoint)).toBe(false);
  expect(readFileSync(stopped).equals(readFileSync(whole))).toBe(true);
}

test('a finetuning killed in the middle of an epoch, twice, ends with the bytes of one that ran through', async () => {
  const snn = at('converted.sws');
  writeFileSync(snn, encodeSnn(convert(tinyNetwork(), { timesteps: 2, leak: 1, reset: 'hard' })));
  await expectSameBytes(['finetune', snn, ...common, '--epsilon', '8', '--alpha', '4'], 'sws');
});

test('a training killed in the middle of an epoch, twice, ends with the bytes of one that ran through', async () => {
  await expectSameBytes(['train', '--arch', 'demo', ...common, '--objective', 'single-step', '--epsilon', '8'], 'onnx');
});
