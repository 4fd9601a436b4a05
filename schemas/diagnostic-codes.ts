/** What a code means: a title for documentation, and the why and fix said when the place itself has none better. */
interface CodeEntry {
  readonly title: string;
  readonly why: string;
  readonly fix: string;
  /** True where the user's own check failed (exit 1) rather than the input being bad (exit 2). */
  readonly failedCheck?: true;
}

/**
 * The table of every diagnostic code.
 * SW1xxx files, formats, import; SW2xxx compiler and targets; SW3xxx simulator; SW4xxx engines, data, training, attacks;
 * SW5xxx verification and budgets; SW6xxx command line, configuration, artefact store.
 */
export const diagnosticCodes = {
  // --- SW1xxx files, formats, import
  SW1001: { title: 'file missing or unreadable', why: '', fix: 'Check the path and its permissions.' },
  // --- SW2xxx compiler and targets
  // --- SW3xxx simulator
  // --- SW4xxx engines, data, training, attacks
  // --- SW5xxx verification and budgets
  // --- SW6xxx command line, configuration, artefact store
} as const satisfies Record<string, CodeEntry>;

export type DiagnosticCode = keyof typeof diagnosticCodes;
