import type { DiagnosticCode } from './diagnostic-codes.js';
import { diagnosticCodes } from './diagnostic-codes.js';

export type Severity = 'error' | 'warning' | 'note';

/** What a user is told: where, what, why, and the nearest way out. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** The layer, core, option, key or file offset. */
  readonly where: string;
  /** What is wrong, numbers with units, need against limit. */
  readonly what: string;
  /** Why that is a fault. */
  readonly why: string;
  /** What the user can do. */
  readonly fix: string;
}

/** A value and what was noticed on the way to it (warnings and notes: errors are thrown). */
export interface Result<T> {
  readonly value: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** Exit codes of every command: bad input 2, a violated budget or failed verification 1, a bug 70. */
export const exitCode = { ok: 0, failedCheck: 1, badInput: 2, bug: 70, interrupted: 130 } as const;

/** Thrown for every failure that the user can cause; carries at least one error diagnostic. */
export class SpikewrightError extends Error {
  override readonly name = 'SpikewrightError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    super(diagnostics.map(formatDiagnostic).join('\n'), options);
    this.diagnostics = diagnostics;
  }

  /** 1 where a check of the user's own failed (budget, verification), else 2. */
  get exitCode(): number {
    const failed = this.diagnostics.every(
      ({ code, severity }) => severity !== 'error' || 'failedCheck' in diagnosticCodes[code],
    );
    return failed ? exitCode.failedCheck : exitCode.badInput;
  }
}

/** A SpikewrightError of one error diagnostic, to be thrown. */
export function failure(
  code: DiagnosticCode,
  parts: { readonly where: string; readonly what: string; readonly why?: string; readonly fix?: string },
  options?: ErrorOptions,
): SpikewrightError {
  return new SpikewrightError([diagnostic(code, 'error', parts)], options);
}

/** A diagnostic whose `why` and `fix` fall back to the code's own in the table. */
export function diagnostic(
  code: DiagnosticCode,
  severity: Severity,
  parts: { readonly where: string; readonly what: string; readonly why?: string; readonly fix?: string },
): Diagnostic {
  const entry = diagnosticCodes[code];
  return {
    code,
    severity,
    where: parts.where,
    what: parts.what,
    why: parts.why ?? entry.why,
    fix: parts.fix ?? entry.fix,
  };
}

/** "SW2104 layer conv4: one core would need 151,552 B … loihi1 has 131,072 B. Split …" */
function formatDiagnostic({ code, where, what, why, fix }: Diagnostic): string {
  return [`${code} ${where}: ${what}`, why, fix].filter((part) => part !== '').join(' ');
}
