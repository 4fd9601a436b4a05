import fc from 'fast-check';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEager } from '../../../runtime/engine/start.js';
import { LinearMap } from '../../../runtime/twin/linear.js';
import { convolvedSize } from '../../../schemas/layer-shapes.js';
import { elementCount } from '../../../schemas/tensor.js';

beforeAll(async () => {
  await startEager({ backend: 'cpu' });
});

const extent = (min: number, max: number) => fc.integer({ min, max });

describe('a linear map and its adjoint', () => {
  it('agree: gain·⟨A·x, y⟩ = ⟨x, gain·Aᵀ·y⟩ in exact integers', async () => {
    let products = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          source: fc.tuple(extent(2, 7), extent(2, 7), extent(1, 3)),
          pool: fc.tuple(extent(1, 2), extent(1, 2)),
          kernel: fc.tuple(extent(1, 3), extent(1, 3)),
          stride: fc.tuple(extent(1, 3), extent(1, 3)),
          pads: fc.tuple(extent(0, 2), extent(0, 2), extent(0, 2), extent(0, 2)),
          channels: extent(1, 3),
          batch: extent(1, 2),
          seed: fc.nat(),
        }),
        async ({ source, pool, kernel, stride, pads, channels, batch, seed }) => {
          const [top, bottom, left, right] = pads;
          const pooled = [Math.floor(source[0] / pool[0]), Math.floor(source[1] / pool[1])] as const;
          fc.pre(pooled[0] >= kernel[0] && pooled[1] >= kernel[1]);
          const padding = { top, bottom, left, right };
          const target = [...convolvedSize(pooled, padding, kernel, stride), channels] as const;
          const kernelShape = [kernel[0], kernel[1], source[2], channels] as const;
          const random = xoroshiro128plus(seed);
          const draw = (length: number): Float32Array => Float32Array.from({ length }, () => uniformInt(random, -9, 9));
          const geometry = { source, target, pool, padding, stride, kernelShape };
          const map = new LinearMap(geometry, draw(elementCount(kernelShape)), 4);
          const x = draw(batch * elementCount(source));
          const y = draw(batch * elementCount(target));
          const forward = dot(await map.apply(x, batch), y);
          const backward = dot(x, await map.applyTransposed(y, batch));
          map.dispose();
          expect(backward).toBe(4 * forward);
          if (forward !== 0) products += 1;
        },
      ),
    );
    expect(products).toBeGreaterThan(50);
  });
});

function dot(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0);
}
