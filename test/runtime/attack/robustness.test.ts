import { describe, expect, it } from 'vitest';
import { obfuscationChecks } from '../../../runtime/attack/obfuscation.js';
import { queryCurve, robustness, robustnessByMember } from '../../../runtime/attack/robustness.js';
import { byteDataset } from '../../../runtime/data/dataset.js';
import type { ForwardOptions, Pass } from '../../../runtime/engine/engine.js';
import { ensemble } from '../../../runtime/engine/surrogate.js';
import { firstOf } from '../../../runtime/train/accuracy.js';
import { ToyModel } from '../train/toy-model.js';
import { classes, shape, size } from './linear-network.js';

/**
 * Image n is bright (128) by 8·n in its class's own pixel, n from 1 to 8; the logit of a class is its pixel. With ε in
 * 255ths the margin of image n is 8·n − 2·ε, so those of 8·n ≤ 2·ε are fooled.
 */
const count = 8;
const labels = Uint8Array.from({ length: count }, (_, n) => n % classes);
const pixels = Uint8Array.from({ length: count * size }, (_, k) => {
  const n = Math.floor(k / size);
  return 100 + (k % size === labels[n] ? 8 * (n + 1) : 0);
});
const dataset = byteDataset({
  name: 'toy',
  split: 'test',
  classNames: ['a', 'b', 'c', 'd'],
  shape,
  labels,
  order: 'hwc',
  locate: (position) => ({ pixels, position }),
});
const kernel = Float32Array.from({ length: size * classes }, (_, k) => (k % (classes + 1) === 0 ? 1 : 0));
const measured = firstOf(dataset, count, 3);

/** A network that gives right gradients for some surrogates only, as a spiking one may. */
class FussyModel extends ToyModel {
  override async forward(images: Float32Array, options: ForwardOptions): Promise<Pass> {
    const pass = await super.forward(images, options);
    if (options.surrogate?.form !== 'straightThrough') return pass;
    return {
      ...pass,
      backward: (upstream, wanted) =>
        pass.backward(
          upstream.map((slope) => -slope),
          wanted,
        ),
    };
  }
}

describe('robustness', () => {
  const members = [ensemble[16]!, ensemble[0]!];
  const options = { attack: { method: 'fgsm', epsilon: 17 / 255 } as const, members, seed: 0 };

  it('is counted by member: those tried, and those each fooled', async () => {
    // 2·17 = 34: the images of 8, 16, 24 and 32 are fooled, but not by the member whose gradient points the wrong way.
    const found = await robustness(new FussyModel(shape, kernel), measured, options);
    expect(found.robust).toMatchObject({ correct: 4, total: 8 });
    expect([...found.fooled]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect(found.members).toEqual([
      { name: 'STE', tried: 8, fooled: 0 },
      { name: 'PCW(1)', tried: 8, fooled: 4 },
    ]);
  });

  it('is measured for each member alone and for all together', async () => {
    const { rows, all } = await robustnessByMember(new FussyModel(shape, kernel), measured, options);
    expect(rows.map(({ name, robust }) => [name, robust.correct])).toEqual([
      ['STE', 8],
      ['PCW(1)', 4],
    ]);
    expect(all.correct).toBe(4);
  });

  it('falls with the queries of a search', async () => {
    const attack = { method: 'square', epsilon: 17 / 255, queries: 300 } as const;
    const found = await robustness(new ToyModel(shape, kernel), measured, { ...options, attack });
    const curve = queryCurve(found, 300);
    expect(curve.map(({ queries }) => queries)).toEqual([100, 200, 300]);
    expect(curve.at(-1)!.robust.correct).toBe(4);
    for (const [k, { robust }] of curve.entries()) {
      expect(robust.correct).toBeLessThanOrEqual(curve[k - 1]?.robust.correct ?? count);
    }
  });
});

describe('the checks for gradient obfuscation', () => {
  const options = { epsilon: 17 / 255, steps: 5, members: ensemble.slice(0, 1), seed: 0 };

  it('pass a network whose gradients are what they should be', async () => {
    const source = new ToyModel(shape, kernel);
    const checks = await obfuscationChecks(new ToyModel(shape, kernel), measured, {
      ...options,
      epsilon: 3 / 255,
      source,
    });
    expect(checks.map(({ name, passed }) => [name, passed])).toEqual([
      ['iterative', true],
      ['white-box', true],
      ['radius', true],
      ['unbounded', true],
      ['noise', true],
    ]);
  });

  it('fail one that hides them, and say what could not be judged', async () => {
    const members = [ensemble[16]!];
    const source = new ToyModel(shape, kernel);
    const hiding = new FussyModel(shape, kernel);
    const checks = await obfuscationChecks(hiding, measured, { ...options, members, source });
    const failed = checks.filter(({ passed }) => passed === false).map(({ name }) => name);
    expect(failed).toContain('white-box');
    expect(failed).toContain('unbounded');
    const alone = await obfuscationChecks(hiding, measured, { ...options, members, source: null });
    expect(alone.find(({ name }) => name === 'white-box')!.passed).toBe(null);
  });

  it('measure the noise against the clean accuracy on the same images', async () => {
    // At ε = 1 noise of deviation 255 grey levels drowns every image.
    const [noise] = (
      await obfuscationChecks(new ToyModel(shape, kernel), measured, { ...options, epsilon: 1, source: null })
    ).filter(({ name }) => name === 'noise');
    expect(noise!.measured[1]!.correct).toBe(8);
    expect(noise!.passed).toBe(false);
  });
});
