import { type Diagnostic, diagnostic, exitCode, SpikewrightError } from '../../schemas/diagnostic.js';
import type { CommandResult } from './command.js';
import { Interrupted } from './interrupt.js';
import type { Invocation } from './parse.js';

/** Where runs are recorded unless said. */
const DEFAULT_HISTORY = 'spikewright-runs/history.duckdb';

/** The history that `--history` or the environment names; null where nothing is to be recorded. */
export function historyPath(given: unknown): string | null {
  const chosen = typeof given === 'string' ? given : (process.env.SPIKEWRIGHT_HISTORY ?? DEFAULT_HISTORY);
  return chosen === 'off' || chosen === '' ? null : chosen;
}

/**
 * Runs a command and, where it is one whose results are kept, records that it began and what it came to. A history that
 * cannot be written is told as a warning: the result stands.
 */
export async function recorded(
  { command, args }: Invocation,
  argv: readonly string[],
  tell: (diagnostics: readonly Diagnostic[]) => void,
  run: () => Promise<CommandResult>,
): Promise<CommandResult> {
  const path = command.records === true ? historyPath(args.history) : null;
  if (path === null) return run();
  const { beginRun, finishRun } = await import('../history/history.js');
  const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      tell(asWarnings(error, path));
      return null;
    }
  };
  const start = performance.now();
  const id = await attempt(() => beginRun(path, command.name, argv.slice(1), tell));
  const finish = async (code: number, result: unknown, diagnostics: readonly Diagnostic[]): Promise<void> => {
    if (id === null) return;
    const seconds = (performance.now() - start) / 1000;
    await attempt(() => finishRun(path, id, { exitCode: code, seconds, result, diagnostics }, tell));
  };
  try {
    const result = await run();
    const diagnostics = result.diagnostics ?? [];
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    await finish(errors.length === 0 ? exitCode.ok : new SpikewrightError(errors).exitCode, result.json, diagnostics);
    return result;
  } catch (error) {
    const known = error instanceof SpikewrightError;
    const other = error instanceof Interrupted ? exitCode.interrupted : exitCode.bug;
    await finish(known ? error.exitCode : other, null, known ? error.diagnostics : []);
    throw error;
  }
}

function asWarnings(error: unknown, path: string): readonly Diagnostic[] {
  if (error instanceof SpikewrightError) {
    return error.diagnostics.map((entry) => ({ ...entry, severity: 'warning' }));
  }
  const what = error instanceof Error ? error.message : String(error);
  return [diagnostic('SW5030', 'warning', { where: path, what: `the run was not recorded: ${what}` })];
}
