import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nirGraph } from '../../../compiler/export/nir.js';
import { importNir } from '../../../compiler/import/nir.js';
import { lower } from '../../../compiler/lower.js';
import type { NirArray, NirGraph, NirNode } from '../../../compiler/nir-graph.js';
import { runSpikeGraph } from '../../../compiler/spike-run.js';
import { SpikewrightError } from '../../../schemas/diagnostic.js';
import { layerShapes } from '../../../schemas/layer-shapes.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import { snnDag } from '../../property/arbitrary-dag.js';
import { randomImages } from '../../property/arbitrary-spike.js';
import { expectDiagnosticOrValue } from '../../schemas/hostile.js';

/** Of the file, which bounds what kernels may take. */
const SIZE = 1 << 16;
const asNoted = { timesteps: null, dt: 1 };

/** With the reset that NIR has. */
function hardReset(snn: SnnGraph): SnnGraph {
  const layers = snn.layers.map((layer) => (layer.kind === 'neuron' ? { ...layer, reset: 'hard' as const } : layer));
  return { ...snn, layers };
}

/** Null where flattened vectors are added in orders that NIR has not. */
function exportIfPossible(snn: SnnGraph): NirGraph | null {
  try {
    return nirGraph(snn);
  } catch (error) {
    expect(error).toBeInstanceOf(SpikewrightError);
    expect((error as SpikewrightError).message).toMatch(/SW1051 .*order/);
    return null;
  }
}

/** Spikes of each timestep. */
function perStep(timesteps: number): (spikes: Uint8Array) => number[] {
  return (spikes) => {
    const neurons = spikes.length / timesteps;
    return Array.from({ length: timesteps }, (_, t) => {
      return spikes.subarray(t * neurons, (t + 1) * neurons).reduce((sum, spike) => sum + spike, 0);
    });
  };
}

describe('a network sent through NIR', () => {
  it('keeps every spike and its logits', () => {
    let fired = 0;
    let compared = 0;
    fc.assert(
      fc.property(snnDag, fc.nat(), (dag, seed) => {
        const snn = hardReset(dag);
        const sent = exportIfPossible(snn);
        fc.pre(sent !== null);
        const { value } = importNir(sent, SIZE, 'x.nir', asNoted);
        expect(value.timesteps).toBe(snn.timesteps);
        const graph = lower(snn);
        const shapes = layerShapes(snn.layers);
        const image = randomImages(graph.drives[0]!.inputShape, 1, seed);
        const before = runSpikeGraph(graph, image);
        const after = runSpikeGraph(lower(value), image);
        for (const { name, kind } of graph.populations) {
          const [own, other] = [before.get(name)!, after.get(name)];
          if (other === undefined) {
            // What leads nowhere is left out.
            expect(kind).toBe('spiking');
            continue;
          }
          // NIR flattens channels first, which gives the neurons of some vectors another order.
          const arrange = shapes.get(name)!.length === 1 ? perStep(snn.timesteps) : (spikes: Uint8Array) => spikes;
          expect([name, arrange(other.spikes)]).toEqual([name, arrange(own.spikes)]);
          fired += own.spikes.reduce((sum, spike) => sum + spike, 0);
          if (kind !== 'readout') continue;
          for (const [k, logit] of own.membrane.entries()) expect(other.membrane[k]).toBeCloseTo(logit, 4);
          compared += 1;
        }
      }),
      // A weight that a norm was folded into is rounded once more: another seed may find a tie.
      { numRuns: 80, seed: 5 },
    );
    expect(compared).toBeGreaterThan(40);
    expect(fired).toBeGreaterThan(1000);
  });
});

/** Arrays as files hold them. */
const float = (shape: readonly number[], values: readonly number[]): NirArray => {
  return { shape, data: Float32Array.from(values), isWhole: false };
};
const whole = (shape: readonly number[], values: readonly number[]): NirArray => {
  return { shape, data: Float64Array.from(values), isWhole: true };
};
const node = (type: string, parameters: Readonly<Record<string, NirArray | string>>): NirNode => {
  return { type, parameters: new Map(Object.entries(parameters)) };
};

const one = float([1], [1]);
const spiking = { r: one, v_threshold: one };
const square = node('Linear', { weight: float([1, 1], [1]) });

/** A chain of nodes between an Input and an Output. */
function chain(input: readonly number[], nodes: Readonly<Record<string, NirNode>>): NirGraph {
  const all = { in: node('Input', { shape: whole([input.length], input) }), ...nodes, out: node('Output', {}) };
  const names = Object.keys(all);
  const edges = names.slice(1).map((name, k) => [names[k]!, name] as const);
  return { nodes: new Map(Object.entries(all)), edges, metadata: new Map() };
}

/** Spikes of one NIR neuron by Euler steps of its equations, under a constant current. */
function euler(
  { tau, r, threshold, dt }: { tau: number; r: number; threshold: number; dt: number },
  current: number,
  steps: number,
): number[] {
  let v = 0;
  return Array.from({ length: steps }, () => {
    v += (dt / tau) * (-v + r * current);
    const fires = v > threshold;
    if (fires) v = 0;
    return fires ? 1 : 0;
  });
}

/** Spikes of the only neuron of an imported network whose image is one pixel. */
function spikesOf(graph: NirGraph, timesteps: number, dt: number, pixel: number): number[] {
  const { value } = importNir(graph, SIZE, 'x.nir', { timesteps, dt });
  const [neuron] = lower(value).populations;
  return [...runSpikeGraph(lower(value), Float32Array.of(pixel)).get(neuron!.name)!.spikes];
}

describe('the neurons of NIR', () => {
  it('are taken by Euler steps: a leak of 1 − dt/τ and a gain of r·dt/τ', () => {
    const neuron = fc.record({
      tau: fc.double({ min: 2.1e-3, max: 0.1, noNaN: true }).map(Math.fround),
      r: fc.double({ min: 0.5, max: 3, noNaN: true }).map(Math.fround),
      threshold: fc.double({ min: 0.05, max: 1, noNaN: true }).map(Math.fround),
      dt: fc.constantFrom(1e-3, 2e-3, 5e-4),
    });
    let fired = 0;
    fc.assert(
      fc.property(neuron, fc.double({ min: 0.2, max: 1, noNaN: true }).map(Math.fround), (given, pixel) => {
        const { tau, r, threshold, dt } = given;
        const one = (value: number): NirArray => float([1], [value]);
        const linear = node('Linear', { weight: float([1, 1], [1]) });
        const shared = { r: one(r), v_leak: one(0), v_threshold: one(threshold) };
        const lif = node('LIF', { tau: one(tau), ...shared });
        const cuba = node('CubaLIF', {
          tau_mem: one(tau),
          tau_syn: { ...one(dt), data: Float64Array.of(dt) },
          w_in: one(1),
          ...shared,
        });
        const expected = euler(given, pixel, 40);
        fired += expected.reduce((sum, spike) => sum + spike, 0);
        for (const neuron of [lif, cuba]) {
          expect(spikesOf(chain([1], { linear, neuron }), 40, dt, pixel)).toEqual(expected);
        }
      }),
      { numRuns: 40, seed: 5 },
    );
    expect(fired).toBeGreaterThan(100);
  });

  it('fire above their threshold, not at it', () => {
    const linear = node('Linear', { weight: float([1, 1], [0.5]) });
    const neuron = node('IF', { r: one, v_threshold: one });
    // Half the threshold a step: at the second it is reached, at the third passed.
    expect(spikesOf(chain([1], { linear, neuron }), 6, 1, 1)).toEqual([0, 0, 1, 0, 0, 1]);
  });
});

describe('nodes that other tools write', () => {
  it('become layers: groups, dilation, sums of windows, scales by channel', () => {
    const sent = chain([2, 4, 4], {
      conv: node('Conv2d', {
        // Each channel by itself: its value one row up and one to the left, and twice that one row down and one right.
        weight: float([2, 1, 2, 2], [1, 0, 0, 2, 1, 0, 0, 2]),
        bias: float([2], [0, 1]),
        stride: whole([], [1]),
        padding: whole([2], [1, 1]),
        dilation: whole([2], [2, 2]),
        groups: whole([], [2]),
      }),
      sum: node('SumPool2d', {
        kernel_size: whole([2], [2, 2]),
        stride: whole([2], [2, 2]),
        padding: whole([2], [0, 0]),
      }),
      scale: node('Scale', { scale: float([2, 2, 2], [1, 1, 1, 1, 10, 10, 10, 10]) }),
      flat: node('Flatten', { start_dim: whole([], [0]), end_dim: whole([], [-1]) }),
      dense: node('Linear', {
        weight: float(
          [8, 8],
          Array.from({ length: 64 }, (_, k) => (k % 9 === 0 ? 1 : 0)),
        ),
      }),
    });
    const { value, diagnostics } = importNir(sent, SIZE, 'x.nir', { timesteps: 1, dt: 1 });
    expect(diagnostics.map(({ code }) => code)).toEqual(['SW1035']);
    const graph = lower(value);
    const image = randomImages([4, 4, 2], 1, 3);
    const at = (y: number, x: number, c: number): number =>
      y < 0 || x < 0 || y > 3 || x > 3 ? 0 : image[(y * 4 + x) * 2 + c]!;
    const expected = [0, 1].flatMap((c) =>
      [0, 2].flatMap((y) =>
        [0, 2].map((x) => {
          const window = [0, 1].flatMap((dy) => [0, 1].map((dx) => [y + dy, x + dx] as const));
          const sum = window.reduce((sum, [y, x]) => sum + at(y - 1, x - 1, c) + 2 * at(y + 1, x + 1, c) + c, 0);
          return c === 0 ? sum : 10 * sum;
        }),
      ),
    );
    const readout = runSpikeGraph(graph, image).get(graph.populations.at(-1)!.name)!.membrane;
    for (const [k, logit] of expected.entries()) expect(readout[k]).toBeCloseTo(logit, 4);
  });

  it.each<[string, RegExp, Readonly<Record<string, NirNode>>]>([
    ['an unknown type', /node a: nodes of type "Avgpool2d".*Did you mean AvgPool2d/, { a: node('Avgpool2d', {}) }],
    ['memoryless neurons', /nodes of type "Threshold"/, { square, a: node('Threshold', { threshold: one }) }],
    ['a reset elsewhere', /its v_reset is 1; 0 is read/, { square, a: node('IF', { ...spiking, v_reset: one }) }],
    ['a leak elsewhere', /its v_leak is 1/, { square, a: node('LIF', { ...spiking, tau: one, v_leak: one }) }],
    [
      'unlike thresholds',
      /its v_threshold differs/,
      { square, a: node('IF', { r: one, v_threshold: float([2], [1, 2]) }) },
    ],
    [
      'a time constant of one step',
      /must be longer/,
      { square, a: node('LIF', { ...spiking, tau: one, v_leak: float([1], [0]) }) },
    ],
    ['no weight', /it has no weight/, { a: node('Linear', {}) }],
    ['a weight in words', /its weight is "much"/, { a: node('Linear', { weight: 'much' }) }],
  ])('are refused with %s', (_, message, nodes) => {
    expect(() => importNir(chain([1], nodes), SIZE, 'x.nir', { timesteps: 4, dt: 1 })).toThrow(message);
  });

  it('are refused in loops, and without timesteps', () => {
    const nodes = new Map(
      Object.entries({
        in: node('Input', { shape: whole([1], [1]) }),
        a: node('IF', spiking),
        b: square,
        out: node('Output', {}),
      }),
    );
    const edges = [
      ['in', 'a'],
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'out'],
    ] as const;
    const loop = { nodes, edges, metadata: new Map() };
    expect(() => importNir(loop, SIZE, 'x.nir', { timesteps: 4, dt: 1 })).toThrow(
      /SW1051 .*node [ab]: it hears itself/,
    );
    expect(() => importNir(chain([1], { square }), SIZE, 'x.nir', asNoted)).toThrow(/SW1052/);
  });
});

describe('senseless graphs', () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom(0.5, 1e30, 2 ** 31, -(2 ** 31)));
  const change = fc.record({
    kind: fc.constantFrom('drop', 'number', 'shape', 'type', 'text', 'rewire', 'lose'),
    part: fc.nat(0xffff),
    other: fc.nat(0xffff),
    number,
    type: fc.constantFrom(
      'Affine',
      'Linear',
      'Conv2d',
      'SumPool2d',
      'Flatten',
      'Scale',
      'IF',
      'LIF',
      'CubaLIF',
      'Input',
    ),
  });

  it('get diagnostics alone', () => {
    const sent = fc.sample(snnDag, { numRuns: 12, seed: 9 }).flatMap((snn) => exportIfPossible(hardReset(snn)) ?? []);
    fc.assert(
      fc.property(fc.constantFrom(...sent), fc.array(change, { minLength: 1, maxLength: 3 }), (graph, changes) => {
        const nodes = new Map(
          [...graph.nodes].map(([name, node]) => [name, { ...node, parameters: new Map(node.parameters) }]),
        );
        const edges = graph.edges.map(([from, to]): [string, string] => [from, to]);
        for (const { kind, part, other, number, type } of changes) {
          const names = [...nodes.keys()];
          const name = names[part % names.length]!;
          const node = nodes.get(name)!;
          const keys = [...node.parameters.keys()];
          const key = keys[other % keys.length] ?? 'none';
          const value = node.parameters.get(key);
          if (kind === 'drop') node.parameters.delete(key);
          else if (kind === 'type') nodes.set(name, { ...node, type });
          else if (kind === 'text') node.parameters.set(key, 'same');
          else if (kind === 'lose' && names.length > 1) nodes.delete(name);
          else if (kind === 'rewire' && edges.length > 0) edges[part % edges.length]![other % 2] = name;
          else if (typeof value === 'object') {
            const data = value.data.map((entry, k) =>
              kind === 'number' && k === part % value.data.length ? number : entry,
            );
            const shape = kind === 'shape' ? value.shape.toReversed() : value.shape;
            node.parameters.set(key, { ...value, data, shape });
          }
        }
        expectDiagnosticOrValue(() => importNir({ ...graph, nodes, edges }, SIZE, 'x.nir', { timesteps: 2, dt: 1 }));
      }),
      { numRuns: 3000 },
    );
  });
});
