import { parseArgs } from 'node:util';
import type { BenchNetwork, Operations } from './bench-networks.js';
import { benchNetworks, benchSnn, operations } from './bench-networks.js';
import type { Contender, Device, Level, What } from './contenders.js';
import { engineKinds, ourContender, torchContender } from './contenders.js';
import { printMeasurements } from './print-measurements.js';
import type { Duration } from './torch.js';
import { Torch } from './torch.js';

/**
 * Times training steps and attacks on each engine: `npm run bench:train -- --json FILE [--net demo,bench-a,bench-b,vgg11]
 * [--what finetune,pgd10] [--engine compiled,eager] [--device cpu,gpu] [--threads 1,2] [--workers 2] [--batch IMAGES]
 * [--rounds 7] [--seconds 90] [--against-torch] [--python COMMAND]`. On a GPU PyTorch runs where it has CUDA. With
 * --workers the compiled engine also shares batches among so many workers, of one thread each. The contenders of a network take turns, step by step, so that what else the machine does hits all alike; a case's time is its median over
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
    device: { type: 'string', default: 'cpu' },
    threads: { type: 'string', default: '1,2' },
    batch: { type: 'string' },
    workers: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '90' },
    'against-torch': { type: 'boolean', default: false },
    python: { type: 'string', multiple: true, default: ['python3', '/usr/bin/python3'] },
  },
});

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

async function timeNetwork(name: string, level: Level, rounds: number): Promise<Case[]> {
  const known = benchNetworks[name];
  if (known === undefined) throw new Error(`no network ${name}: ${Object.keys(benchNetworks).join(', ')} are known`);
  const network = { ...known, batch: Number(options.batch ?? known.batch) };
  const wanted = options.engine.split(',');
  const kinds = engineKinds({
    compiled: wanted.includes('compiled'),
    eager: wanted.includes('eager'),
    devices,
    threads: numbers(options.threads),
    workers: numbers(options.workers),
  });
  const all: Contender[] = [];
  for (const kind of kinds) all.push(await ourContender(kind, name, network, level));
  for (const device of devices) {
    if (torch === null || (device === 'gpu' && !torch.hasCuda)) continue;
    const id = `${name} ${level} ${device}`;
    torch.build(id, network, level === 'snn' ? network.timesteps : null, device);
    const threads = device === 'cpu' ? numbers(options.threads) : [1];
    all.push(...threads.map((each) => torchContender(torch, device, each, id)));
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
    const onGpu = ({ backend }: Case): boolean => backend === 'cuda' || backend === 'onnxruntime-webgpu';
    const theirs = cases.find(
      (each) =>
        each.engine.startsWith('torch') &&
        onGpu(each) === onGpu(ours) &&
        each.net === ours.net &&
        each.level === ours.level &&
        each.what === ours.what &&
        each.threads === ours.threads,
    );
    if (theirs === undefined) return [];
    const { net, level, what, engine, backend, threads } = ours;
    return [
      {
        ...{ net, level, what, engine, backend, threads },
        time: ours.leastMilliseconds / theirs.leastMilliseconds,
        cpuTime: ours.cpuMilliseconds / theirs.cpuMilliseconds,
      },
    ];
  });
}

const numbers = (list: string | undefined): readonly number[] =>
  list === undefined ? [] : list.split(',').map(Number);
const devices = options.device.split(',') as Device[];
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
const placeText = (backend: string, threads: number): string =>
  backend.endsWith('cpu') || backend === 'wasm' ? `${backend}, ${threadText(threads)}` : backend;
for (const { net, level, what, engine, backend, threads, workers, ...figures } of cases) {
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
  process.stdout.write(`${net} ${level} ${what} ${engine}, ${placeText(backend, threads)}${shared}: ${text}\n`);
}
const compared = ratios(cases);
for (const { net, level, what, engine, backend, threads, time, cpuTime } of compared) {
  const figures = `${time.toFixed(2)}× PyTorch's time, ${cpuTime.toFixed(2)}× its processor time`;
  process.stdout.write(`${net} ${level} ${what} ${engine}, ${placeText(backend, threads)}: ${figures}\n`);
}
if (options.json !== undefined) printMeasurements({ cases, ratios: compared }, options.json);
