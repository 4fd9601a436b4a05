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
import type { BenchNetwork } from './bench-networks.js';
import { benchAnn, benchSnn } from './bench-networks.js';
import type { Duration, Torch } from './torch.js';

export type What = 'finetune' | 'pgd10';
export type Level = 'ann' | 'snn';
/** What the compiled engine and PyTorch compute on. */
export type Device = 'cpu' | 'gpu';

/** Something that runs a network's step. */
export interface Contender {
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

/** Which engines race. */
export interface EngineChoices {
  readonly compiled: boolean;
  readonly eager: boolean;
  readonly devices: readonly Device[];
  /** Of the compiled engine on the CPU. */
  readonly threads: readonly number[];
  readonly workers: readonly number[];
}

export function engineKinds({ compiled, eager, devices, threads, workers }: EngineChoices): readonly EngineKind[] {
  const onDevice = devices.flatMap((device) =>
    (device === 'cpu' ? threads : [1]).map((each) => ({
      threads: each,
      workers: 1,
      start: async () => (await startEngine({ engine: 'compiled', backend: 'auto', threads: each, device })).engine,
    })),
  );
  const sharded = workers.map((each) => ({
    threads: 1,
    workers: each,
    start: async (batch: number) => new ShardedEngine(new CompiledEngine(each), { workers: each, batch, memory: null }),
  }));
  const start = async () => (await startEngine({ engine: 'eager', backend: 'auto', threads: 1 })).engine;
  return [...(compiled ? [...onDevice, ...sharded] : []), ...(eager ? [{ threads: 1, workers: 1, start }] : [])];
}

export async function ourContender(
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

/** PyTorch on a network that was built there under the name `id`; `threads` are of the CPU. */
export function torchContender(torch: Torch, device: Device, threads: number, id: string): Contender {
  return {
    engine: `torch ${torch.version}`,
    backend: device === 'gpu' ? 'cuda' : 'cpu',
    threads,
    workers: 1,
    run: (what) => torch.run(id, what, threads),
    start: async () => 0,
    tensors: () => null,
    dispose: () => {},
  };
}
