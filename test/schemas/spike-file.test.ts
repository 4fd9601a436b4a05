import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { checkSpikeGraph } from '../../schemas/spike-check.js';
import {
  decodeFloatSpikeGraph,
  decodeIntegerSpikeGraph,
  decodeSpikeGraph,
  encodeSpikeGraph,
} from '../../schemas/spike-file.js';
import { damaged, expectCode, expectDiagnosticOrValue, resealed, truncations } from './hostile.js';
import { floatGraphs, integerGraphs } from './spike-arbitraries.js';

const constant = (value: number) => ({ rows: 1, columns: 1, data: Int32Array.of(value) });
const none = { top: 0, bottom: 0, left: 0, right: 0 };

/** Two by two neurons, pooled to one, joined to two readouts. */
const small: IntegerSpikeGraph = {
  kind: 'spike',
  name: 'small',
  timesteps: 3,
  populations: [
    {
      name: 'eye',
      kind: 'spiking',
      shape: [2, 2, 1],
      phase: 0,
      reset: 'hard',
      decay: constant(0),
      threshold: constant(64),
      bias: constant(0),
      scale: 100,
    },
    {
      name: 'logits',
      kind: 'readout',
      shape: [1, 1, 2],
      phase: 1,
      reset: 'hard',
      decay: constant(0),
      threshold: constant(0),
      bias: { rows: 3, columns: 2, data: Int32Array.of(1, 2, 3, 4, 5, 6) },
      scale: 50,
    },
  ],
  projections: [
    {
      name: 'dense',
      from: 'eye',
      to: 'logits',
      delay: 1,
      pool: [2, 2],
      kernel: { shape: [1, 1, 1, 2], data: Int32Array.of(7, -7) },
      stride: [1, 1],
      padding: none,
    },
  ],
  drives: [
    {
      population: 'eye',
      inputShape: [2, 2, 1],
      mean: [0.5],
      std: [0.25],
      kernel: { shape: [1, 1, 1, 1], data: Float32Array.of(1.5) },
      bias: Float32Array.of(0.25),
      stride: [1, 1],
      padding: none,
      scale: 100,
      grid: { mantissaMax: 4095, exponent: 2 },
    },
  ],
  membraneMax: 8_388_607,
};

/** The small graph with changes to its parts. */
function changed(change: {
  graph?: object;
  eye?: object;
  logits?: object;
  dense?: object;
  drive?: object;
}): IntegerSpikeGraph {
  const [eye, logits] = small.populations;
  return {
    ...small,
    populations: [
      { ...eye!, ...change.eye },
      { ...logits!, ...change.logits },
    ],
    projections: [{ ...small.projections[0]!, ...change.dense }],
    drives: [{ ...small.drives[0]!, ...change.drive }],
    ...change.graph,
  };
}

describe('SpikeGraph files', () => {
  it('give back every graph, and the same bytes again', () => {
    fc.assert(
      fc.property(integerGraphs, (graph) => {
        const bytes = encodeSpikeGraph(graph);
        expect(decodeIntegerSpikeGraph(bytes, 'x.swg')).toEqual(graph);
        expect(encodeSpikeGraph(decodeSpikeGraph(bytes, 'x.swg'))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(floatGraphs, (graph) => {
        const bytes = encodeSpikeGraph(graph);
        expect(decodeFloatSpikeGraph(bytes, 'x.swg')).toEqual(graph);
        expect(encodeSpikeGraph(decodeSpikeGraph(bytes, 'x.swg'))).toEqual(bytes);
      }),
    );
  });

  it('tell floats from integers', () => {
    const float = encodeSpikeGraph(fc.sample(floatGraphs, { numRuns: 1, seed: 1 })[0]!);
    expect(expectCode('SW1002', () => decodeIntegerSpikeGraph(float, 'x'))).toContain('not quantised');
    expect(expectCode('SW1002', () => decodeFloatSpikeGraph(encodeSpikeGraph(small), 'x'))).toContain(
      'quantised already',
    );
  });

  it('refuse every truncation and every flipped byte', () => {
    const bytes = encodeSpikeGraph(small);
    for (const cut of truncations(bytes)) expect(() => decodeSpikeGraph(cut, 'x')).toThrow(/SW100[23]/);
    fc.assert(
      fc.property(damaged(bytes), (bad) => {
        expect(() => decodeSpikeGraph(bad, 'x')).toThrow(/SW100[23]/);
      }),
    );
  });

  it('answer damage behind a right checksum with diagnostics alone', () => {
    const sound = encodeSpikeGraph(small);
    fc.assert(
      fc.property(damaged(sound), (bytes) => expectDiagnosticOrValue(() => decodeSpikeGraph(resealed(bytes), 'x'))),
      { numRuns: 2000 },
    );
  });
});

describe('the check of a SpikeGraph', () => {
  it.each<[string, string, IntegerSpikeGraph]>([
    ['SW1005', 'no timesteps', changed({ graph: { timesteps: 0 } })],
    ['SW1005', 'half a membrane bound', changed({ graph: { membraneMax: 0.5 } })],
    ['SW1005', 'a decay above 4096', changed({ eye: { decay: constant(4097) } })],
    ['SW1005', 'a threshold of 0', changed({ eye: { threshold: constant(0) } })],
    ['SW1005', 'a scale of 0', changed({ eye: { scale: 0 } })],
    [
      'SW1005',
      'a table of too few values',
      changed({ eye: { bias: { rows: 1, columns: 4, data: Int32Array.of(1) } } }),
    ],
    ['SW1005', 'a projection without delay', changed({ dense: { delay: 0 }, logits: { phase: 0 } })],
    ['SW1005', 'a pool of 0', changed({ dense: { pool: [0, 1] } })],
    ['SW1005', 'a drive of deviation 0', changed({ drive: { std: [0] } })],
    ['SW1006', 'no population', { ...small, populations: [], projections: [], drives: [] }],
    ['SW1006', 'two populations of one name', changed({ logits: { name: 'eye' } })],
    ['SW1006', 'a projection from nowhere', changed({ dense: { from: 'ear' } })],
    ['SW1006', 'a projection backwards', changed({ dense: { from: 'eye', to: 'eye' } })],
    ['SW1006', 'a projection from a readout', changed({ eye: { kind: 'readout' } })],
    ['SW1006', 'phases that the delay does not join', changed({ logits: { phase: 2 } })],
    ['SW1006', 'a drive of nothing', changed({ drive: { population: 'ear' } })],
    [
      'SW1007',
      'a table of 2 rows at T = 3',
      changed({ eye: { bias: { rows: 2, columns: 1, data: Int32Array.of(1, 2) } } }),
    ],
    ['SW1007', 'a table of 3 columns', changed({ eye: { bias: { rows: 1, columns: 3, data: new Int32Array(3) } } })],
    ['SW1007', 'a kernel for another map', changed({ dense: { pool: [1, 1] } })],
    ['SW1007', 'an empty population', changed({ eye: { shape: [0, 2, 1] } })],
    ['SW1007', 'a huge population', changed({ eye: { shape: [65_536, 65_536, 1] } })],
    ['SW1007', 'a drive of another shape', changed({ drive: { inputShape: [3, 3, 1] } })],
  ])('throws %s at %s', (code, _, graph) => {
    expectCode(code, () => checkSpikeGraph(graph, 'x.swg'));
  });

  it('passes the small graph', () => {
    expect(() => checkSpikeGraph(small, 'x.swg')).not.toThrow();
  });
});
