import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../runtime/data/dataset.js';
import { type ImageSource, imagesAt } from '../../../runtime/data/image-source.js';
import { traceImages } from '../../../runtime/trace/trace-images.js';
import { Chip, chipStatistics } from '../../../runtime/verify/chip.js';
import { simulateImages } from '../../../runtime/verify/simulate-task.js';
import { MemoryPages, openMachineMemory } from '../../../sim/memory-pages.js';
import type { SampleResult } from '../../../sim/sample-result.js';
import { heldImages } from './held-images.js';
import { onePixelProgram as program } from './one-pixel-program.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const timing = 'cycle' as const;

/** Of all images: a weak reference keeps what it is made of or asked about to the end of the event loop's turn. */
const FEW = 1 / 8;

/** Makes images of one pixel, 0 to 3 in turn, and counts: how many are asked for, and which arrays are still held. */
class CountedImages implements ImageSource {
  asked = 0;
  consumed = 0;
  mostAhead = 0;
  mostHeld = 0;
  readonly #made: WeakRef<object>[] = [];

  constructor(readonly count: number) {}

  images(first: number, end: number): Float32Array {
    const images = Float32Array.from({ length: end - first }, (_, k) => (first + k) % 4);
    this.asked += images.length;
    this.mostAhead = Math.max(this.mostAhead, this.asked - this.consumed);
    this.#made.push(new WeakRef(images));
    return images;
  }

  consume(result: SampleResult): void {
    this.consumed++;
    this.#made.push(new WeakRef(result));
    if (this.consumed % 100 !== 0) return;
    collectGarbage();
    this.mostHeld = Math.max(this.mostHeld, this.#made.filter((made) => made.deref() !== undefined).length);
  }
}

describe('simulating images', () => {
  it('gives the same results in the order of the images for any number of workers', async () => {
    const simulate = async (workers: number): Promise<SampleResult[]> => {
      const results: SampleResult[] = [];
      const images = heldImages(
        Float32Array.from({ length: 37 }, (_, k) => k % 4),
        37,
      );
      await simulateImages(program, images, { timing, workers }, (result) => results.push(result));
      return results;
    };
    const alone = await simulate(1);
    expect(alone.map(({ messages }) => messages).slice(0, 5)).toEqual([0, 2, 2, 2, 0]);
    expect(await simulate(3)).toEqual(alone);
    expect(chipStatistics(program, { timing }, alone).samples).toBe(37);
  });

  it('has no need of the memory that threads share', async () => {
    const full = openMachineMemory();
    new MemoryPages(full).take(65_535);
    const chip = new Chip(program, { timing }, full);
    const images = Float32Array.of(0, 1, 2, 3);
    expect(chip.run(images, { record: true })).toEqual(new Chip(program, { timing }).run(images, { record: true }));
  });

  // A thread takes 16 of so many images at a time; 4 such lots per thread may wait for an earlier one.
  it.each([
    [1, 16],
    [2, 128],
  ])('holds no more images and results of 2000 than are at work, with %i workers', async (workers, ahead) => {
    const images = new CountedImages(2000);
    await simulateImages(program, images, { timing, workers }, (result) => images.consume(result));
    expect(images.consumed).toBe(2000);
    expect(images.mostAhead).toBeLessThanOrEqual(ahead);
    expect(images.mostHeld).toBeLessThan(FEW * images.count);
  });

  it('gives the same results where samples overlap and somebody watches them', async () => {
    const pipelined = { ...program, sampleInterval: 1 };
    expect(pipelined.stepsPerSample).toBeGreaterThan(1);
    const images = heldImages(
      Float32Array.from({ length: 37 }, (_, k) => k % 4),
      37,
    );
    const none = { probes: [], paths: { tables: undefined, vcd: undefined, perfetto: undefined } };
    const alone: SampleResult[] = [];
    const watched: SampleResult[] = [];
    await simulateImages(pipelined, images, { timing, workers: 2 }, (result) => alone.push(result));
    await traceImages(pipelined, images, { timing }, none, (result) => watched.push(result));
    expect(watched).toEqual(alone);
  });

  it('tells how many events are simulated a second, traced or not', async () => {
    const notes = new Set<string>();
    const images = heldImages(Float32Array.of(1, 2, 3, 0, 1), 5);
    const hooks = {
      progress: (_done: number, _total: number, note = '') => {
        notes.add(note.replace(/^[\d.e+-]+ /, ''));
      },
    };
    const none = { probes: [], paths: { tables: undefined, vcd: undefined, perfetto: undefined } };
    await simulateImages(program, images, { timing, workers: 1 }, () => undefined, hooks);
    await traceImages(program, images, { timing }, none, () => undefined, hooks);
    expect([...notes]).toEqual(['M events/s']);
  });

  it('holds one image at a time where each is traced', async () => {
    const images = new CountedImages(300);
    const none = { probes: [], paths: { tables: undefined, vcd: undefined, perfetto: undefined } };
    await traceImages(program, images, { timing }, none, (result) => images.consume(result));
    expect([images.consumed, images.mostAhead]).toEqual([300, 1]);
    expect(images.mostHeld).toBeLessThan(FEW * images.count);
  });
});

describe('the images of a data set', () => {
  it('are read when they are asked for, by index', () => {
    const read: number[][] = [];
    const dataset: Dataset = {
      name: 'counted',
      split: 'test',
      classNames: ['a', 'b'],
      shape: [1, 1, 1],
      count: 9,
      labels: Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1, 0),
      images(indices) {
        read.push(Array.from(indices));
        return Float32Array.from(indices, (index) => index / 10);
      },
    };
    const chosen = Uint32Array.of(7, 2, 5, 1);
    const source = imagesAt(dataset, chosen);
    expect([source.count, read]).toEqual([4, []]);
    expect(source.images(1, 3)).toEqual(Float32Array.of(0.2, 0.5));
    expect(read).toEqual([[2, 5]]);
  });
});
