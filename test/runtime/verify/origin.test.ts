import fc from 'fast-check';
import { expect, it } from 'vitest';
import { originDiagnostics, recordIntegerNetwork, requireIntegerNetwork } from '../../../runtime/verify/origin.js';
import { sha256 } from '../../../schemas/hash.js';
import { encodeSnn } from '../../../schemas/snn-file.js';
import { snnGraphs } from '../../schemas/arbitraries.js';
import { programs } from '../../schemas/spike-arbitraries.js';

it('a program tells its SNN from every other, and is content where it does not know', () => {
  fc.assert(
    fc.property(programs, snnGraphs, snnGraphs, (program, own, other) => {
      const from = (sources: readonly { role: string; sha256: string }[]) => ({
        ...program,
        provenance: { ...program.provenance, sources },
      });
      const bytes = encodeSnn(own);
      const compiled = from([{ role: 'snn', sha256: sha256(bytes) }]);
      expect(originDiagnostics(compiled, own)).toEqual([]);
      expect(originDiagnostics(from([]), other)).toEqual([]);
      fc.pre(!Buffer.from(bytes).equals(encodeSnn(other)));
      expect(originDiagnostics(compiled, other)).toMatchObject([{ code: 'SW5014', severity: 'warning' }]);
    }),
  );
});

it('a program refuses every integer network but the one that it was made of', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(programs, bytes, bytes, (program, own, other) => {
      fc.pre(program.provenance.sources.every(({ role }) => role !== 'integer network'));
      requireIntegerNetwork(program, other);
      const made = recordIntegerNetwork(program, own);
      requireIntegerNetwork(made, own);
      fc.pre(!Buffer.from(own).equals(other));
      expect(() => requireIntegerNetwork(made, other)).toThrow(/SW5015/);
    }),
    { numRuns: 50 },
  );
});
