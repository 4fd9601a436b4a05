import { expect, it } from 'vitest';
import { DeviceKernels } from '../../../runtime/engine/compiled/device-kernels.js';
import type { Tensors } from '../../../runtime/engine/compiled/program.js';
import { float32Tensor } from '../../../runtime/engine/compiled/program.js';

/** Copies in our memory, counted; disposed ones are listed in order. */
function watched() {
  const disposed: number[] = [];
  let made = 0;
  let isReleased = false;
  const kernels = new DeviceKernels({
    copy: (sources) => {
      const number = made;
      made += 1;
      const copies: Tensors = new Map();
      for (const [name, { data, dims }] of sources) {
        const copy = float32Tensor((data as Float32Array).slice(), dims);
        copy.dispose = () => disposed.push(number);
        copies.set(name, copy);
      }
      return Promise.resolve(copies);
    },
    release: () => {
      isReleased = true;
    },
  });
  return { kernels, disposed, made: () => made, isReleased: () => isReleased };
}

const kernel = (value: number): Tensors => new Map([['conv.kernel', float32Tensor(Float32Array.of(value), [1, 1])]]);
const readKernel = (copies: Tensors): Promise<number> =>
  Promise.resolve((copies.get('conv.kernel')!.data as Float32Array)[0]!);

it('copies kernels once for many runs, and again where one has changed', async () => {
  const { kernels, disposed, made } = watched();
  const first = kernel(1);
  expect(await kernels.with(first, readKernel)).toBe(1);
  expect(await kernels.with(new Map(first), readKernel)).toBe(1);
  expect([made(), disposed]).toEqual([1, []]);
  expect(await kernels.with(kernel(2), readKernel)).toBe(2);
  expect([made(), disposed]).toEqual([2, [0]]);
});

it('leaves a run that is under way its copies', async () => {
  const { kernels, disposed } = watched();
  let finish = (): void => undefined;
  const slow = kernels.with(kernel(1), async (copies) => {
    await new Promise<void>((done) => {
      finish = done;
    });
    return readKernel(copies);
  });
  expect(await kernels.with(kernel(2), readKernel)).toBe(2);
  expect(disposed).toEqual([]);
  finish();
  expect(await slow).toBe(1);
  await Promise.resolve();
  expect(disposed).toEqual([0]);
});

it('holds nothing after a run that failed, nor when the network has gone', async () => {
  const { kernels, disposed, made, isReleased } = watched();
  const first = kernel(1);
  await expect(kernels.with(first, () => Promise.reject(new Error('device lost')))).rejects.toThrow('device lost');
  expect(await kernels.with(first, readKernel)).toBe(1);
  expect([made(), disposed]).toEqual([2, [0]]);
  kernels.dispose();
  await Promise.resolve();
  expect(disposed).toEqual([0, 1]);
  expect(isReleased()).toBe(true);
});
