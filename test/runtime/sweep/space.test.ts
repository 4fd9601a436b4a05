import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pointConfigs } from '../../../runtime/sweep/space.js';
import { readRun } from '../../../schemas/run-file.js';

const run = readRun(JSON.stringify({ dataset: { name: 'mnist' }, model: 'a.onnx' }), 'run');
const axis = <T>(values: fc.Arbitrary<T>) => fc.uniqueArray(values, { minLength: 1, maxLength: 4 });

test('a space holds each value with every other, once', () => {
  fc.assert(
    fc.property(
      axis(fc.integer({ min: 2, max: 16 })),
      axis(fc.integer({ min: 1, max: 32 })),
      axis(fc.constantFrom('loihi1', 'loihi2', './mine.json')),
      (weightBits, timesteps, targets) => {
        const points = pointConfigs(run, { weightBits, timesteps, targets }, 'out');
        const keys = points.map(({ compile, timesteps: steps }) => `${compile.weightBits} ${steps} ${compile.target}`);
        expect(new Set(keys).size).toBe(weightBits.length * timesteps.length * targets.length);
        expect(keys).toHaveLength(new Set(keys).size);
        for (const { convert, compile, out, ...rest } of points) {
          expect({ ...rest, timesteps: run.timesteps, out: run.out }).toEqual({
            ...run,
            convert: undefined,
            compile: undefined,
          });
          expect([convert, compile.placementSeed, out]).toEqual([run.convert, 0, 'out']);
        }
        // Points that share a network follow one another.
        const changes = points.filter(({ timesteps: steps }, k) => steps !== points[k - 1]?.timesteps);
        expect(changes).toHaveLength(timesteps.length);
      },
    ),
  );
});

test('a space out of all proportion is refused', () => {
  const many = Array.from({ length: 200 }, (_, k) => k + 1);
  expect(() => pointConfigs(run, { timesteps: many, placementSeeds: many }, 'out')).toThrow('40000 points');
});
