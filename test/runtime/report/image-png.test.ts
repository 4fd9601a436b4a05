import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { differenceImage, imagePng } from '../../../runtime/report/image-png.js';

const decoded = (base64: string) => decode(Buffer.from(base64, 'base64'));

test('pixels in [0, 1] become bytes, colours stay in order, what lies outside is clipped', () => {
  const image = Float32Array.of(0, 0.5, 1, -0.2, 1.2, 0.2);
  const { width, height, channels, data } = decoded(imagePng(image, [1, 2, 3]));
  expect({ width, height, channels }).toEqual({ width: 2, height: 1, channels: 3 });
  // 255·0.5 = 127.5 rounds up; 255·0.2 = 51.
  expect([...data]).toEqual([0, 128, 255, 0, 255, 51]);
});

test('grey images and images of many channels show their first', () => {
  expect([...decoded(imagePng(Float32Array.of(0, 1), [2, 1, 1])).data]).toEqual([0, 255]);
  expect([...decoded(imagePng(Float32Array.of(0, 1, 1, 0), [1, 2, 2])).data]).toEqual([0, 255]);
});

test('a difference of ±epsilon is white or black, none is grey', () => {
  const clean = Float32Array.of(0.5, 0.5, 0.5);
  const moved = Float32Array.of(0.75, 0.25, 0.5);
  expect([...differenceImage(clean, moved, 0.25)]).toEqual([1, 0, 0.5]);
});
