import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.js';
import {
  coreImage,
  coreMemory,
  layerOf,
  programContent,
  programLimits,
  programTarget,
} from '../../runtime/program-content.js';
import { programDifference } from '../../runtime/program-diff.js';
import { coreMapText, coreText, layerText, summaryText } from '../../runtime/report/program-text.js';
import { decodeProgram, encodeProgram } from '../../schemas/program-file.js';
import { loadTarget } from '../../targets/load.js';
import { type LayerSpec, randomSnn, testProvenance } from '../compiler/random-snn.js';
import { expectCode } from '../schemas/hostile.js';

const specs: readonly LayerSpec[] = [
  { conv: 6 },
  { neuron: 'hard' },
  { conv: 8, bias: true },
  { neuron: 'hard' },
  { flatten: 'hwc' },
  { dense: 5 },
];
const target = loadTarget('loihi1');
const snn = randomSnn([8, 8, 2], specs, 4, 1);

/** A network on the cores that `occupied` leaves free. */
function program(occupied: readonly { readonly chip: number; readonly core: number }[], network = snn) {
  const placement = { seed: 0, moves: 0, occupied, rates: null };
  const { value } = compile(network, target, { provenance: testProvenance, placement });
  return decodeProgram(encodeProgram(value.program), 'program');
}

const first = program([]);
const content = programContent(first);

describe('the content of a program', () => {
  it('counts every neuron, word and axon once, whatever the cores', () => {
    expect(content.layers.map(({ neurons }) => neurons)).toEqual([8 * 8 * 6, 8 * 8 * 8, 5]);
    for (const { name, neurons, synapseBytes, inputAxons } of content.layers) {
      const { cores } = layerOf(content, name);
      const held = cores.flatMap(({ layers }) => layers.filter((layer) => layer.name === name));
      expect(held.reduce((sum, layer) => sum + layer.neurons, 0)).toBe(neurons);
      expect(cores.reduce((sum, { need }) => sum + 8 * need.synapseWords, 0)).toBe(synapseBytes);
      expect(cores.reduce((sum, { need }) => sum + need.inputAxons, 0)).toBe(inputAxons);
    }
  });

  it('maps a core’s memory without gaps: every word belongs to an axon, and spans add up to all words', () => {
    for (const image of first.cores) {
      const { spans, words, axonsIn, profiles, usedBytes } = coreMemory(image);
      expect(spans.reduce((sum, span) => sum + span.words, 0)).toBe(words);
      expect(usedBytes).toBe(8 * words);
      expect(spans.every(({ owners }) => owners > 0)).toBe(true);
      const owned = spans.reduce((sum, span) => sum + span.owners * span.words, 0);
      expect(owned).toBe(axonsIn.reduce((sum, axon) => sum + axon.words * axon.atoms, 0));
      expect(profiles.reduce((sum, { compartments }) => sum + compartments, 0)).toBe(image.compartmentCount);
    }
  });

  it('is drawn with one letter for each core, and a dot for each free one', () => {
    const map = coreMapText(content, programTarget(first).mesh);
    const cells = map.slice(map.indexOf('Chip 0')).split('\n').slice(1).join('').replaceAll(' ', '');
    expect(cells).toHaveLength(128);
    expect(cells.replaceAll('.', '')).toHaveLength(first.cores.length);
    expect(map).toContain('a layer1, b layer3');
    expect(summaryText(content)).toContain('for loihi1, program format 2');
    const { layer, cores } = layerOf(content, 'layer3');
    expect(layerText(layer, cores, programLimits(first))).toContain('8 × 8 × 8 neurons');
    const { chip, core } = cores[0]!;
    const text = coreText(`${chip}/${core}`, coreMemory(coreImage(first, `${chip}/${core}`)), 16_384);
    expect(text).toContain('Compartment profiles');
  });

  it('names what is not there, and what was probably meant', () => {
    expect(expectCode('SW2031', () => layerOf(content, 'layr3'))).toContain('did you mean "layer3"?');
    expect(expectCode('SW2031', () => coreImage(first, '12'))).toContain('write CHIP/CORE');
    expect(expectCode('SW2031', () => coreImage(first, '9/9'))).toContain('uses no core 9/9');
  });
});

describe('the difference of two programs', () => {
  it('is none between a program and itself', () => {
    const { equal, program: found, layers } = programDifference(first, program([]));
    expect({ equal, found }).toEqual({ equal: true, found: [] });
    expect(layers.every(({ change }) => change === 'same')).toBe(true);
  });

  it('is where cores stand, and nothing else, between two placements', () => {
    const found = programDifference(first, program(first.cores));
    expect(found.program).toEqual([]);
    expect(found.layers.every(({ differences, coresChanged }) => differences.length + coresChanged === 0)).toBe(true);
    expect(found.layers.reduce((sum, { coresMoved }) => sum + coresMoved, 0)).toBeGreaterThan(0);
    expect(found.equal).toBe(false);
  });

  it('names the layer whose weights changed, alone', () => {
    const layers = snn.layers.map((layer) => {
      if (layer.name !== 'layer2' || layer.kind !== 'conv2d') return layer;
      const data = layer.kernel.data.map((weight, k) => (k === 5 ? -weight : weight));
      return { ...layer, kernel: { ...layer.kernel, data } };
    });
    const found = programDifference(first, program([], { ...snn, layers }));
    expect(found.layers.filter(({ coresChanged }) => coresChanged > 0).map(({ layer }) => layer)).toEqual(['layer3']);
  });

  it('tells layers that only one of them has', () => {
    const wider = program([], randomSnn([8, 8, 2], [...specs.slice(0, 2), ...specs.slice(4)], 4, 1));
    const found = programDifference(first, wider);
    expect(found.layers.find(({ layer }) => layer === 'layer3')?.change).not.toBe('same');
    expect(found.equal).toBe(false);
  });
});
