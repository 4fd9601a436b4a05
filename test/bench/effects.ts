import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeFileWhole } from '../../runtime/store/write-file.js';
import { spikewrightVersion } from '../../runtime/version.js';
import type { Proportion } from '../../runtime/wilson.js';
import { effectStages, type Stage } from './effect-stages.js';
import { judgeEffects, networkRows } from './judge-effects.js';

/**
 * Measures the paper's effects on CIFAR-10 with the demo's network as its first training leaves it: `npm run effects -- --out FILE [--work FOLDER]
 * [--samples 10000] [--epochs 1] [--parallel 1]`. Trains, converts, finetunes and attacks by the product's own commands, one process
 * each, and writes their numbers and what follows from them as JSON. What a stage has written stays in the work folder:
 * the same command goes on where an earlier one was stopped.
 */
const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'effects.json' },
    work: { type: 'string', default: 'spikewright-runs/effects' },
    samples: { type: 'string', default: '10000' },
    epochs: { type: 'string', default: '1' },
    parallel: { type: 'string', default: '1' },
  },
});

const commandLine = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));

/** Runs one stage in the work folder, its messages shown with its name; rejects where its command fails. */
function runStage({ name, args, output }: Stage): Promise<void> {
  if (existsSync(join(options.work, output))) return Promise.resolve();
  return new Promise((settle, fail) => {
    const child = spawn(process.execPath, [commandLine, ...args], {
      cwd: options.work,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      for (const line of text.trimEnd().split('\n')) process.stderr.write(`${name}: ${line}\n`);
    });
    child.on('error', fail);
    child.on('close', (status) => {
      if (status === 0) settle();
      else fail(new Error(`${name} ended with status ${status}: spikewright ${args.join(' ')}`));
    });
  });
}

/** Starts every stage as soon as what it needs is there, at most `parallel` at a time. */
async function runAll(stages: readonly Stage[], parallel: number): Promise<void> {
  const waiting = [...stages];
  const done = new Set<string>();
  const running = new Map<string, Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ needs }) => needs.every((name) => done.has(name)));
    if (next !== -1 && running.size < parallel) {
      const [stage] = waiting.splice(next, 1);
      running.set(
        stage!.name,
        runStage(stage!).then(() => {
          done.add(stage!.name);
          running.delete(stage!.name);
        }),
      );
    } else {
      await Promise.race(running.values());
    }
  }
}

/** What `spikewright evaluate --json` wrote. */
interface Evaluation {
  readonly clean: Proportion;
  readonly robust: Proportion;
  readonly byMember?: readonly { readonly name: string; readonly robust: Proportion }[];
  readonly members?: readonly { readonly name: string; readonly tried: number; readonly fooled: number }[];
}

mkdirSync(options.work, { recursive: true });
const robustAnn = resolve('runtime/demo/single-step.onnx');
const stages = effectStages({ robustAnn, samples: Number(options.samples), epochs: Number(options.epochs) });
await runAll(stages, Number(options.parallel));
const evaluations = Object.fromEntries(
  stages
    .filter(({ args }) => args[0] === 'evaluate')
    .map(({ name, output }) => [name, JSON.parse(readFileSync(join(options.work, output), 'utf8')) as Evaluation]),
);
const result = {
  spikewright: spikewrightVersion,
  data: 'CIFAR-10, test images',
  samples: Number(options.samples),
  epsilon: '2/255',
  processor: cpus()[0]?.model ?? 'unknown',
  commands: stages.map(
    ({ args }) => `spikewright ${args.join(' ').replace(robustAnn, 'runtime/demo/single-step.onnx')}`,
  ),
  networks: networkRows(evaluations),
  effects: judgeEffects(evaluations),
  evaluations,
};
await writeFileWhole(options.out, new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`));
for (const { effect, measured, verdict } of result.effects)
  process.stdout.write(`${verdict}: ${effect} (${measured})\n`);
