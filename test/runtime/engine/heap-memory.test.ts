import { expect, it } from 'vitest';
import { wasmBackend } from '../../../runtime/engine/backend/portable.js';
import { Heap } from '../../../runtime/engine/eager/heap/heap.js';
import { startEager } from '../../../runtime/engine/start.js';
import type { SpikewrightError } from '../../../schemas/diagnostic.js';

// 2³⁰ float32 values are 4 GiB: one byte more than 32-bit addresses reach, and 0 once wrapped to 32 bits.
it('a tensor beyond the address space is refused and leaves nothing behind', async () => {
  const { engine } = await startEager({ backend: 'wasm' });
  const heap = new Heap(wasmBackend());
  const before = engine.memory();
  let thrown: unknown;
  try {
    heap.allocate([2 ** 30]);
  } catch (error) {
    thrown = error;
  }
  expect((thrown as SpikewrightError).diagnostics[0]).toMatchObject({ code: 'SW4011' });
  expect(engine.memory()).toEqual(before);
  const small = heap.allocate([4]);
  expect(heap.view(small).fill(7)).toEqual(Float32Array.of(7, 7, 7, 7));
  small.dispose();
});
