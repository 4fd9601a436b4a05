import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { artefactHash, readArtefact, type StageRequest, Store, stageKey } from '../../../runtime/store/store.js';
import { sha256 } from '../../../schemas/hash.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'spikewright-store-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const request: StageRequest = { stage: 'convert', inputs: { ann: 'a'.repeat(64) }, options: { timesteps: 4 } };
const bytes = (text: string): Uint8Array => Buffer.from(text);
const never = () => Promise.reject(new Error('was made again'));

describe('a store of finished stages', () => {
  test('reuses a stage with the same inputs and options', async () => {
    const store = await Store.open(root);
    const made = await store.obtain(request, async () => ({ 'snn.sws': bytes('one') }));
    expect(made.reused).toBe(false);
    const again = await (await Store.open(root)).obtain(structuredClone(request), never);
    expect(again.reused).toBe(true);
    expect(Buffer.from(await readArtefact(again, 'snn.sws')).toString()).toBe('one');
    expect(artefactHash(again, 'snn.sws')).toBe(sha256(bytes('one')));
  });

  test('keeps the stage made with other options beside it', async () => {
    const store = await Store.open(root);
    const other = { ...request, options: { timesteps: 8 } };
    await store.obtain(request, async () => ({ 'snn.sws': bytes('four') }));
    await store.obtain(other, async () => ({ 'snn.sws': bytes('eight') }));
    expect(Buffer.from(await readArtefact(await store.obtain(request, never), 'snn.sws')).toString()).toBe('four');
    expect(Buffer.from(await readArtefact(await store.obtain(other, never), 'snn.sws')).toString()).toBe('eight');
  });

  test.each([
    ['an output altered', (folder: string) => writeFileSync(join(folder, 'snn.sws'), 'two')],
    ['an output cut short', (folder: string) => writeFileSync(join(folder, 'snn.sws'), '')],
    ['an output removed', (folder: string) => rmSync(join(folder, 'snn.sws'))],
    ['the record removed', (folder: string) => rmSync(join(folder, 'stage.json'))],
    ['a record that is no JSON', (folder: string) => writeFileSync(join(folder, 'stage.json'), '{')],
    [
      'a record of another key',
      (folder: string) => {
        const record = JSON.parse(readFileSync(join(folder, 'stage.json'), 'utf8'));
        writeFileSync(join(folder, 'stage.json'), JSON.stringify({ ...record, key: 'b'.repeat(64) }));
      },
    ],
    [
      'a record that names a file elsewhere',
      (folder: string) => {
        const record = JSON.parse(readFileSync(join(folder, 'stage.json'), 'utf8'));
        record.outputs[0].file = '../stolen';
        writeFileSync(join(folder, 'stage.json'), JSON.stringify(record));
      },
    ],
  ])('makes a stage again with %s', async (_what, damage) => {
    const store = await Store.open(root);
    const { folder } = await store.obtain(request, async () => ({ 'snn.sws': bytes('one') }));
    damage(folder);
    const again = await store.obtain(request, async () => ({ 'snn.sws': bytes('one') }));
    expect(again.reused).toBe(false);
    expect((await store.obtain(request, never)).reused).toBe(true);
  });

  test('leaves nothing of a stage whose making failed', async () => {
    const store = await Store.open(root);
    await expect(store.obtain(request, never)).rejects.toThrow('was made again');
    expect(readdirSync(root)).toEqual([]);
  });

  test('leaves nothing of a stage that cannot be written whole, and says where', async () => {
    const store = await Store.open(root);
    // A name with a missing folder in it: the second output fails after the first was written.
    const failing = store.obtain(request, async () => ({ 'snn.sws': bytes('one'), 'no/such': bytes('two') }));
    await expect(failing).rejects.toMatchObject({ diagnostics: [{ code: 'SW6012' }] });
    expect(readdirSync(root)).toEqual([]);
  });

  test('takes the stage of whoever was first when two make it at once', async () => {
    const [first, second] = [await Store.open(root), await Store.open(root)];
    const make = (text: string) => async () => ({ 'snn.sws': bytes(text) });
    const both = await Promise.all([first.obtain(request, make('one')), second.obtain(request, make('one'))]);
    for (const artefacts of both) {
      expect(Buffer.from(await readArtefact(artefacts, 'snn.sws')).toString()).toBe('one');
    }
    expect(readdirSync(root)).toHaveLength(1);
  });

  test('clears what a killed process left, and only that', async () => {
    // Process numbers end far below 2³¹, so that no such process lives.
    const abandoned = join(root, `.unfinished-${2 ** 31 - 2}-00000000`);
    const alive = join(root, `.unfinished-${process.ppid}-00000000`);
    const foreign = join(root, 'notes');
    for (const folder of [abandoned, alive, foreign]) mkdirSync(folder);
    await Store.open(root);
    expect([abandoned, alive, foreign].map(existsSync)).toEqual([false, true, true]);
  });

  test('keeps a checkpoint until its stage is finished', async () => {
    const store = await Store.open(root);
    expect(await store.loadCheckpoint(request)).toBeNull();
    await store.saveCheckpoint(request, bytes('half'));
    await store.saveCheckpoint(request, bytes('more'));
    expect(Buffer.from((await store.loadCheckpoint(request))!).toString()).toBe('more');
    await store.obtain(request, async () => ({ 'snn.sws': bytes('one') }));
    expect(await store.loadCheckpoint(request)).toBeNull();
  });
});

describe('the key of a stage', () => {
  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (options) => {
        const reversed = Object.fromEntries(Object.entries(options).reverse());
        expect(stageKey({ ...request, options: reversed })).toBe(stageKey({ ...request, options }));
      }),
    );
  });

  test('changes with stage, inputs and options', () => {
    const keys = [
      request,
      { ...request, stage: 'finetune' },
      { ...request, inputs: { ann: 'b'.repeat(64) } },
      { ...request, inputs: { snn: 'a'.repeat(64) } },
      { ...request, options: { timesteps: 5 } },
    ].map(stageKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
