import { type Diagnostic, diagnostic, failure } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import type { FileParts } from '../../schemas/message-parts.js';
import type { Program } from '../../schemas/program.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { snnParts } from '../../schemas/snn-file.js';

/** SW5014 where a program says that it was compiled from another SNN than this one; nothing where it says nothing. */
export function originDiagnostics({ name, provenance }: Program, snn: SnnGraph): Diagnostic[] {
  const source = provenance.sources.find(({ role }) => role === 'snn');
  const own = sha256(snnParts(snn));
  if (source === undefined || source.sha256 === own) return [];
  const what = `it was compiled from the SNN ${source.sha256.slice(0, 16)}…; the one given is ${own.slice(0, 16)}….`;
  return [diagnostic('SW5014', 'warning', { where: `program ${name}`, what })];
}

/** The role under which a program names the integer network that it computes. */
const INTEGER_ROLE = 'integer network';

/** A program that names the integer network it was made of, by the hash of that network's file. */
export function recordIntegerNetwork(program: Program, graph: Uint8Array | FileParts): Program {
  const { provenance } = program;
  const sources = [...provenance.sources, { role: INTEGER_ROLE, sha256: sha256(graph) }];
  return { ...program, provenance: { ...provenance, sources } };
}

/** Throws SW5015 where a program says that it computes another integer network than that of this file. */
export function requireIntegerNetwork({ name, provenance }: Program, graph: Uint8Array): void {
  const source = provenance.sources.find(({ role }) => role === INTEGER_ROLE);
  const own = sha256(graph);
  if (source === undefined || source.sha256 === own) return;
  const what = `it computes the integer network ${source.sha256.slice(0, 16)}…; the one given is ${own.slice(0, 16)}….`;
  throw failure('SW5015', { where: `program ${name}`, what });
}
