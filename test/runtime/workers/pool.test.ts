import { threadId } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { mapTask, openPool } from '../../../runtime/workers/pool.js';
import type { Task } from '../../../runtime/workers/task.js';
import type { SpikewrightError } from '../../../schemas/diagnostic.js';
// @ts-expect-error plain JavaScript without declarations, since threads cannot load TypeScript
import { squares as untyped } from './squares.mjs';

const squares = untyped as Task<
  {
    offset: number | null;
    deaths?: SharedArrayBuffer;
    later?: SharedArrayBuffer;
    diesLater?: boolean;
    startMillis?: number;
  },
  { value: number; millis: number },
  { result: Float32Array; started: number; atOnce: number; thread: number }
>;

/** Inputs 0, 1, …; the earlier the slower, so that threads finish out of order. */
function inputs(count: number): { value: number; millis: number }[] {
  return Array.from({ length: count }, (_, value) => ({ value, millis: (count - value) * 4 }));
}

/** Two inputs so slow that others should help with the 297 that follow the third, for which `third` stands, even where a start takes seconds. */
function slowThenMany(third: number): { value: number; millis: number }[] {
  return Array.from({ length: 300 }, (_, k) => ({ value: k === 2 ? third : k, millis: k < 2 ? 400 : 0 }));
}

async function rejection(promise: Promise<unknown>): Promise<SpikewrightError> {
  try {
    await promise;
  } catch (error) {
    return error as SpikewrightError;
  }
  throw new Error('did not reject');
}

describe('mapping a task', () => {
  it('gives the same outputs in input order for any number of workers', async () => {
    const runs: number[][] = [];
    for (const workers of [1, 2, 3, 9]) {
      const outputs = await mapTask(squares, { offset: 10 }, inputs(7), { workers });
      runs.push(outputs.map(({ result }) => result[0]!));
    }
    expect(runs).toEqual(new Array(4).fill([10, 11, 14, 19, 26, 35, 46]));
  });

  it('does nothing for no inputs', async () => {
    expect(await mapTask(squares, { offset: 0 }, [], { workers: 2 })).toEqual([]);
  });

  it('starts the task once per thread, also over several maps', async () => {
    const pool = openPool(squares, { offset: 0 }, { workers: 2 });
    await pool.map(inputs(5));
    const again = await pool.map(inputs(5));
    expect(again.map(({ started }) => started)).toEqual([1, 1, 1, 1, 1]);
    await pool.close();
  });

  it('reports progress after each input', async () => {
    for (const workers of [1, 2]) {
      const seen: string[] = [];
      await mapTask(squares, { offset: 0 }, inputs(3), {
        workers,
        progress: (done, total) => seen.push(`${done}/${total}`),
      });
      expect(seen).toEqual(['1/3', '2/3', '3/3']);
    }
  });

  it('rejects with the first failure in input order, diagnostics intact', async () => {
    // Input 1 fails after 60 ms (its thread is busy with input 0), input 2 at once: input 1 must win.
    const failing = [
      { value: 0, millis: 60 },
      { value: 5, millis: 0 },
      { value: -1, millis: 0 },
      { value: -2, millis: 0 },
    ];
    for (const workers of [1, 2, 4]) {
      const error = await rejection(mapTask(squares, { offset: 0 }, failing, { workers }));
      expect(error.diagnostics).toEqual([
        { code: 'SW5001', severity: 'error', where: 'image 7', what: 'spoilt', why: '', fix: '' },
      ]);
    }
  });

  it('passes plain errors on, also those of the start', async () => {
    for (const workers of [1, 2]) {
      const spoilt = [
        { value: -2, millis: 0 },
        { value: 1, millis: 0 },
      ];
      expect((await rejection(mapTask(squares, { offset: 0 }, spoilt, { workers }))).message).toBe('plain');
      expect((await rejection(mapTask(squares, { offset: null }, inputs(2), { workers }))).message).toBe('no offset');
    }
  });

  it('rejects with the error of an input that cannot be had, once those before it are done', async () => {
    for (const workers of [1, 2, 4]) {
      const seen: number[] = [];
      const spoilt = {
        length: 9,
        at: (value: number) => {
          if (value >= 5) throw new RangeError(`no input ${value}`);
          return { value, millis: 5 };
        },
      };
      const pool = openPool(squares, { offset: 0 }, { workers });
      const running = pool.each(spoilt, ({ result }) => seen.push(result[0]!));
      expect((await rejection(running)).message).toBe('no input 5');
      expect(seen).toEqual([0, 1, 4, 9, 16]);
      await pool.close();
    }
  });

  it('tries an input whose thread dies again on a fresh thread, to the same outputs', async () => {
    const dying = [4, -5, 6, -6, 8, 9].map((value) => ({ value, millis: 1 }));
    for (const workers of [2, 3]) {
      // −5 ends its thread twice, −6 throws where nobody catches it, once; both are then squared.
      const deaths = new SharedArrayBuffer(8);
      const outputs = await mapTask(squares, { offset: 0, deaths }, dying, { workers });
      expect(outputs.map(({ result }) => result[0])).toEqual([16, 25, 36, 36, 64, 81]);
      expect([...new Int32Array(deaths)]).toEqual([3, 2]);
    }
  });

  it('hands outputs over in order and keeps few of them', async () => {
    const pool = openPool(squares, { offset: 0 }, { workers: 2 });
    let asked = 0;
    let consumed = 0;
    let ahead = 0;
    const many = {
      length: 60,
      at: (index: number) => {
        asked = Math.max(asked, index + 1);
        ahead = Math.max(ahead, asked - consumed);
        // The first takes longer than all that may be tried meanwhile.
        return { value: index, millis: index === 0 ? 100 : 0 };
      },
    };
    const seen: number[] = [];
    await pool.each(many, ({ result }) => {
      consumed++;
      seen.push(result[0]!);
    });
    await pool.close();
    expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index * index));
    expect(ahead).toBeLessThanOrEqual(8);
  });

  it('moves what an input gives away, and copies all else', async () => {
    for (const workers of [1, 2]) {
      const made: Float32Array[] = [];
      const at = (value: number) => {
        made.push(new Float32Array(2), new Float32Array(2));
        return { value, millis: 0, given: made.at(-2)!, kept: made.at(-1)! };
      };
      const pool = openPool(squares, { offset: 0 }, { workers });
      await pool.each({ length: 3, at, moved: ({ given }: ReturnType<typeof at>) => [given] }, () => undefined);
      await pool.close();
      expect(made.map(({ length }) => length)).toEqual([0, 2, 0, 2, 0, 2]);
    }
  });

  it('has a thread run its inputs one at a time, with the next at hand while many are left', async () => {
    const pool = openPool(squares, { offset: 0 }, { workers: 2 });
    let asked = 0;
    const lead: number[] = [];
    const mostAtOnce: number[] = [];
    const at = (value: number) => {
      asked++;
      return { value, millis: 2 };
    };
    await pool.each(
      { length: 20, at },
      ({ atOnce }) => mostAtOnce.push(atOnce),
      (done) => lead.push(asked - done),
    );
    await pool.close();
    expect(Math.max(...mostAtOnce)).toBe(1);
    // When one has come back, and before its thread is handed another, the other thread has two and this one one.
    expect([lead[0], Math.max(...lead)]).toEqual([3, 3]);
  });

  it('gives few inputs to all threads', async () => {
    const pool = openPool(squares, { offset: 0 }, { workers: 3 });
    const outputs = await pool.map(inputs(3));
    await pool.close();
    expect(new Set(outputs.map(({ thread }) => thread)).size).toBe(3);
  });

  it('has one alone do what takes it less time than a start', async () => {
    for (const first of ['caller', 'thread'] as const) {
      const options = { workers: 3, first };
      const outputs = await mapTask(squares, { offset: 0, startMillis: 400 }, inputs(6), options);
      expect(outputs.map(({ result }) => result[0])).toEqual([0, 1, 4, 9, 16, 25]);
      expect(new Set(outputs.map(({ thread }) => thread)).size).toBe(1);
      expect(outputs[0]!.thread === threadId).toBe(first === 'caller');
    }
  });

  it('has others join the one that began, once they have started, where what is left takes longer than that', async () => {
    for (const first of ['caller', 'thread'] as const) {
      // The third input ends only after one of another thread.
      const values = slowThenMany(-7);
      const setup = { offset: 0, later: new SharedArrayBuffer(8) };
      const outputs = await mapTask(squares, setup, values, { workers: 2, first });
      expect(outputs.map(({ result }) => result[0])).toEqual(values.map(({ value }) => value ** 2));
      expect(new Set(outputs.map(({ thread }) => thread)).size).toBe(2);
      expect(outputs[1]!.thread).toBe(outputs[0]!.thread);
    }
  });

  it('goes on without a thread that dies before it has joined', async () => {
    const setup = { offset: 0, later: new SharedArrayBuffer(8), diesLater: true };
    const outputs = await mapTask(squares, setup, slowThenMany(-8), { workers: 2, first: 'caller' });
    expect(outputs.length).toBe(300);
    expect(new Set(outputs.map(({ thread }) => thread))).toEqual(new Set([threadId]));
  });

  it('rejects with what the consumer throws', async () => {
    for (const workers of [1, 2]) {
      const pool = openPool(squares, { offset: 0 }, { workers });
      const spoil = ({ result }: { result: Float32Array }) => {
        if (result[0] === 4) throw new RangeError('full');
      };
      expect((await rejection(pool.each({ length: 9, at: (k) => inputs(9)[k] }, spoil))).message).toBe('full');
      await pool.close();
    }
  });

  it('turns a thread that dies again and again into a diagnostic', async () => {
    const spoilt = [
      { value: 1, millis: 0 },
      { value: -3, millis: 0 },
    ];
    const error = await rejection(mapTask(squares, { offset: 0 }, spoilt, { workers: 2 }));
    expect(error.diagnostics[0]).toMatchObject({ code: 'SW5009', what: 'it ended early: exit code 5' });
  });

  it('says which compiled module is missing', async () => {
    const unbuilt = { ...squares, module: new URL('./unbuilt.ts', import.meta.url).href };
    const error = await rejection(mapTask(unbuilt, { offset: 0 }, inputs(2), { workers: 2 }));
    expect(error.diagnostics[0]).toMatchObject({ code: 'SW5009', fix: 'Run npm run build.' });
  });

  it('stops in the middle of an input', async () => {
    for (const workers of [1, 2]) {
      const endless = [
        { value: 1, millis: 0 },
        { value: -4, millis: 0 },
      ];
      const abort = new AbortController();
      const running = mapTask(squares, { offset: 0 }, endless, {
        workers,
        signal: abort.signal,
        progress: () => setTimeout(() => abort.abort(new Error('enough')), 20),
      });
      expect((await rejection(running)).message).toBe('enough');
    }
  });

  it('stops when told to', async () => {
    for (const workers of [1, 2]) {
      const abort = new AbortController();
      const finished: number[] = [];
      const running = mapTask(squares, { offset: 0 }, inputs(50), {
        workers,
        signal: abort.signal,
        progress: (done) => {
          finished.push(done);
          abort.abort(new Error('enough'));
        },
      });
      expect((await rejection(running)).message).toBe('enough');
      expect(finished).toEqual([1]);
    }
  });
});
