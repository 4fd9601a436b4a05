import { afterEach, describe, expect, it, vi } from 'vitest';
import { extract } from '../../../runtime/engine/compiled/extract.js';
import { Graph } from '../../../runtime/engine/compiled/graph.js';
import { float32Tensor, Program } from '../../../runtime/engine/compiled/program.js';
import { brokenOff } from '../../../runtime/engine/compiled/runtime-failure.js';
import { workingBytes } from '../../../runtime/engine/compiled/working-memory.js';
import type { Diagnostic } from '../../../schemas/diagnostic.js';
import { SpikewrightError } from '../../../schemas/diagnostic.js';
import { startTested } from './engines.js';
import { goldenImages, goldenSnn } from './golden-vgg.js';

/** The diagnostic that is thrown. */
async function thrown(attempt: Promise<unknown>): Promise<Diagnostic> {
  const error: unknown = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SpikewrightError);
  return (error as SpikewrightError).diagnostics[0]!;
}

/** A graph of one operation of layer conv7, after another layer's. */
function graphOf(opType: string) {
  const graph = new Graph();
  const image = graph.input('image', [4], 'pass');
  graph.layer = 'input';
  const normalised = graph.unary('Relu', image);
  graph.layer = 'conv7';
  return extract(graph, [graph.apply(opType, [normalised, graph.integers([9])], [1])], 'nothing');
}

describe('what ONNX Runtime does not do is told by layer:', () => {
  it('a graph that it does not take', async () => {
    expect(await thrown(Program.compile(graphOf('NoSuchOperation'), 1))).toMatchObject({
      code: 'SW4021',
      where: 'layer conv7',
    });
  });

  it('a run that breaks off', async () => {
    // Nine is no index into four values, which shows only in the run.
    const program = await Program.compile(graphOf('Gather'), 1);
    const run = program.run(() => float32Tensor(new Float32Array(4), [4]));
    expect(await thrown(run)).toMatchObject({ code: 'SW4022', where: 'layer conv7' });
    await program.release();
  });

  it('a run that finds no memory', () => {
    const message =
      "Non-zero status code returned while running Gather node. Name:'#1 Gather conv7' Status Message: " +
      'Failed to allocate memory for requested buffer of size 68719476736';
    const error = brokenOff(new Error(message), graphOf('Gather'));
    expect((error as SpikewrightError).diagnostics[0]).toMatchObject({ code: 'SW4011', where: 'layer conv7' });
  });
});

describe('memory', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is counted from each result to its last use', () => {
    const graph = new Graph();
    const x = graph.input('x', [256], 'pass');
    const a = graph.unary('Relu', x); // 1 KiB, until c
    const b = graph.unary('Abs', a); // 1 KiB, until c: 2 KiB with a
    const c = graph.concat([a, graph.reshape(b, [256])], 0); // 2 KiB, to the end: 4 KiB with a and b
    const d = graph.reduce('ReduceSum', c, [0], true); // 4 B, when a and b are gone
    expect(workingBytes(extract(graph, [c, d], 'nothing'))).toBe(4096);
    expect(workingBytes(extract(graph, [b], 'nothing'))).toBe(2048);
  });

  it('that a device runs out of is told with a batch that was tried and fits', async () => {
    const model = (await startTested('compiled')).load(goldenSnn());
    const images = goldenImages('images');
    const run = Program.prototype.run;
    const tried: number[] = [];
    // A device with room for five images.
    vi.spyOn(Program.prototype, 'run').mockImplementation(function (this: Program, find, into) {
      const batch = find('image')!.dims[0]!;
      tried.push(batch);
      const message = 'Non-zero status code returned while running Conv node: Failed to allocate memory for buffer';
      return batch > 5 ? Promise.reject(brokenOff(new Error(message), graphOf('Gather'))) : run.call(this, find, into);
    });
    const loss = { targets: new Float32Array(160), weight: 1 };
    const wanted = { parameters: true, input: false };
    const found = await thrown(model.lossGradient!(images, loss, { mode: 'train' }, wanted));
    expect(found).toMatchObject({ code: 'SW4011', what: expect.stringContaining('Failed to allocate') });
    expect(found.fix).toContain('A batch of 4 images would fit');
    expect(tried).toEqual([16, 8, 4]);
  });

  it('that will not do is told beforehand, with a batch that fits', async () => {
    const model = (await startTested('compiled')).load(goldenSnn());
    const images = goldenImages('images');
    const room = vi.spyOn(process, 'availableMemory').mockReturnValue(4 * 2 ** 20);
    const found = await thrown(model.forward(images, { mode: 'train' }));
    expect(found).toMatchObject({ code: 'SW4011', what: expect.stringContaining('a pass over 16 images takes about') });
    const fitting = Number(/A batch of (\d+) images? would fit/.exec(found.fix)![1]);
    expect(fitting).toBeLessThan(16);
    const size = images.length / 16;
    (await model.forward(images.slice(0, fitting * size), { mode: 'train' })).dispose();
    room.mockReturnValue(1024);
    expect((await thrown(model.forward(images, { mode: 'train' }))).fix).toContain('Not even one image fits');
    room.mockRestore();
    (await model.forward(images, { mode: 'train' })).dispose();
  });
});
