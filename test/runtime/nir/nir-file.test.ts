import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { nirGraph } from '../../../compiler/export/nir.js';
import type { NirGraph } from '../../../compiler/nir-graph.js';
import { readNirFile } from '../../../runtime/nir/read-file.js';
import { writeNirFile } from '../../../runtime/nir/write-file.js';
import { tinyNetwork } from '../../e2e/tiny-network.js';

const sent = nirGraph(convert(tinyNetwork(), { timesteps: 3, leak: 0.9, reset: 'hard' }));

describe('NIR files', () => {
  it('give back the graph, and have equal bytes whenever they are written', async () => {
    const bytes = await writeNirFile(sent);
    const read = await readNirFile(bytes, 'x.nir');
    const sorted = ({ nodes }: NirGraph) => new Map([...nodes].sort(([a], [b]) => (a < b ? -1 : 1)));
    const parameters = (graph: NirGraph) =>
      [...sorted(graph)].map(([name, node]) => [name, node.type, new Map([...node.parameters].sort())]);
    expect(parameters(read)).toEqual(parameters(sent));
    expect(read.edges).toEqual(sent.edges);
    expect(read.metadata).toEqual(sent.metadata);
    // The clock of HDF5 counts seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(Buffer.compare(await writeNirFile(sent), bytes)).toBe(0);
  });

  it('get diagnostics where they are cut short, damaged or take too long', async () => {
    const bytes = await writeNirFile(sent);
    const refusal = /SW1050 x\.nir/;
    for (const length of [8, 600, bytes.length >> 1]) {
      await expect(readNirFile(bytes.slice(0, length), 'x.nir')).rejects.toThrow(refusal);
    }
    const [random] = fc.sample(fc.uint8Array({ minLength: 900, maxLength: 1000 }), { numRuns: 1, seed: 1 });
    await expect(readNirFile(Uint8Array.from([...bytes.subarray(0, 96), ...random!]), 'x.nir')).rejects.toThrow(
      refusal,
    );
    await expect(readNirFile(bytes, 'x.nir', 1)).rejects.toThrow(/SW1050 .*not read after/);
  });
});
