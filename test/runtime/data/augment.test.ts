import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augment, cropAndFlip, noAugmentation, resizeAndFlip, shuffledIndices } from '../../../runtime/data/augment.js';

const shape = [6, 5, 2] as const;
const size = 60;
const mean = [0.25, 0.75];

/** Images whose every value is distinct and not 0: value (n, k) is (1 + n·60 + k)/1000. */
const images = (count: number) => Float32Array.from({ length: count * size }, (_, k) => (1 + k) / 1000);

describe('shuffling', () => {
  it('is a permutation, the same for the same seed and epoch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer(), fc.nat(50), (count, seed, epoch) => {
        const order = shuffledIndices(count, seed, epoch);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
        expect(shuffledIndices(count, seed, epoch)).toEqual(order);
      }),
    );
  });

  it('differs between epochs and between seeds', () => {
    expect(shuffledIndices(100, 1, 0)).not.toEqual(shuffledIndices(100, 1, 1));
    expect(shuffledIndices(100, 1, 0)).not.toEqual(shuffledIndices(100, 2, 0));
  });
});

describe('augmentation', () => {
  it('of nothing is the identity', () => {
    const indices = [4, 9];
    expect(augment(images(2), shape, mean, noAugmentation, { seed: 3, epoch: 2, indices })).toEqual(images(2));
  });

  it('gives an image the same change whatever batch it comes in', () => {
    const settings = { crop: 2, flip: true, cutout: 2, resizes: false };
    const draw = { seed: 7, epoch: 1 };
    const both = augment(images(2), shape, mean, settings, { ...draw, indices: [11, 5] });
    const second = augment(images(2).slice(size), shape, mean, settings, { ...draw, indices: [5] });
    expect(both.subarray(size)).toEqual(second);
  });

  it('crops and flips: every image is the original moved by at most 4 pixels, mirrored or not, black outside', () => {
    const image = images(1);
    const seen = new Set<string>();
    for (let index = 0; index < 300; index += 1) {
      const changed = augment(image, shape, mean, cropAndFlip, { seed: 1, epoch: 0, indices: [index] });
      const match = placements.find((placement) => moved(image, placement).every((value, k) => value === changed[k]));
      expect(match === undefined, `image ${index} is none of the placements`).toBe(false);
      seen.add(JSON.stringify(match));
    }
    // 9 × 9 shifts, mirrored or not: 162 placements; 300 draws see 162·(1 − e^(−300/162)) ≈ 136 of them.
    expect(seen.size).toBeGreaterThan(100);
  });

  it('cuts out a square of the mean colour, smaller where it reaches past the border', () => {
    for (let index = 0; index < 50; index += 1) {
      const settings = { crop: 0, flip: false, cutout: 2, resizes: false };
      const changed = augment(images(1), shape, mean, settings, { seed: 1, epoch: 0, indices: [index] });
      const cut = [...changed.keys()].filter((k) => changed[k] !== images(1)[k]);
      expect([2, 4, 8]).toContain(cut.length);
      for (const k of cut) expect(changed[k]).toBe(mean[k % 2]);
    }
  });
});

interface Placement {
  readonly down: number;
  readonly right: number;
  readonly mirrored: boolean;
}

const shifts = Array.from({ length: 9 }, (_, k) => k - 4);
const placements: Placement[] = shifts.flatMap((down) =>
  shifts.flatMap((right) => [true, false].map((mirrored) => ({ down, right, mirrored }))),
);

/** The obvious way: pixel (y, x) of the crop shows (y + down, x + right) of the image, then the crop is mirrored. */
function moved(image: Float32Array, { down, right, mirrored }: Placement): Float32Array {
  const result = new Float32Array(size);
  for (let y = 0; y < 6; y += 1) {
    for (let x = 0; x < 5; x += 1) {
      const fromY = y + down;
      const fromX = (mirrored ? 4 - x : x) + right;
      if (fromY < 0 || fromY > 5 || fromX < 0 || fromX > 4) continue;
      for (let c = 0; c < 2; c += 1) result[(y * 5 + x) * 2 + c] = image[(fromY * 5 + fromX) * 2 + c]!;
    }
  }
  return result;
}

describe('a part enlarged to the whole', () => {
  it('holds nothing but what lies in the image, at the same brightness on average', () => {
    // A ramp from left to right: every row of what comes back is a ramp too, rising or mirrored.
    const side = 32;
    const ramp = Float32Array.from({ length: side * side }, (_, k) => (k % side) / (side - 1));
    const slopes = Array.from({ length: 200 }, (_, index) => {
      const part = augment(ramp, [side, side, 1], [0], resizeAndFlip, { seed: 1, epoch: 0, indices: [index] });
      expect(part.every((value) => value >= 0 && value <= 1)).toBe(true);
      for (let k = side; k < part.length; k += 1) expect(part[k]).toBeCloseTo(part[k - side]!, 5);
      return part[side - 1]! - part[0]!;
    });
    // At least √(0.08·3/4) of the width, mirrored half the time; a part of the whole width has slope ±1.
    expect(Math.min(...slopes.map(Math.abs))).toBeGreaterThan(0.17);
    expect(Math.max(...slopes.map(Math.abs))).toBeGreaterThan(0.9);
    const rising = slopes.filter((slope) => slope > 0).length;
    expect(rising).toBeGreaterThan(70);
    expect(rising).toBeLessThan(130);
  });
});
