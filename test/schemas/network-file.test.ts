import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnnGraph, AnnLayer } from '../../schemas/ann.js';
import { decodeAnn, encodeAnn } from '../../schemas/ann-file.js';
import { checkLayers } from '../../schemas/layer-check.js';
import { layerShapes } from '../../schemas/layer-shapes.js';
import { decodeSnn, encodeSnn } from '../../schemas/snn-file.js';
import { annGraphs, snnGraphs } from './arbitraries.js';
import { damaged, expectCode, expectDiagnosticOrValue, resealed, truncations } from './hostile.js';

const input: AnnLayer = { kind: 'input', name: 'image', shape: [4, 4, 1], mean: [0.5], std: [0.25] };
const conv: AnnLayer = {
  kind: 'conv2d',
  name: 'conv',
  inputs: ['image'],
  kernel: { shape: [3, 3, 1, 2], data: new Float32Array(18).fill(0.5) },
  bias: null,
  stride: [1, 1],
  padding: { top: 1, bottom: 1, left: 1, right: 1 },
};
const relu: AnnLayer = { kind: 'activation', name: 'relu', inputs: ['conv'], function: 'relu' };
const pool: AnnLayer = { kind: 'avgPool', name: 'pool', inputs: ['relu'], size: [2, 2], stride: [2, 2] };
const flatten: AnnLayer = { kind: 'flatten', name: 'flatten', inputs: ['pool'], order: 'chw' };
const dense: AnnLayer = {
  kind: 'dense',
  name: 'dense',
  inputs: ['flatten'],
  kernel: { shape: [8, 3], data: new Float32Array(24).fill(1) },
  bias: Float32Array.of(1, 2, 3),
};
const output: AnnLayer = { kind: 'output', name: 'logits', inputs: ['dense'] };
const small: AnnGraph = { kind: 'ann', name: 'small', layers: [input, conv, relu, pool, flatten, dense, output] };

/** The small network with one layer replaced. */
const replaced = (name: string, change: object) =>
  small.layers.map((layer) => (layer.name === name ? ({ ...layer, ...change } as AnnLayer) : layer));

describe('layer shapes', () => {
  it('follow convolution, pooling and flattening', () => {
    // conv: 4 + 1 + 1 − 3 + 1 = 4; pool: (4 − 2)/2 + 1 = 2; flatten: 2·2·2 = 8
    expect(Object.fromEntries(layerShapes(small.layers))).toEqual({
      image: [4, 4, 1],
      conv: [4, 4, 2],
      relu: [4, 4, 2],
      pool: [2, 2, 2],
      flatten: [8],
      dense: [3],
      logits: [3],
    });
  });
});

describe('ANN and SNN files', () => {
  it('give back every network, and the same bytes again', () => {
    fc.assert(
      fc.property(annGraphs, (graph) => {
        const bytes = encodeAnn(graph);
        const read = decodeAnn(bytes, 'x.swa');
        expect(read).toEqual(graph);
        expect(encodeAnn(read)).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(snnGraphs, (graph) => {
        const bytes = encodeSnn(graph);
        const read = decodeSnn(bytes, 'x.sws');
        expect(read).toEqual(graph);
        expect(encodeSnn(read)).toEqual(bytes);
      }),
    );
  });

  it('are told apart', () => {
    const message = expectCode('SW1002', () => decodeSnn(encodeAnn(small), 'net'));
    expect(message).toContain('this is an ANN (.swa); an SNN (.sws) was expected');
    expect(expectCode('SW1002', () => decodeAnn(new Uint8Array(), 'net'))).toContain('empty file');
  });

  it('own their arrays: a change of the bytes after reading changes nothing', () => {
    const bytes = encodeAnn(small);
    const read = decodeAnn(bytes, 'x');
    bytes.fill(0);
    expect(read).toEqual(small);
  });

  it('refuse every truncation and every flipped byte', () => {
    const bytes = encodeAnn(small);
    for (const cut of truncations(bytes)) expect(() => decodeAnn(cut, 'x')).toThrow(/SW100[23]/);
    fc.assert(
      fc.property(damaged(bytes), (bad) => {
        expect(() => decodeAnn(bad, 'x')).toThrow(/SW100[23]/);
      }),
    );
  });

  it('refuse another version', () => {
    const bytes = encodeAnn(small);
    const version = 2 + 'spikewright/ann'.length;
    expect([...bytes.subarray(version, version + 2)]).toEqual([0x10, 1]);
    bytes[version + 1] = 9;
    expect(expectCode('SW1004', () => decodeAnn(resealed(bytes), 'x'))).toContain('version 9');
  });

  it('answer damage behind a right checksum with diagnostics alone', () => {
    const ann = encodeAnn(small);
    fc.assert(
      fc.property(damaged(ann), (bytes) => expectDiagnosticOrValue(() => decodeAnn(resealed(bytes), 'x'))),
      { numRuns: 2000 },
    );
    for (let length = 0; length < ann.length; length++) {
      expectDiagnosticOrValue(() => decodeAnn(resealed(ann.slice(0, length)), 'x'));
    }
  });
});

describe('the check of layers', () => {
  it.each<[string, string, readonly AnnLayer[]]>([
    ['SW1006', 'two layers of one name', [input, { ...conv, name: 'image' }, output]],
    ['SW1006', 'no layers', []],
    ['SW1006', 'an input alone', [input]],
    ['SW1006', 'no output', small.layers.slice(0, -1)],
    ['SW1006', 'an output in the middle', [...small.layers, { ...output, name: 'more' }]],
    ['SW1006', 'a layer without name', replaced('relu', { name: '' })],
    ['SW1006', 'a reader before its source', [input, relu, conv, output]],
    ['SW1006', 'two inputs of a convolution', replaced('conv', { inputs: ['image', 'image'] })],
    [
      'SW1005',
      'a NaN weight',
      replaced('conv', { kernel: { shape: [3, 3, 1, 2], data: new Float32Array(18).fill(NaN) } }),
    ],
    ['SW1005', 'a stride of 0', replaced('conv', { stride: [0, 1] })],
    ['SW1005', 'a negative padding', replaced('conv', { padding: { top: -1, bottom: 0, left: 0, right: 0 } })],
    ['SW1005', 'a bias of another length', replaced('dense', { bias: Float32Array.of(1) })],
    ['SW1005', 'a standard deviation of 0', replaced('image', { std: [0] })],
    ['SW1005', 'a mean too many', replaced('image', { mean: [0, 0] })],
    ['SW1007', 'an empty image', replaced('image', { shape: [0, 4, 1] })],
    ['SW1007', 'a huge image', replaced('image', { shape: [2 ** 31, 2 ** 31, 1] })],
    ['SW1007', 'a kernel of another rank', replaced('conv', { kernel: { shape: [18], data: new Float32Array(18) } })],
    [
      'SW1007',
      'a kernel of too few weights',
      replaced('conv', { kernel: { shape: [3, 3, 1, 2], data: new Float32Array(9) } }),
    ],
    [
      'SW1007',
      'channels that do not match',
      replaced('conv', { kernel: { shape: [1, 1, 2, 1], data: new Float32Array(2) } }),
    ],
    ['SW1007', 'a window larger than the map', replaced('pool', { size: [5, 5] })],
    ['SW1007', 'a dense layer on a map', replaced('dense', { inputs: ['pool'] })],
    ['SW1007', 'a feature map as output', replaced('logits', { inputs: ['pool'] })],
  ])('throws %s at %s', (code, _, layers) => {
    expectCode(code, () => checkLayers(layers, 'net.swa'));
  });
});
