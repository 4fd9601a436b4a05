import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.js';
import { hopBound } from '../../compiler/hop-bound.js';
import { loadTarget } from '../../targets/load.js';
import { snnDag } from '../property/arbitrary-dag.js';
import { compileIfFits } from '../property/compile-if-fits.js';
import { randomSnn, testProvenance } from './random-snn.js';

describe('the bound on links crossed', () => {
  it('is never more than what a placement crosses', () => {
    const target = loadTarget('tiny');
    fc.assert(
      fc.property(snnDag, (snn) => {
        const compiled = compileIfFits(snn, target);
        if (compiled === null) return;
        const { spikeHops, spikeHopsRowMajor } = compiled.traffic;
        const least = hopBound(compiled.program, null, target);
        expect(least).toBeLessThanOrEqual(spikeHops);
        expect(least).toBeLessThanOrEqual(spikeHopsRowMajor);
      }),
      { numRuns: 60 },
    );
  });

  it('counts a star by hand, and follows the rates', () => {
    const target = loadTarget('tiny');
    const { columns, rows, coresPerTile } = target.mesh;
    expect([columns, rows, coresPerTile]).toEqual([3, 2, 2]);
    const snn = randomSnn([2, 2, 1], [{ conv: 3 }, { neuron: 'hard' }, { flatten: 'hwc' }, { dense: 2 }], 2, 5);
    const { program } = compile(snn, target, { provenance: testProvenance }).value;
    const template = program.cores[0]!;
    const none = template.axonsOut.axon.slice(0, 0);
    const mute = { offsets: new Uint32Array(2), chip: none, core: none, axon: none, atom: none };
    // The first core has an entry to each of nine others, two to core 9.
    const to = Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 9);
    const zeros = new Uint16Array(to.length);
    const star = { offsets: Uint32Array.of(0, 10), chip: zeros, core: to, axon: zeros, atom: zeros };
    const cores = Array.from({ length: 10 }, (_, core) => ({ ...template, core, axonsOut: core === 0 ? star : mute }));
    // From the middle of 3 × 2 tiles: 1 core beside it, 2 on each of 3 tiles one hop away, 2 on each of 2 two hops away.
    // The heaviest flow stays on the tile, six go one hop, two go two.
    const least = hopBound({ ...program, chips: 1, cores }, null, target);
    expect(least).toBe(0 * 2 + 6 * 1 + 2 * 2);
    const rates = new Map([[program.populations[template.ranges[0]!.population]!.name, 3]]);
    expect(hopBound({ ...program, chips: 1, cores }, rates, target)).toBe(3 * least);
  });
});
