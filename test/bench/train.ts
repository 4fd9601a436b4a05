import { parseArgs } from 'node:util';
import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { craft, pgd } from '../../runtime/attack/attack.js';
import { CompiledEngine } from '../../runtime/engine/compiled/compiled-engine.js';
import { ShardedEngine } from '../../runtime/engine/compiled/shards/sharded-engine.js';
import type { Engine, Model } from '../../runtime/engine/engine.js';
import { startEngine } from '../../runtime/engine/start.js';
import { seededGenerator } from '../../runtime/seed.js';
import { trainingStep } from '../../runtime/train/adversarial-step.js';
import { Sgd } from '../../runtime/train/sgd.js';
import { elementCount } from '../../schemas/tensor.js';
import type { BenchNetwork, Operations } from './bench-networks.js';
import { benchAnn, benchNetworks, benchSnn, operations } from './bench-networks.js';
import { printMeasurements } from './print-measurements.js';
import type { Duration } from './torch.js';
import { Torch } from './torch.js';

/**
 * Times training steps and attacks on each engine: `npm run bench:train -- --json FILE [--net demo,bench-a,bench-b,vgg11]
 * [--what finetune,pgd10] [--engine compiled,eager] [--threads 1,2] [--workers 2] [--rounds 7] [--seconds 90] [--against-torch] [--python COMMAND]`.
 * With --workers the compiled engine also shares batches among so many workers, of one thread each. The contenders of a
 * network take turns, step by step, so that what else the machine does hits all alike; a case's time is its median over
 * the rounds after one that warms up, fewer where they take more than --seconds, ratios to PyTorch are of the least.
 *
 * - `finetune`: forward in train mode, backward to every parameter, momentum SGD (one BPTT step on cross-entropy)
 * - `pgd10`: ten input gradients in eval mode with their steps, on the SNN and on its ANN
 */
const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    net: { type: 'string', default: 'bench-a,bench-b' },
    what: { type: 'string', default: 'finetune,pgd10' },
    engine: { type: 'string', default: 'compiled,eager' },
    threads: { type: 'string', default: '1,2' },
    workers: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '90' },
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
  /** What loading the network and a first run take beyond a run: cold, and warm where the engine has its graphs compiled. */
  readonly startSeconds: { readonly cold: number; readonly warm: number } | null;
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
  readonly workers: number;
  run(what: What): Promise<Duration>;
  /** Milliseconds from nothing to the end of a first run, by a model of its own; 0 where that is not measured. */
  start(what: What): Promise<number>;
  tensors(): number | null;
  dispose(): void;
}

/** An engine, begun anew for each network so that nothing is compiled yet. */
interface EngineKind {
  readonly threads: number;
  readonly workers: number;
  start(batch: number): Promise<Engine>;
}

function engineKinds(): EngineKind[] {
  const wanted = options.engine.split(',');
  const numbers = (list: string | undefined): number[] => (list === undefined ? [] : list.split(',').map(Number));
  const compiled = numbers(options.threads).map((threads) => ({
    threads,
    workers: 1,
    start: async () => (await startEngine({ engine: 'compiled', backend: 'auto', threads })).engine,
  }));
  const sharded = numbers(options.workers).map((workers) => ({
    threads: 1,
    workers,
    start: async (batch: number) => new ShardedEngine(new CompiledEngine(workers), { workers, batch, memory: null }),
  }));
  const start = async () => (await startEngine({ engine: 'eager', backend: 'auto', threads: 1 })).engine;
  return [
    ...(wanted.includes('compiled') ? [...compiled, ...sharded] : []),
    ...(wanted.includes('eager') ? [{ threads: 1, workers: 1, start }] : []),
  ];
}

async function ourContender(
  { threads, workers, start }: EngineKind,
  name: string,
  network: BenchNetwork,
  level: Level,
): Promise<Contender> {
  const { batch, shape } = network;
  const engine = await start(batch);
  const random = seededGenerator(0, 'bench images', 0);
  const labelled = {
    images: Float32Array.from({ length: batch * elementCount(shape) }, () => uniformFloat32(random)),
    labels: Uint8Array.from({ length: batch }, (_, n) => n % 10),
    indices: Uint32Array.from({ length: batch }, (_, n) => n),
    seed: 0,
  };
  const graph = level === 'snn' ? benchSnn(name, network) : benchAnn(name, network);
  const model = engine.load(graph);
  const step = trainingStep({ kind: 'natural' });
  const work = async (of: Model, what: What, optimiser: Sgd): Promise<void> => {
    if (what === 'finetune') await step(of, optimiser, labelled, 0.001);
    else await craft(of, labelled, pgd(2 / 255, 10), { seed: 0 });
  };
  const newOptimiser = (): Sgd => new Sgd({ momentum: 0.9, weightDecay: 0.001 });
  const optimiser = newOptimiser();
  return {
    engine: engine.name,
    backend: engine.backend,
    threads,
    workers,
    async run(what) {
      const [begin, before] = [performance.now(), process.cpuUsage()];
      await work(model, what, optimiser);
      const { user, system } = process.cpuUsage(before);
      return { milliseconds: performance.now() - begin, cpuMilliseconds: (user + system) / 1000 };
    },
    async start(what) {
      const begin = performance.now();
      const another = engine.load(graph);
      await work(another, what, newOptimiser());
      const milliseconds = performance.now() - begin;
      another.dispose();
      return milliseconds;
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
    workers: 1,
    run: (what) => torch.run(id, what, threads),
    start: async () => 0,
    tensors: () => null,
    dispose: () => {},
  };
}

async function timeNetwork(name: string, level: Level, rounds: number): Promise<Case[]> {
  const network = benchNetworks[name];
  if (network === undefined) throw new Error(`no network ${name}: ${Object.keys(benchNetworks).join(', ')} are known`);
  const all: Contender[] = [];
  for (const kind of engineKinds()) all.push(await ourContender(kind, name, network, level));
  if (torch !== null) {
    const id = `${name} ${level}`;
    torch.build(id, network, level === 'snn' ? network.timesteps : null);
    all.push(...options.threads.split(',').map((threads) => torchContender(torch, Number(threads), id)));
  }
  const cases: Case[] = [];
  for (const what of level === 'snn' ? (['finetune', 'pgd10'] as const) : (['pgd10'] as const)) {
    if (!options.what.split(',').includes(what)) continue;
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
  const starts: { cold: number; warm: number }[] = [];
  for (const { start } of all) {
    // An attack on an SNN takes so long itself that its start would not show.
    const isTimed = what === 'finetune' || level === 'ann';
    starts.push(isTimed ? { cold: await start(what), warm: await start(what) } : { cold: 0, warm: 0 });
  }
  const begin = performance.now();
  const isTime = (round: number): boolean => round < 3 || performance.now() - begin < 1000 * Number(options.seconds);
  for (let round = 0; round <= rounds && isTime(round); round += 1) {
    for (const [index, contender] of all.entries()) times[index]!.push(await contender.run(what));
    process.stderr.write(`${name} ${level} ${what}: round ${round} of ${rounds}\n`);
  }
  return all.map(({ engine, backend, threads, workers, tensors }, index): Case => {
    const rest = times[index]!.slice(1);
    const sorted = rest.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    const milliseconds = sorted[Math.floor(sorted.length / 2)]!;
    return {
      net: name,
      level,
      engine,
      backend,
      threads,
      workers,
      what,
      milliseconds,
      leastMilliseconds: sorted[0]!,
      cpuMilliseconds: Math.min(...rest.map(({ cpuMilliseconds }) => cpuMilliseconds)),
      startSeconds: secondsBeyond(starts[index]!, sorted[0]!),
      samplesPerSecond: (network.batch * 1000) / milliseconds,
      gflops: work.all / milliseconds / 1e6,
      convGflops: work.convolutions / milliseconds / 1e6,
      tensorsStart: tensorsStart[index]!,
      tensorsEnd: tensors(),
    };
  });
}

/** Null where no start was measured. */
function secondsBeyond({ cold, warm }: { readonly cold: number; readonly warm: number }, run: number) {
  if (cold === 0) return null;
  const beyond = (milliseconds: number): number => Math.max(0, milliseconds - run) / 1000;
  return { cold: beyond(cold), warm: beyond(warm) };
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
    if (ours.engine.startsWith('torch') || ours.workers > 1) return [];
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
for (const { net, level, what, engine, threads, workers, ...figures } of cases) {
  const { milliseconds, leastMilliseconds, cpuMilliseconds, startSeconds, gflops } = figures;
  const text = [
    `${milliseconds.toFixed(0)} ms`,
    `least ${leastMilliseconds.toFixed(0)} ms`,
    `processor ${cpuMilliseconds.toFixed(0)} ms`,
    ...(startSeconds === null
      ? []
      : [`start ${startSeconds.cold.toFixed(2)} s, warm ${startSeconds.warm.toFixed(2)} s`]),
    `${gflops.toFixed(1)} GFLOP/s`,
  ].join(', ');
  const shared = workers === 1 ? '' : ` in each of ${workers} workers`;
  process.stdout.write(`${net} ${level} ${what} ${engine} ${threadText(threads)}${shared}: ${text}\n`);
}
const compared = ratios(cases);
for (const { net, level, what, engine, threads, time, cpuTime } of compared) {
  const figures = `${time.toFixed(2)}× PyTorch's time, ${cpuTime.toFixed(2)}× its processor time`;
  process.stdout.write(`${net} ${level} ${what} ${engine} ${threadText(threads)}: ${figures}\n`);
}
if (options.json !== undefined) printMeasurements({ cases, ratios: compared }, options.json);
