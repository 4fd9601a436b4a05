import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { perfetto } from '../../../schemas/generated/messages.js';
import { parseProbe } from '../../../sim/probe.js';
import { Simulator } from '../../../sim/simulate.js';
import { PerfettoWriter } from '../../../sim/trace/perfetto.js';
import { arbitraryCase, overlappingCase } from '../arbitrary-program.js';
import { tinyTarget } from '../tiny-target.js';
import { scene } from './scene.js';

const { TYPE_SLICE_BEGIN, TYPE_SLICE_END, TYPE_INSTANT, TYPE_COUNTER } = perfetto.TrackEvent.Type;

interface Slice {
  readonly track: string;
  readonly name: string;
  readonly begin: number;
  end: number;
  readonly flows: readonly number[];
  readonly endsFlows: readonly number[];
}

interface Timeline {
  readonly slices: Slice[];
  readonly counters: Map<string, [time: number, value: number][]>;
  readonly instants: Map<string, [time: number, name: string][]>;
}

/** Slices, counter values and instants by track name; checks that slices nest and that times on a track never descend. */
function readTimeline(bytes: Uint8Array): Timeline {
  const { packet } = perfetto.Trace.decode(bytes);
  const names = new Map<number, string>();
  const open = new Map<string, Slice[]>();
  const lastTime = new Map<string, number>();
  const slices: Slice[] = [];
  const counters: Timeline['counters'] = new Map();
  const instants: Timeline['instants'] = new Map();
  for (const { timestamp, trackDescriptor, trackEvent } of packet) {
    if (trackDescriptor) {
      names.set(Number(trackDescriptor.uuid), trackDescriptor.name || trackDescriptor.process!.processName!);
      continue;
    }
    const { type, trackUuid, name, counterValue, flowIds, terminatingFlowIds } = trackEvent!;
    const track = names.get(Number(trackUuid))!;
    expect(names.has(Number(trackUuid))).toBe(true);
    const time = Number(timestamp);
    expect(time).toBeGreaterThanOrEqual(lastTime.get(track) ?? 0);
    lastTime.set(track, time);
    const stack = open.get(track) ?? [];
    open.set(track, stack);
    if (type === TYPE_SLICE_BEGIN) {
      const slice = {
        track,
        name: name!,
        begin: time,
        end: -1,
        flows: (flowIds ?? []).map(Number),
        endsFlows: (terminatingFlowIds ?? []).map(Number),
      };
      stack.push(slice);
      slices.push(slice);
    } else if (type === TYPE_SLICE_END) {
      const slice = stack.pop()!;
      expect(time).toBeGreaterThanOrEqual(slice.begin);
      slice.end = time;
    } else if (type === TYPE_INSTANT) {
      instants.set(track, [...(instants.get(track) ?? []), [time, name!]]);
    } else {
      expect(type).toBe(TYPE_COUNTER);
      counters.set(track, [...(counters.get(track) ?? []), [time, Number(counterValue)]]);
    }
  }
  for (const stack of open.values()) expect(stack).toEqual([]);
  return { slices, counters, instants };
}

function timeline(probes: readonly string[], samples: number) {
  const parts: Uint8Array[] = [];
  const found = probes.flatMap((probe) => parseProbe(probe, scene, 'cycle'));
  const observer = new PerfettoWriter(scene, found, (bytes) => parts.push(bytes));
  const simulator = new Simulator(scene, tinyTarget(), { timing: 'cycle' });
  for (let sample = 0; sample < samples; sample++) {
    simulator.run([Int32Array.of(1, 1, 1)], { observer, first: sample });
  }
  return readTimeline(Buffer.concat(parts));
}

describe('a timeline', () => {
  it('has each message where it is made and where it is processed, joined by a flow', () => {
    const { slices, counters } = timeline([], 1);
    const start = 7000;
    const sent = slices.filter(({ track }) => track === 'core 0 sends');
    const received = slices.filter(({ track }) => track === 'core 1 receives');
    expect(sent.map(({ name, begin }) => [name, begin - start])).toEqual([
      ['a[0] → 0/1', 18],
      ['a[1] → 0/1', 36],
      ['a[2] → 0/1', 54],
    ]);
    expect(received.map(({ name, begin, end }) => [name, begin - start, end - start])).toEqual([
      ['a[0]', 22, 30],
      ['a[1]', 40, 48],
      ['a[2]', 58, 66],
    ]);
    expect(received.map(({ endsFlows }) => endsFlows)).toEqual(sent.map(({ flows }) => flows));
    expect(new Set(sent.flatMap(({ flows }) => flows)).size).toBe(3);
    expect(counters.get('core 1 input queue')!.map(([time, length]) => [time - start, length])).toEqual([
      [22, 1],
      [30, 0],
      [40, 1],
      [48, 0],
      [58, 1],
      [66, 0],
    ]);
  });

  it('has spikes and membranes, by layer and by core, each once', () => {
    const second = 8066;
    for (const probes of [
      ['spikes:a', 'membrane:out'],
      ['spikes:0/0', 'membrane:0/1'],
      ['spikes:a', 'spikes:0/0', 'membrane:0/1@0-1', 'membrane:out'],
    ]) {
      const { instants, counters } = timeline(probes, 1);
      expect([...instants]).toEqual([['core 0 spikes', [0, 1, 2].map((neuron) => [7000, `a[${neuron}]`])]]);
      // Three spikes of weights 1 and −2.
      const membranes = [3, -6].map((value) => [
        [7000, 0],
        [second, value],
      ]);
      expect([0, 1].map((neuron) => counters.get(`out[${neuron}] membrane`))).toEqual(membranes);
    }
    const { instants, counters } = timeline(['spikes:a@1', 'membrane:out[1]@1', 'membrane:0/0@1'], 1);
    expect(instants.size).toBe(0);
    expect(counters.get('out[1] membrane')).toEqual([[second, -6]]);
    expect(counters.has('out[0] membrane')).toBe(false);
    expect(counters.get('a[2] membrane')!.map(([time]) => time)).toEqual([second]);
  });

  it('names samples and timesteps, one after another', () => {
    const { slices } = timeline([], 2);
    const steps = slices.filter(({ track }) => track === 'timesteps');
    expect(steps.map(({ name }) => name)).toEqual([
      'sample 0',
      'timestep 0',
      'timestep 1',
      'sample 1',
      'timestep 0',
      'timestep 1',
    ]);
    // Timestep 0 lasts until 66 ns and the barrier, timestep 1 two active updates and the barrier.
    expect(steps.map(({ begin, end }) => [begin, end])).toEqual([
      [7000, 9082],
      [7000, 8066],
      [8066, 9082],
      [16_082, 18_164],
      [16_082, 17_148],
      [17_148, 18_164],
    ]);
  });

  it('keeps to the packets that were asked for', () => {
    const tracks = (probe: string) => new Set(timeline([probe], 1).slices.map(({ track }) => track));
    expect(tracks('packets:0/0')).toEqual(new Set(['timesteps']));
    expect(tracks('packets@1')).toEqual(new Set(['timesteps']));
    expect(tracks('packets:0/1@0')).toEqual(new Set(['timesteps', 'core 0 sends', 'core 1 receives']));
  });

  it('counts the messages of links in each timestep that is asked for', () => {
    const parts: Uint8Array[] = [];
    const [source, sink] = scene.cores;
    const axonsOut = { ...source!.axonsOut, core: Uint16Array.of(4, 4, 4) };
    const apart = {
      ...scene,
      cores: [
        { ...source!, axonsOut },
        { ...sink!, core: 4 },
      ],
    };
    const observer = new PerfettoWriter(apart, parseProbe('links', apart, 'cycle'), (bytes) => parts.push(bytes));
    const { time } = new Simulator(apart, tinyTarget(), { timing: 'cycle' }).run([Int32Array.of(1, 1, 1)], {
      observer,
      first: 0,
    });
    const { counters, slices } = readTimeline(Buffer.concat(parts));
    const second = 7000 + time!.timesteps[0]!.duration / 1000;
    for (const tile of [0, 1]) {
      expect(counters.get(`link (${tile}, 0) east`)).toEqual([
        [7000, 3],
        [second, 0],
      ]);
    }
    expect([...counters.keys()].filter((name) => name.startsWith('link'))).toHaveLength(2);
    expect(slices.filter(({ track }) => track === 'core 4 receives')).toHaveLength(3);
  });

  it('has every message of any program once, and its samples in turn, whether or not they overlap', () => {
    let messages = 0;
    fc.assert(
      fc.property(fc.oneof(arbitraryCase, overlappingCase), ({ program, target, samples }) => {
        const parts: Uint8Array[] = [];
        const observer = new PerfettoWriter(program, [], (bytes) => parts.push(bytes));
        const results = new Simulator(program, target, { timing: 'cycle' }).runStream(samples, { observer });
        const { slices } = readTimeline(Buffer.concat(parts));
        const [starts, ends] = [slices.flatMap(({ flows }) => flows), slices.flatMap(({ endsFlows }) => endsFlows)];
        expect(new Set(starts)).toEqual(new Set(ends));
        const sent = results.reduce((sum, result) => sum + result.messages, 0);
        expect([starts.length, ends.length]).toEqual([sent, sent]);
        const steps = slices.filter(({ track }) => track === 'timesteps').map(({ name }) => name);
        expect(steps.filter((name) => name.startsWith('sample'))).toEqual(samples.map((_, n) => `sample ${n}`));
        messages += sent;
      }),
      { numRuns: 30 },
    );
    expect(messages).toBeGreaterThan(1000);
  });
});
