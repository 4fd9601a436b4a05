import { afterEach, describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../runtime/engine/compiled/compiled-engine.js';
import { Crew } from '../../../runtime/engine/compiled/shards/crew.js';
import { shardSize } from '../../../runtime/engine/compiled/shards/shard-size.js';
import type { Sharding } from '../../../runtime/engine/compiled/shards/sharded-engine.js';
import { ShardedEngine } from '../../../runtime/engine/compiled/shards/sharded-engine.js';
import type { ForwardOptions, Model } from '../../../runtime/engine/engine.js';
import { softmax } from '../../../runtime/engine/target-loss.js';
import type { AnnGraph } from '../../../schemas/ann.js';
import type { Diagnostic } from '../../../schemas/diagnostic.js';
import { SpikewrightError } from '../../../schemas/diagnostic.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import { relativeDistance } from './closeness.js';
import { goldenImages, goldenSnn } from './golden-vgg.js';
import { draws, everyAnnKind, everySnnKind } from './small-networks.js';

const whole = new CompiledEngine(1);
const opened: Model[] = [];
afterEach(() => {
  for (const model of opened.splice(0)) model.dispose();
});

function load(graph: AnnGraph | SnnGraph, sharding: Partial<Sharding> | null): Model {
  const engine =
    sharding === null ? whole : new ShardedEngine(whole, { workers: 1, batch: 16, memory: null, ...sharding });
  const model = engine.load(graph);
  opened.push(model);
  return model;
}

/** All that a training step and an attack learn of a network. */
async function everything(model: Model, images: Float32Array, train: Omit<ForwardOptions, 'mode'>) {
  const classes = model.classes;
  const count = images.length / model.inputShape.reduce((a, b) => a * b);
  const upstream = draws(2, count * classes);
  const wanted = { parameters: true, input: true };
  const clean = await model.forward(images, { mode: 'train', ...train });
  const loss = { targets: softmax(draws(4, count * classes, -3, 3), classes), weight: 0.5 };
  const attacked = await model.lossGradient!(images, loss, { mode: 'eval', ...train }, wanted);
  const moved = await model.lossGradient!(
    attacked.input!.map((g, k) => images[k]! + 0.01 * Math.sign(g)),
    loss,
    { mode: 'train', ...train },
    wanted,
  );
  const fromClean = await clean.backward(upstream, wanted);
  clean.dispose();
  const evaluated = await model.forward(images, { mode: 'eval', gradients: 'input' });
  const fromEvaluated = await evaluated.backward(upstream, { parameters: false, input: true });
  const arrays = new Map<string, Float32Array>([
    ['clean logits', clean.logits],
    ['evaluated logits', evaluated.logits],
    ['evaluated input', fromEvaluated.input!],
    ...[...(await model.readParameters())].map(([name, values]) => [`after ${name}`, values] as const),
  ]);
  for (const [step, { parameters, input }] of Object.entries({ attacked, moved, fromClean })) {
    arrays.set(`${step} input`, input!);
    for (const [name, values] of parameters) arrays.set(`${step} ${name}`, values);
  }
  return arrays;
}

function expectClose(found: ReadonlyMap<string, Float32Array>, expected: ReadonlyMap<string, Float32Array>): void {
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, values] of found) {
    // What a bias adds before a norm the norm takes away: that gradient is rounding noise.
    if (/(conv\d+|stem|left)\.bias$/.test(name) && !name.startsWith('after')) continue;
    expect(relativeDistance(values, expected.get(name)!), name).toBeLessThan(1e-4);
  }
}

const pixels = 9 * 8 * 2;
/** In shards of 4, three of them. */
const batch = 12;
const small = draws(9, batch * pixels, 0, 1);
const options = { dropoutSeed: 3 };

describe('a batch in shards', () => {
  it.each([
    ['an ANN', everyAnnKind],
    ['an SNN that resets to zero', everySnnKind(3, { leak: 0.9, reset: 'hard', threshold: 0.7 })],
    ['an SNN that resets by its threshold', everySnnKind(2, { leak: 1, reset: 'soft', threshold: 0.5 })],
  ])('is to %s what it is in one piece', async (_, graph) => {
    expectClose(
      await everything(load(graph, { batch }), small, options),
      await everything(load(graph, null), small, options),
    );
  });

  it('is to the golden network what it is in one piece', async () => {
    const images = goldenImages('images');
    expectClose(
      await everything(load(goldenSnn(), {}), images, {}),
      await everything(load(goldenSnn(), null), images, {}),
    );
  });

  it('comes to the same bytes with any number of workers', async () => {
    const graph = everySnnKind(3, { leak: 0.9, reset: 'hard', threshold: 0.7 });
    const alone = await everything(load(graph, { batch }), small, options);
    for (const workers of [2, 3]) {
      expect(await everything(load(graph, { batch, workers }), small, options)).toEqual(alone);
    }
  });

  it('fails with the reason where a worker ends early, and what waits for it does not hang', async () => {
    const nothing: AnnGraph = { kind: 'ann', name: 'nothing', layers: [] };
    const crew = new Crew({ graph: nothing, threads: 1, backend: 'onnxruntime-cpu' }, 2);
    const write = crew.all('write', new Map());
    await expect(write).rejects.toThrow(/SW5009 worker thread: it ended early: .*undefined/);
    await expect(
      crew.each(
        3,
        'logits',
        () => [small, { mode: 'eval' }],
        () => {},
      ),
    ).rejects.toThrow('SW5009');
    crew.close();
  });

  it('of another size than that of training is cut as evenly as it can be', async () => {
    const graph = everySnnKind(2, { leak: 1, reset: 'hard', threshold: 0.7 });
    const own = small.slice(0, 7 * pixels);
    expectClose(await everything(load(graph, { batch }), own, {}), await everything(load(graph, null), own, {}));
  });
});

describe('a memory limit', () => {
  const graph = everySnnKind(3, { leak: 0.9, reset: 'hard', threshold: 0.7 });
  const sizeWithin = (budget: number | null, images = batch, workers = 4) => shardSize(graph, images, workers, budget);
  const limits = Array.from({ length: 9 }, (_, k) => 90_000 * 1.32 ** k);
  const fitting = limits.filter((budget) => !isRefused(() => sizeWithin(budget)));

  it('is met by smaller shards, then by fewer workers; whoever has room has them all', () => {
    const found = fitting.map((budget) => sizeWithin(budget));
    expect(found[0]).toEqual({ images: 1, workers: 1 });
    expect(found.some(({ images, workers }) => images === 4 && workers === 1)).toBe(true);
    expect(found.at(-1)).toEqual(sizeWithin(null));
    for (const [k, size] of found.entries()) expect(size.images).toBeGreaterThanOrEqual(found[k - 1]?.images ?? 1);
  });

  it('gives the same shards to any number of workers', () => {
    for (const budget of fitting) {
      const images = [1, 2, 7].map((workers) => sizeWithin(budget, batch, workers).images);
      expect(new Set(images).size).toBe(1);
    }
  });

  it('that no shards meet is refused with a batch that fits', () => {
    const refused = limits.filter((budget) => !fitting.includes(budget));
    expect(refused.length).toBeGreaterThan(0);
    for (const budget of refused) {
      const { code, fix } = refusal(() => sizeWithin(budget));
      expect(code).toBe('SW4023');
      const named = Number(/--batch-size (\d+), which fits/.exec(fix)![1]);
      expect(named).toBeLessThan(batch);
      expect(isRefused(() => sizeWithin(budget, named))).toBe(false);
    }
    expect(refusal(() => sizeWithin(1000)).fix).toContain('a smaller network');
  });

  it('leaves what is learnt as it was, but for rounding', async () => {
    expectClose(
      await everything(load(graph, { batch, memory: fitting[0]! }), small, options),
      await everything(load(graph, null), small, options),
    );
  });
});

function refusal(attempt: () => unknown): Diagnostic {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SpikewrightError) return error.diagnostics[0]!;
    throw error;
  }
  throw new Error('nothing was refused');
}

function isRefused(attempt: () => unknown): boolean {
  try {
    attempt();
    return false;
  } catch (error) {
    if (error instanceof SpikewrightError) return true;
    throw error;
  }
}
