import fc from 'fast-check';
import { expect, it } from 'vitest';
import { originDiagnostics } from '../../../runtime/verify/origin.js';
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
