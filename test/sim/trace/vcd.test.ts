import { describe, expect, it } from 'vitest';
import type { Program } from '../../../schemas/program.js';
import { parseProbe } from '../../../sim/probe.js';
import type { TimingMode } from '../../../sim/sample-result.js';
import { Simulator } from '../../../sim/simulate.js';
import { VcdWriter } from '../../../sim/trace/vcd.js';
import { tinyTarget } from '../tiny-target.js';
import { scene } from './scene.js';

/** Values over time of every variable: [time, value] at each change, the value null where it is unknown. */
function readVcd(text: string): Map<string, [time: number, value: number | null][]> {
  const [head, body] = text.split('$enddefinitions $end\n');
  const names = new Map<string, string>();
  const scopes: string[] = [];
  for (const line of head!.split('\n')) {
    const [word, ...rest] = line.split(' ');
    if (word === '$scope') scopes.push(rest[1]!);
    if (word === '$upscope') scopes.pop();
    if (word === '$var') names.set(rest[2]!, [...scopes.slice(1), rest[3]!].join('.'));
  }
  const changes = new Map([...names.values()].map((name) => [name, [] as [number, number | null][]]));
  let time = -1;
  for (const line of body!.trimEnd().split('\n')) {
    if (line.startsWith('#')) {
      const next = Number(line.slice(1));
      expect(next).toBeGreaterThan(time);
      time = next;
      continue;
    }
    if (line === '$dumpvars' || line === '$end') continue;
    const wide = /^b([01]+|x) (\S+)$/.exec(line);
    const whole = wide?.[1] === 'x' ? null : Number.parseInt(wide?.[1] ?? '', 2) | 0;
    const [code, value] = wide ? [wide[2]!, whole] : [line.slice(1), Number(line[0])];
    changes.get(names.get(code)!)!.push([time, value]);
  }
  return changes;
}

function waveform(program: Program, probes: readonly string[], timing: TimingMode, drives: readonly number[][]) {
  let text = '';
  const found = probes.flatMap((probe) => parseProbe(probe, program, timing));
  const observer = new VcdWriter(program, found, (part) => {
    text += part;
  });
  const simulator = new Simulator(program, tinyTarget(), { timing });
  let duration = 0;
  drives.forEach((drive, sample) => {
    const { time } = simulator.run([Int32Array.from(drive)], { observer, first: sample });
    duration += time === null ? program.stepsPerSample * 1_000_000 : time.hostLoad + time.running;
  });
  expect(text).toMatch(new RegExp(`\n#${duration}\n$`));
  return readVcd(text);
}

describe('a waveform', () => {
  it('shows spikes, membranes and queues at their picoseconds', () => {
    const changes = waveform(scene, ['spikes:a', 'membrane:out', 'queue:0/1'], 'cycle', [[1, 0, 1]]);
    // The host loads for 7 µs. Neurons 0 and 2 fire: messages at 18 ns and at 8 + 10 + 5 + 8 + 10 = 41 ns.
    const start = 7_000_000;
    expect(changes.get('a.spikes_0')).toEqual([
      [0, 0],
      [start, 1],
      [start + 1_053_000, 0],
    ]);
    expect(changes.get('a.spikes_1')).toEqual([[0, 0]]);
    expect(changes.get('queues.chip_0_core_1')).toEqual([
      [0, 0],
      [start + 22_000, 1],
      [start + 30_000, 0],
      [start + 45_000, 1],
      [start + 53_000, 0],
    ]);
    // Timestep 1 begins after the last message (53 ns) and the barrier (1 µs): two spikes of weights 1 and −2.
    expect(changes.get('out.membrane_0')).toEqual([
      [0, null],
      [start, 0],
      [start + 1_053_000, 2],
    ]);
    expect(changes.get('out.membrane_1')).toEqual([
      [0, null],
      [start, 0],
      [start + 1_053_000, -4],
    ]);
  });

  it('counts the messages of links in each timestep, knows nothing where its probe does not look, and ends with the last timestep', () => {
    // Core 0 on tile (0, 0) sends to core 4 on tile (2, 0): two links east, and none of the board's other 18.
    const [source, sink] = scene.cores;
    const apart: Program = {
      ...scene,
      cores: [
        { ...source!, axonsOut: { ...source!.axonsOut, core: Uint16Array.of(4, 4, 4) } },
        { ...sink!, core: 4 },
      ],
    };
    const changes = waveform(apart, ['links@0', 'membrane:out[1]@1'], 'cycle', [
      [1, 0, 1],
      [0, 1, 0],
    ]);
    const links = [...changes].filter(([name]) => name.startsWith('links.'));
    expect(links).toHaveLength(20);
    const used = links.filter(([, values]) => values.some(([, value]) => value !== null && value > 0));
    expect(used.map(([name]) => name)).toEqual(['links.tile_0_0_east', 'links.tile_1_0_east']);
    const valuesOf = (name: string) => changes.get(name)!.map(([, value]) => value);
    for (const [, values] of used) expect(values.map(([, value]) => value)).toEqual([null, 2, null, 1, null]);
    expect(valuesOf('links.tile_0_0_south')).toEqual([null, 0, null, 0, null]);
    expect(valuesOf('out.membrane_1')).toEqual([null, -4, null, -2]);
  });

  it('shows the neurons of a core, each once, whoever else looks at them', () => {
    const all = waveform(scene, ['spikes:a', 'membrane:out'], 'cycle', [[1, 0, 1]]);
    const ofCores = waveform(scene, ['spikes:0/0', 'membrane:0/1'], 'cycle', [[1, 0, 1]]);
    expect(ofCores).toEqual(all);
    expect(
      waveform(scene, ['spikes:0/0', 'spikes:a[1-2]', 'membrane:out', 'membrane:0/1'], 'cycle', [[1, 0, 1]]),
    ).toEqual(all);
    // Neuron 2 of "a" on another core.
    const [source, sink] = scene.cores;
    const range = source!.ranges[0]!;
    const apart: Program = {
      ...scene,
      cores: [
        { ...source!, ranges: [{ ...range, neurons: range.neurons.slice(0, 2) }] },
        { ...sink!, ranges: [...sink!.ranges, { population: 0, first: 2, neurons: Int32Array.of(2) }] },
      ],
    };
    const text: string[] = [];
    const probes = parseProbe('spikes:0/1', apart, 'off');
    new VcdWriter(apart, probes, (part) => text.push(part)).step({
      tick: 0,
      sample: 0,
      step: 0,
      at: scene.populations.map(() => ({ sample: 0, step: 0 })),
      machine: new Simulator(scene, tinyTarget(), { timing: 'off' }).machine,
      start: null,
      time: null,
      linkMessages: null,
    });
    expect(text.join('')).toContain('module a $end\n$var wire 1 # spikes_2 $end\n$upscope');
  });

  it('counts a step as a microsecond without timing, and puts samples one after another', () => {
    const changes = waveform(scene, ['spikes:a[1]'], 'off', [
      [0, 1, 0],
      [0, 1, 0],
    ]);
    expect([...changes.keys()]).toEqual(['sample', 'timestep', 'a.spikes_1']);
    expect(changes.get('a.spikes_1')).toEqual([
      [0, 0],
      [0, 1],
      [1_000_000, 0],
      [2_000_000, 1],
      [3_000_000, 0],
    ]);
    expect(changes.get('sample')).toEqual([
      [0, null],
      [0, 0],
      [2_000_000, 1],
    ]);
  });

  it('gives every variable an identifier of its own, however many there are', () => {
    const neurons = 94 * 94 + 200;
    const program = {
      ...scene,
      populations: [{ ...scene.populations[0]!, shape: [1, 1, neurons] as const }, scene.populations[1]!],
    };
    const codes: string[] = [];
    const probe = { kind: 'spikes', population: 0, core: null, first: 0, end: neurons, from: 0, to: 1 } as const;
    const observer = new VcdWriter(program, [probe], (text) => {
      const code = /^\$var \S+ \d+ (\S+) /.exec(text)?.[1];
      if (code !== undefined) codes.push(code);
    });
    new Simulator(scene, tinyTarget(), { timing: 'off' }).run([new Int32Array(3)], {
      observer,
      first: 0,
    });
    expect(new Set(codes).size).toBe(neurons + 2);
  });
});
