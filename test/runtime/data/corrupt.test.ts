import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { corrupted } from '../../../runtime/data/corrupt/corrupt.js';
import { poisson } from '../../../runtime/data/corrupt/draws.js';
import { motionBlurred, smoothed, zoomed } from '../../../runtime/data/corrupt/picture.js';
import { plasmaFractal } from '../../../runtime/data/corrupt/weather.js';
import { corruptions } from '../../../runtime/data/corrupted.js';
import { byteDataset } from '../../../runtime/data/dataset.js';

const size = 3072;

/** Images of 32 × 32 whose byte at (y, x, c) of image n is `value`. */
function images(count: number, value: (y: number, x: number, c: number, n: number) => number) {
  const pixels = Uint8Array.from({ length: count * size }, (_, k) => {
    return value(Math.floor(k / 96) % 32, Math.floor(k / 3) % 32, k % 3, Math.floor(k / size));
  });
  return byteDataset({
    name: 'cifar10',
    split: 'test',
    classNames: ['a'],
    shape: [32, 32, 3],
    labels: new Uint8Array(count),
    order: 'hwc',
    locate: (position) => ({ pixels, position }),
  });
}

const textured = images(3, (y, x, c, n) => (37 * y + 61 * x + 90 * c + 11 * n + ((y * x) % 17) * 9) % 256);
const grey = images(8, () => 102);

function mean(values: Float32Array, of: (value: number, k: number) => number): number {
  return values.reduce((sum, value, k) => sum + of(value, k), 0) / values.length;
}

describe('a generated corruption', () => {
  it.each(corruptions)('%s gives bytes in [0, 1] that depend on seed and index alone', (kind) => {
    for (const severity of [5]) {
      const whole = corrupted(textured, kind, severity, 1).images([0, 1, 2]);
      expect(whole.every((value) => Math.abs(255 * value - Math.round(255 * value)) < 1e-4)).toBe(true);
      expect(whole.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(corrupted(textured, kind, severity, 1).images([2, 0])).toEqual(
        Float32Array.from([...whole.subarray(2 * size), ...whole.subarray(0, size)]),
      );
      expect(whole).not.toEqual(textured.images([0, 1, 2]));
    }
  });

  it.each([
    'gaussian_noise',
    'shot_noise',
    'impulse_noise',
    'defocus_blur',
    'zoom_blur',
    'fog',
    'brightness',
    'contrast',
    'pixelate',
  ] as const)('%s grows with its severity', (kind) => {
    const original = textured.images([0, 1, 2]);
    const distances = [1, 2, 3, 4, 5].map((severity) => {
      return mean(corrupted(textured, kind, severity, 1).images([0, 1, 2]), (value, k) => (value - original[k]!) ** 2);
    });
    for (let k = 1; k < 5; k += 1) expect(distances[k]).toBeGreaterThan(distances[k - 1]!);
  });

  it.each([
    'defocus_blur',
    'glass_blur',
    'motion_blur',
    'zoom_blur',
    'elastic_transform',
    'pixelate',
    'contrast',
    'jpeg_compression',
  ] as const)('%s leaves an even grey as it is', (kind) => {
    for (const severity of [1, 5]) {
      const found = corrupted(grey, kind, severity, 2).images([0]);
      expect(found.reduce((most, value) => Math.max(most, Math.abs(255 * value - 102)), 0)).toBeLessThan(1.5);
    }
  });

  it('noise has the published strength', () => {
    // Grey is 0.4. Deviation 0.08; 100 photons: variance 0.4/100; 3 % hit, half of them white.
    const spread = (kind: 'gaussian_noise' | 'shot_noise') => {
      const found = corrupted(grey, kind, 3, 5).images([0, 1, 2, 3, 4, 5, 6, 7]);
      const middle = mean(found, (value) => value);
      return mean(found, (value) => (value - middle) ** 2);
    };
    expect(spread('gaussian_noise') / 0.08 ** 2).toBeCloseTo(1, 1);
    expect(spread('shot_noise') / 0.004).toBeCloseTo(1, 1);
    const hit = corrupted(grey, 'impulse_noise', 3, 5).images([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(mean(hit, (value) => (value === 1 ? 1 : 0))).toBeCloseTo(0.015, 2);
    expect(mean(hit, (value) => (value === 0 ? 1 : 0))).toBeCloseTo(0.015, 2);
    expect(hit.filter((value) => value !== 0 && value !== 1).every((value) => value === Math.fround(102 / 255))).toBe(
      true,
    );
  });

  it('brightness raises the brightest channel, contrast draws towards the channel’s mean', () => {
    // (51, 102, 0): the value 0.4 becomes 0.6 at severity 4, the others in proportion: (76.5, 153, 0).
    const colour = images(1, (_, __, c) => [51, 102, 0][c]!);
    expect(
      [...corrupted(colour, 'brightness', 4, 0).images([0]).subarray(0, 3)].map((v) => Math.round(255 * v)),
    ).toEqual([76, 153, 0]);
    // Half black, half white: mean 0.5, kept 0.3: 0.35 and 0.65 of 255 are 89.25 and 165.75.
    const halves = images(1, (y) => (y < 16 ? 0 : 255));
    const flat = corrupted(halves, 'contrast', 4, 0).images([0]);
    expect([Math.round(255 * flat[0]!), Math.round(255 * flat[size - 1]!)]).toEqual([89, 165]);
  });
});

describe('the parts of corruptions', () => {
  const random = () => xoroshiro128plus(7);
  const dot = (side: number, y: number, x: number) => {
    const data = new Float64Array(side * side);
    data[y * side + x] = 1;
    return { height: side, width: side, channels: 1, data };
  };

  it('a Gaussian smooths by its deviation and keeps the sum', () => {
    const { data } = smoothed(dot(21, 10, 10), 2, 4, 'nearest');
    expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
    const variance = data.reduce((sum, value, k) => sum + value * ((k % 21) - 10) ** 2, 0);
    // Cut at 4 deviations.
    expect(variance).toBeCloseTo(4, 1);
  });

  it('motion spreads a dot along its angle only', () => {
    // At 0° the pixel at x takes from x, x + 1 …: the dot spreads to the left in its own row.
    const flat = motionBlurred(dot(15, 7, 10), 3, 2, 0).data;
    for (const [k, value] of flat.entries())
      expect(value > 0).toBe(Math.floor(k / 15) === 7 && k % 15 >= 4 && k % 15 <= 10);
    const steep = motionBlurred(dot(15, 7, 7), 3, 2, -90).data;
    for (const [k, value] of steep.entries()) if (value > 0) expect(k % 15).toBe(7);
  });

  it('enlarging keeps the middle in place', () => {
    const { data } = zoomed(dot(9, 4, 4), 1.8);
    expect(data[4 * 9 + 4]).toBe(Math.max(...data));
    expect(zoomed(dot(9, 4, 4), 1).data).toEqual(dot(9, 4, 4).data);
  });

  it('plasma fills [0, 1]', () => {
    const map = plasmaFractal(32, 2, random());
    expect([Math.min(...map), Math.max(...map)]).toEqual([0, 1]);
    expect(new Set(map).size).toBeGreaterThan(1000);
  });

  it('Poisson draws have mean and variance alike', () => {
    const generator = random();
    for (const rate of [0.5, 20, 200]) {
      const draws = Array.from({ length: 20_000 }, () => poisson(generator, rate));
      const middle = draws.reduce((sum, value) => sum + value, 0) / draws.length;
      const variance = draws.reduce((sum, value) => sum + (value - middle) ** 2, 0) / draws.length;
      expect(middle / rate).toBeCloseTo(1, 1);
      expect(variance / rate).toBeCloseTo(1, 1);
    }
  });
});
