import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProbe, probeName } from '../../sim/probe.js';
import { ProbeRecorder } from '../../sim/probe-recorder.js';
import { Simulator } from '../../sim/simulate.js';
import { arbitraryCase, overlappingCase } from './arbitrary-program.js';
import { tinyTarget } from './tiny-target.js';
import { scene } from './trace/scene.js';

/** Tables in memory: rows by table name. */
function memoryTables() {
  const tables = new Map<string, number[][]>();
  const open = (name: string) => {
    const rows: number[][] = [];
    tables.set(name, rows);
    return {
      append(...row: readonly number[]) {
        rows.push([...row]);
      },
    };
  };
  return { tables, open };
}

describe('probes', () => {
  it('are read with their layer, neurons, core and timesteps', () => {
    const neurons = (kind: string, population: number, first: number, end: number, from: number) => {
      return { kind, population, core: null, first, end, from, to: 1 };
    };
    expect(parseProbe('spikes:a', scene, 'off')).toEqual([neurons('spikes', 0, 0, 3, 0)]);
    expect(parseProbe('membrane:out[1]@1', scene, 'off')).toEqual([neurons('membrane', 1, 1, 2, 1)]);
    expect(parseProbe('queue:0/1@0-1', scene, 'cycle')).toEqual([{ kind: 'queue', core: 1, from: 0, to: 1 }]);
    expect(parseProbe('packets', scene, 'cycle')).toEqual([{ kind: 'packets', core: null, from: 0, to: 1 }]);
    const [probe] = parseProbe('spikes:a[0-1]@1', scene, 'off');
    expect(probeName(probe!, scene)).toBe('spikes.a.neurons-0-1.steps-1-1');
  });

  it('of the neurons of a core are one for each of its layers, unless a layer has such a name', () => {
    const { ranges, ...rest } = scene.cores[1]!;
    const [source, sink] = scene.cores;
    const [a, out] = scene.populations;
    const mixed = {
      ...rest,
      ranges: [
        { ...ranges[0]!, neurons: Int32Array.of(1) },
        { ...ranges[0]!, population: 0, first: 1, neurons: Int32Array.of(0) },
      ],
    };
    const program = { ...scene, cores: [source!, mixed] };
    const steps = { from: 1, to: 1 };
    const found = parseProbe('membrane:0/1@1', program, 'off');
    expect(found).toEqual([
      { kind: 'membrane', population: 0, core: 1, first: 0, end: 3, ...steps },
      { kind: 'membrane', population: 1, core: 1, first: 0, end: 2, ...steps },
    ]);
    expect(found.map((probe) => probeName(probe, program))).toEqual([
      'membrane.a.chip-0.core-1.steps-1-1',
      'membrane.out.chip-0.core-1.steps-1-1',
    ]);
    const named = { ...scene, populations: [{ ...a!, name: '0/1' }, out!] };
    expect(parseProbe('spikes:0/1', named, 'off')).toMatchObject([{ population: 0, core: null }]);
    const padding = { ...scene, cores: [source!, { ...sink!, ranges: [] }] };
    expect(() => parseProbe('spikes:0/1', padding, 'off')).toThrow('core 0/1 holds no neurons');
  });

  it.each([
    ['SW3020', 'spike', 'cycle'],
    ['SW3020', 'volts:a', 'cycle'],
    ['SW3020', 'links:a', 'cycle'],
    ['SW3020', 'spikes:a[', 'cycle'],
    ['SW3021', 'spikes', 'cycle'],
    ['SW3021', 'spikes:b', 'cycle'],
    ['SW3021', 'spikes:a[3]', 'cycle'],
    ['SW3021', 'spikes:a[2-1]', 'cycle'],
    ['SW3021', 'queue:0/7', 'cycle'],
    ['SW3021', 'spikes:0/7', 'off'],
    ['SW3021', 'membrane:1/0', 'cycle'],
    ['SW3021', 'membrane:0/1@2', 'cycle'],
    ['SW3020', 'spikes:0/1[0]', 'cycle'],
    ['SW3021', 'links@2', 'cycle'],
    ['SW3021', 'links@1-0', 'cycle'],
    ['SW3022', 'queue', 'analytic'],
    ['SW3022', 'packets:0/1', 'off'],
    ['SW3022', 'links', 'off'],
  ] as const)('%s: %s with timing %s', (code, text, timing) => {
    expect(() => parseProbe(text, scene, timing)).toThrow(code);
  });

  it('that name no core of the program are told which it has', () => {
    for (const text of ['queue:0/7', 'spikes:0/7', 'membrane:0/7']) {
      expect(() => parseProbe(text, scene, 'cycle')).toThrow(/no core 0\/7; it uses 0\/0, 0\/1\./);
    }
    const cores = Array.from({ length: 11 }, (_, k) => ({ ...scene.cores[0]!, chip: k % 2, core: 20 - k }));
    expect(() => parseProbe('packets:3/0', { ...scene, cores }, 'cycle')).toThrow(
      'uses 0/10, 0/12, 0/14, 0/16, 0/18, 0/20, 1/11, 1/13 and 3 more.',
    );
  });

  it('record spikes, membranes, queues, messages and links', () => {
    const { tables, open } = memoryTables();
    const probes = ['spikes:a', 'membrane:out@1', 'queue', 'packets', 'links'].flatMap((text) => {
      return parseProbe(text, scene, 'cycle');
    });
    const observer = new ProbeRecorder(scene, probes, open);
    const simulator = new Simulator(scene, tinyTarget(), { timing: 'cycle' });
    simulator.run([Int32Array.of(1, 0, 1)], { observer, first: 5 });
    expect(tables.get('spikes.a')).toEqual([
      [5, 0, 0],
      [5, 0, 2],
    ]);
    expect(tables.get('membrane.out.steps-1-1')).toEqual([
      [5, 1, 0, 2],
      [5, 1, 1, -4],
    ]);
    expect(tables.get('queue')).toEqual([[5, 0, 0, 1, 1, 2]]);
    // Compartments 0 and 2, made at 18 and 41 ns, 7 µs after the sample's start.
    expect(tables.get('packets')).toEqual([
      [5, 0, 0, 0, 0, 0, 1, 0, 0, 7_018_000, 7_022_000, 7_022_000, 7_030_000],
      [5, 0, 0, 0, 2, 0, 1, 0, 0, 7_041_000, 7_045_000, 7_045_000, 7_053_000],
    ]);
    expect(tables.get('links')).toEqual([]);
  });

  it('see exactly what the result counts, and change nothing, whether or not samples overlap', () => {
    fc.assert(
      fc.property(fc.oneof(arbitraryCase, overlappingCase), ({ program, target, samples }) => {
        const { tables, open } = memoryTables();
        const texts = program.populations.map(({ name }) => `spikes:${name}`);
        const probes = [...texts, 'packets', 'links', 'queue'].flatMap((text) => parseProbe(text, program, 'cycle'));
        const observer = new ProbeRecorder(program, probes, open);
        const watched = new Simulator(program, target, { timing: 'cycle' });
        const alone = new Simulator(program, target, { timing: 'cycle' });
        const totals = { spikes: 0, messages: 0, hops: 0 };
        const results = watched.runStream(samples, { observer, first: 7 });
        expect(results).toEqual(alone.runStream(samples));
        results.forEach((result, n) => {
          for (const [index, { name, kind }] of program.populations.entries()) {
            if (kind !== 'spiking') continue;
            const steps = tables.get(`spikes.${name}`)!.flatMap(([sample, step]) => (sample === 7 + n ? [step!] : []));
            const bySteps = new Int32Array(program.stepsPerSample);
            for (const step of steps) bySteps[step]!++;
            expect(bySteps).toEqual(result.populations[index]!.spikesByStep);
          }
          const sent = tables.get('packets')!.filter(([sample]) => sample === 7 + n);
          expect(sent.length).toBe(result.messages);
          const carried = tables.get('links')!.filter(([sample]) => sample === 7 + n);
          const onLinks = result.time!.linkMessages.reduce((sum, count) => sum + count, 0);
          expect(carried.reduce((sum, row) => sum + row[5]!, 0)).toBe(onLinks);
          totals.spikes += result.populations.reduce((sum, all) => sum + all.spikesInWindow + all.spikesOutside, 0);
          totals.messages += result.messages;
          totals.hops += result.hops;
        });
        const rows = (prefix: string) => [...tables].flatMap(([name, table]) => (name.startsWith(prefix) ? table : []));
        expect(rows('spikes.').length).toBe(totals.spikes);
        expect(rows('packets').length).toBe(totals.messages);
        expect(rows('links').reduce((sum, row) => sum + row[5]!, 0)).toBe(totals.hops);
        expect(rows('queue').reduce((sum, row) => sum + row[5]!, 0)).toBe(totals.messages);
        for (const row of rows('packets')) {
          const [made, arrived, begin, end] = row.slice(-4) as [number, number, number, number];
          expect(made <= arrived && arrived <= begin && begin <= end).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of single cores see what those of all cores see of them, alone or side by side', () => {
    let rows = 0;
    fc.assert(
      fc.property(fc.oneof(arbitraryCase, overlappingCase), fc.nat(), ({ program, target, samples }, at) => {
        const of = (place: number): string => `${program.cores[place]!.chip}/${program.cores[place]!.core}`;
        const [one, other] = [at % program.cores.length, (at + 1) % program.cores.length];
        const record = (...texts: readonly string[]): number[][][] => {
          const { tables, open } = memoryTables();
          const probes = texts.flatMap((text) => parseProbe(text, program, 'cycle'));
          const observer = new ProbeRecorder(program, probes, open);
          new Simulator(program, target, { timing: 'cycle' }).runStream(samples, { observer });
          return [...tables.values()];
        };
        const [queues, packets] = record('queue', 'packets') as [number[][], number[][]];
        const lead = (table: number[][], place: number, column: number): number[][] => {
          const { chip, core } = program.cores[place]!;
          return table.filter((row) => row[column] === chip && row[column + 1] === core);
        };
        const [oneQueue, otherPackets] = [lead(queues, one, 2), lead(packets, other, 5)];
        expect(record(`queue:${of(one)}`, `packets:${of(other)}`)).toEqual([oneQueue, otherPackets]);
        expect(record(`packets:${of(one)}`)).toEqual([lead(packets, one, 5)]);
        expect(record(`queue:${of(one)}`, 'packets')).toEqual([oneQueue, packets]);
        rows += oneQueue.length + otherPackets.length;
      }),
      { numRuns: 40 },
    );
    expect(rows).toBeGreaterThan(100);
  });

  it('of the neurons of all cores see together what those of the layers see', () => {
    let [rows, shared] = [0, 0];
    fc.assert(
      fc.property(fc.oneof(arbitraryCase, overlappingCase), ({ program, target, samples }) => {
        const record = (of: readonly string[]): Record<'spikes' | 'membrane', Set<string>> => {
          const { tables, open } = memoryTables();
          const probes = (['spikes', 'membrane'] as const).flatMap((kind) =>
            of.flatMap((what) => parseProbe(`${kind}:${what}`, program, 'off')),
          );
          const observer = new ProbeRecorder(program, probes, open);
          new Simulator(program, target, { timing: 'off' }).runStream(samples, { observer });
          const seen = (kind: string): Set<string> => {
            const found = [...tables].filter(([name]) => name.startsWith(`${kind}.`));
            const all = found.flatMap(([name, table]) => table.map((row) => `${name.split('.')[1]} ${row}`));
            const distinct = new Set(all);
            // No neuron is on two cores.
            expect(distinct.size).toBe(all.length);
            rows += all.length;
            return distinct;
          };
          return { spikes: seen('spikes'), membrane: seen('membrane') };
        };
        const cores = program.cores.map(({ chip, core }) => `${chip}/${core}`);
        expect(record(cores)).toEqual(record(program.populations.map(({ name }) => name)));
        shared += program.cores.filter(
          ({ ranges }) => new Set(ranges.map(({ population }) => population)).size > 1,
        ).length;
      }),
      { numRuns: 40 },
    );
    expect(Math.min(rows, shared)).toBeGreaterThan(10);
  });
});
