import { type Diagnostic, diagnostic } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import type { Program } from '../../schemas/program.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { encodeSnn } from '../../schemas/snn-file.js';

/** SW5014 where a program says that it was compiled from another SNN than this one; nothing where it says nothing. */
export function originDiagnostics({ name, provenance }: Program, snn: SnnGraph): Diagnostic[] {
  const source = provenance.sources.find(({ role }) => role === 'snn');
  const own = sha256(encodeSnn(snn));
  if (source === undefined || source.sha256 === own) return [];
  const what = `it was compiled from the SNN ${source.sha256.slice(0, 16)}…; the one given is ${own.slice(0, 16)}….`;
  return [diagnostic('SW5014', 'warning', { where: `program ${name}`, what })];
}
