import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { craft, pgd } from '../../runtime/attack/attack.js';
import type { Engine } from '../../runtime/engine/engine.js';
import { startEngine } from '../../runtime/engine/start.js';
import { seededGenerator } from '../../runtime/seed.js';
import { trainingStep } from '../../runtime/train/adversarial-step.js';
import { Sgd } from '../../runtime/train/sgd.js';
import { elementCount } from '../../schemas/tensor.js';
import type { BenchNetwork, Operations } from './bench-networks.js';
import { benchAnn, benchNetworks, benchSnn, operations } from './bench-networks.js';
import type { Duration } from './torch.js';
import { Torch } from './torch.js';

/**
 * Times training steps and attacks on each engine: `npm run bench:train -- --json FILE [--net bench-a,bench-b,vgg11]
 * [--engine compiled,eager] [--threads 1,2] [--rounds 7] [--against-torch] [--python COMMAND]`. The contenders of a
 * network take turns, step by step, so that what else the machine does hits all alike; a case's time is its median over
 * the rounds after one that warms up, ratios to PyTorch are of the least.
 *
 * - `finetune`: forward in train mode, backward to every parameter, momentum SGD (one BPTT step on cross-entropy)
 * - `pgd10`: ten input gradients in eval mode with their steps, on the SNN and on its ANN
 */
const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    net: { type: 'string', default: 'bench-a,bench-b' },
    engine: { type: 'string', default: 'compiled,eager' },
    threads: { type: 'string', default: '1,2' },
    rounds: { type: 'string', default: '7' },
    'against-torch': { type: 'boolean', default: false },
    python: { type: 'string', multiple: true, default: ['python3', '/usr/bin/python3'] },
  },
});

type What = 'finetune' | 'pgd10';
type Level = 'ann' | 'snn';

/** A line of the result; samples per second count images, rates are 10⁹ operations per second of the whole step. */
interface Case {
  readonly net: string;
  readonly level: Level;
  readonly engine: string;
  readonly backend: string;
  readonly threads: number;
  readonly workers: number;
  readonly what: What;
  readonly milliseconds: number;
  readonly leastMilliseconds: number;
  /** Least processor time, of all threads together. */
  readonly cpuMilliseconds: number;
  /** The first run, compilation included. */
  readonly firstMilliseconds: number;
  readonly samplesPerSecond: number;
  readonly gflops: number;
  readonly convGflops: number;
  /** Alive on the engine's device before the first round and after the last; of PyTorch not known. */
  readonly tensorsStart: number | null;
  readonly tensorsEnd: number | null;
}

/** Something that runs a network's step. */
interface Contender {
  readonly engine: string;
  readonly backend: string;
  readonly threads: number;
  run(what: What): Promise<Duration>;
  tensors(): number | null;
  dispose(): void;
}

async function startEngines(): Promise<{ engine: Engine; threads: number }[]> {
  const list = [];
  const wanted = options.engine.split(',');
  for (const threads of wanted.includes('compiled') ? options.threads.split(',').map(Number) : []) {
    list.push({ engine: (await startEngine({ engine: 'compiled', backend: 'auto', threads })).engine, threads });
  }
  if (wanted.includes('eager')) {
    list.push({ engine: (await startEngine({ engine: 'eager', backend: 'auto', threads: 1 })).engine, threads: 1 });
  }
  return list;
}

function ourContender(engine: Engine, threads: number, name: string, network: BenchNetwork, level: Level): Contender {
  const { batch, shape } = network;
  const random = seededGenerator(0, 'bench images', 0);
  const labelled = {
    images: Float32Array.from({ length: batch * elementCount(shape) }, () => uniformFloat32(random)),
    labels: Uint8Array.from({ length: batch }, (_, n) => n % 10),
    indices: Uint32Array.from({ length: batch }, (_, n) => n),
    seed: 0,
  };
  const model = engine.load(level === 'snn' ? benchSnn(name, network) : benchAnn(name, network));
  const optimiser = new Sgd({ momentum: 0.9, weightDecay: 0.001 });
  const step = trainingStep({ kind: 'natural' });
  return {
    engine: engine.name,
    backend: engine.backend,
    threads,
    async run(what) {
      const [start, before] = [performance.now(), process.cpuUsage()];
      if (what === 'finetune') await step(model, optimiser, labelled, 0.001);
      else await craft(model, labelled, pgd(2 / 255, 10), { seed: 0 });
      const { user, system } = process.cpuUsage(before);
      return { milliseconds: performance.now() - start, cpuMilliseconds: (user + system) / 1000 };
    },
    tensors: () => engine.memory().tensors,
    dispose: () => model.dispose(),
  };
}

function torchContender(torch: Torch, threads: number, id: string): Contender {
  return {
    engine: `torch ${torch.version}`,
    backend: 'cpu',
    threads,
    run: (what) => torch.run(id, what, threads),
    tensors: () => null,
    dispose: () => {},
  };
}

async function timeNetwork(name: string, level: Level, rounds: number): Promise<Case[]> {
  const network = benchNetworks[name];
  if (network === undefined) throw new Error(`no network ${name}: ${Object.keys(benchNetworks).join(', ')} are known`);
  const all = engines.map(({ engine, threads }) => ourContender(engine, threads, name, network, level));
  if (torch !== null) {
    const id = `${name} ${level}`;
    torch.build(id, network, level === 'snn' ? network.timesteps : null);
    all.push(...options.threads.split(',').map((threads) => torchContender(torch, Number(threads), id)));
  }
  const cases: Case[] = [];
  for (const what of level === 'snn' ? (['finetune', 'pgd10'] as const) : (['pgd10'] as const)) {
    cases.push(...(await race(all, what, { name, network, level, rounds })));
  }
  for (const contender of all) contender.dispose();
  return cases;
}

interface Race {
  readonly name: string;
  readonly network: BenchNetwork;
  readonly level: Level;
  readonly rounds: number;
}

async function race(all: readonly Contender[], what: What, { name, network, level, rounds }: Race): Promise<Case[]> {
  const work = workOf(what, name, network, level);
  const times = all.map((): Duration[] => []);
  const tensorsStart = all.map((contender) => contender.tensors());
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, contender] of all.entries()) times[index]!.push(await contender.run(what));
  }
  return all.map(({ engine, backend, threads, tensors }, index): Case => {
    const [first, ...rest] = times[index] as [Duration, ...Duration[]];
    const sorted = rest.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    const milliseconds = sorted[Math.floor(sorted.length / 2)]!;
    return {
      net: name,
      level,
      engine,
      backend,
      threads,
      workers: 1,
      what,
      milliseconds,
      leastMilliseconds: sorted[0]!,
      cpuMilliseconds: Math.min(...rest.map(({ cpuMilliseconds }) => cpuMilliseconds)),
      firstMilliseconds: first.milliseconds,
      samplesPerSecond: (network.batch * 1000) / milliseconds,
      gflops: work.all / milliseconds / 1e6,
      convGflops: work.convolutions / milliseconds / 1e6,
      tensorsStart: tensorsStart[index]!,
      tensorsEnd: tensors(),
    };
  });
}

function workOf(what: What, name: string, network: BenchNetwork, level: Level): Operations {
  const isAttack = what === 'pgd10';
  const times = isAttack ? 10 : 1;
  const snn = benchSnn(name, network);
  const once = operations(level === 'snn' ? snn : { ...snn, timesteps: 1 }, network.batch, {
    kernels: !isAttack,
    image: isAttack,
  });
  return { all: times * once.all, convolutions: times * once.convolutions };
}

/** Of the same step with as many threads, ours over PyTorch's. */
function ratios(cases: readonly Case[]) {
  return cases.flatMap((ours) => {
    if (ours.engine.startsWith('torch')) return [];
    const theirs = cases.find(
      ({ net, level, what, threads, engine }) =>
        engine.startsWith('torch') &&
        net === ours.net &&
        level === ours.level &&
        what === ours.what &&
        threads === ours.threads,
    );
    if (theirs === undefined) return [];
    const { net, level, what, engine, threads } = ours;
    return [
      {
        ...{ net, level, what, engine, threads },
        time: ours.leastMilliseconds / theirs.leastMilliseconds,
        cpuTime: ours.cpuMilliseconds / theirs.cpuMilliseconds,
      },
    ];
  });
}

const engines = await startEngines();
const torch = options['against-torch'] ? await Torch.start(options.python) : null;
if (options['against-torch'] && torch === null) {
  process.stderr.write(`no PyTorch beside: ${options.python.join(' and ')} cannot import torch\n`);
}
const cases: Case[] = [];
for (const name of options.net.split(',')) {
  for (const level of ['snn', 'ann'] as const) cases.push(...(await timeNetwork(name, level, Number(options.rounds))));
}
torch?.stop();
const threadText = (threads: number): string => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
for (const { net, level, what, engine, threads, ...figures } of cases) {
  const { milliseconds, leastMilliseconds, cpuMilliseconds, firstMilliseconds, gflops } = figures;
  const text = [
    `${milliseconds.toFixed(0)} ms`,
    `least ${leastMilliseconds.toFixed(0)} ms`,
    `processor ${cpuMilliseconds.toFixed(0)} ms`,
    `first ${firstMilliseconds.toFixed(0)} ms`,
    `${gflops.toFixed(1)} GFLOP/s`,
  ].join(', ');
  process.stdout.write(`${net} ${level} ${what} ${engine} ${threadText(threads)}: ${text}\n`);
}
const compared = ratios(cases);
for (const { net, level, what, engine, threads, time, cpuTime } of compared) {
  const figures = `${time.toFixed(2)}× PyTorch's time, ${cpuTime.toFixed(2)}× its processor time`;
  process.stdout.write(`${net} ${level} ${what} ${engine} ${threadText(threads)}: ${figures}\n`);
}
const result = `${JSON.stringify({ cases, ratios: compared }, null, 2)}\n`;
if (options.json === '-') process.stdout.write(result);
else if (options.json !== undefined) writeFileSync(options.json, result);
