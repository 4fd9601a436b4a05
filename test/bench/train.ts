import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { craft, pgd } from '../../runtime/attack/attack.js';
import type { Engine, Model } from '../../runtime/engine/engine.js';
import { startEngine } from '../../runtime/engine/start.js';
import { seededGenerator } from '../../runtime/seed.js';
import { trainingStep } from '../../runtime/train/adversarial-step.js';
import { Sgd } from '../../runtime/train/sgd.js';
import { elementCount } from '../../schemas/tensor.js';
import type { Operations } from './bench-networks.js';
import { benchNetworks, benchSnn, operations } from './bench-networks.js';

/**
 * Times SNN training steps and attacks on each engine: `npm run bench:train -- --json FILE [--net bench-a,bench-b,vgg11]
 * [--threads 1,2] [--rounds 7]`. The contenders of a network take turns, step by step, so that what else the machine does
 * hits all alike; a case's time is its median over the rounds after one that warms up.
 *
 * - `finetune`: forward in train mode, backward to every parameter, momentum SGD (one BPTT step on cross-entropy)
 * - `pgd10`: ten input gradients in eval mode with their steps
 */
const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    net: { type: 'string', default: 'bench-a,bench-b' },
    threads: { type: 'string', default: '1,2' },
    rounds: { type: 'string', default: '7' },
  },
});

/** A line of the result; samples per second count images, rates are 10⁹ operations per second of the whole step. */
interface Case {
  readonly net: string;
  readonly engine: string;
  readonly backend: string;
  readonly threads: number;
  readonly workers: number;
  readonly what: 'finetune' | 'pgd10';
  readonly milliseconds: number;
  /** The first run, compilation included. */
  readonly firstMilliseconds: number;
  readonly samplesPerSecond: number;
  readonly gflops: number;
  readonly convGflops: number;
  /** Alive on the engine's device before the first round and after the last. */
  readonly tensorsStart: number;
  readonly tensorsEnd: number;
}

interface Contender {
  readonly engine: Engine;
  readonly threads: number;
  readonly model: Model;
  readonly optimiser: Sgd;
}

async function contenders(): Promise<{ engine: Engine; threads: number }[]> {
  const list = [];
  for (const threads of options.threads.split(',').map(Number)) {
    list.push({ engine: (await startEngine({ engine: 'compiled', backend: 'auto', threads })).engine, threads });
  }
  list.push({ engine: (await startEngine({ engine: 'eager', backend: 'auto', threads: 1 })).engine, threads: 1 });
  return list;
}

async function timeNetwork(name: string, rounds: number): Promise<Case[]> {
  const network = benchNetworks[name];
  if (network === undefined) throw new Error(`no network ${name}: ${Object.keys(benchNetworks).join(', ')} are known`);
  const { batch, shape } = network;
  const snn = benchSnn(name, network);
  const random = seededGenerator(0, 'bench images', 0);
  const labelled = {
    images: Float32Array.from({ length: batch * elementCount(shape) }, () => uniformFloat32(random)),
    labels: Uint8Array.from({ length: batch }, (_, n) => n % 10),
    indices: Uint32Array.from({ length: batch }, (_, n) => n),
    seed: 0,
  };
  const step = trainingStep({ kind: 'natural' });
  const run = async (what: Case['what'], { model, optimiser }: Contender): Promise<void> => {
    if (what === 'finetune') await step(model, optimiser, labelled, 0.001);
    else await craft(model, labelled, pgd(2 / 255, 10), { seed: 0 });
  };
  const attacked = operations(snn, batch, { kernels: false, image: true });
  const work: Record<Case['what'], Operations> = {
    finetune: operations(snn, batch, { kernels: true, image: false }),
    pgd10: { all: 10 * attacked.all, convolutions: 10 * attacked.convolutions },
  };

  const all: Contender[] = (await contenders()).map(({ engine, threads }) => ({
    engine,
    threads,
    model: engine.load(snn),
    optimiser: new Sgd({ momentum: 0.9, weightDecay: 0.001 }),
  }));
  const cases: Case[] = [];
  for (const what of ['finetune', 'pgd10'] as const) {
    const times = all.map((): number[] => []);
    const tensorsStart = all.map(({ engine }) => engine.memory().tensors);
    for (let round = 0; round <= rounds; round += 1) {
      for (const [index, contender] of all.entries()) {
        const start = performance.now();
        await run(what, contender);
        times[index]!.push(performance.now() - start);
      }
    }
    for (const [index, { engine, threads }] of all.entries()) {
      const [first, ...rest] = times[index] as [number, ...number[]];
      const milliseconds = rest.sort((a, b) => a - b)[Math.floor(rest.length / 2)]!;
      cases.push({
        net: name,
        engine: engine.name,
        backend: engine.backend,
        threads,
        workers: 1,
        what,
        milliseconds,
        firstMilliseconds: first,
        samplesPerSecond: (batch * 1000) / milliseconds,
        gflops: work[what].all / milliseconds / 1e6,
        convGflops: work[what].convolutions / milliseconds / 1e6,
        tensorsStart: tensorsStart[index]!,
        tensorsEnd: engine.memory().tensors,
      });
    }
  }
  for (const { model } of all) model.dispose();
  return cases;
}

const cases: Case[] = [];
for (const name of options.net.split(',')) cases.push(...(await timeNetwork(name, Number(options.rounds))));
for (const { net, what, engine, threads, milliseconds, firstMilliseconds, gflops } of cases) {
  const figures = `${milliseconds.toFixed(0)} ms, first ${firstMilliseconds.toFixed(0)} ms, ${gflops.toFixed(1)} GFLOP/s`;
  process.stdout.write(`${net} ${what} ${engine} ${threads} ${threads === 1 ? 'thread' : 'threads'}: ${figures}\n`);
}
const result = `${JSON.stringify({ cases }, null, 2)}\n`;
if (options.json === '-') process.stdout.write(result);
else if (options.json !== undefined) writeFileSync(options.json, result);
