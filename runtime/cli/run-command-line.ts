import { type Diagnostic, diagnostic, exitCode, SpikewrightError } from '../../schemas/diagnostic.js';
import { writeFileWhole } from '../store/write-file.js';
import type { Command, CommandContext, CommandResult } from './command.js';
import { Interrupted } from './interrupt.js';
import { type Invocation, parseCommandLine } from './parse.js';
import { printedDiagnostic } from './print-diagnostic.js';
import { recorded } from './recording.js';
import { StageClock } from './stage-clock.js';
import { TerminalProgress } from './terminal-progress.js';

/** What a command line sees of the process that it runs in. */
export interface Terminal {
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes to standard error. */
  error(text: string): void;
  readonly errorIsTerminal: boolean;
  readonly errorIsColourful: boolean;
  columns(): number;
  now(): number;
}

/**
 * Runs a command line: results on standard output, everything else on standard error. Returns the exit code, as
 * schemas/diagnostic.ts names them; never throws.
 */
export async function runCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const progress = new TerminalProgress({
    isTerminal: terminal.errorIsTerminal,
    colourful: terminal.errorIsColourful,
    columns: terminal.columns,
    write: terminal.error,
    now: terminal.now,
  });
  const tell = (diagnostics: readonly Diagnostic[]): void => {
    progress.clear();
    for (const entry of diagnostics) terminal.error(`${printedDiagnostic(entry, terminal.errorIsColourful)}\n`);
  };
  try {
    const invocation = await parseCommandLine(argv, commands, terminal.columns(), (text) => terminal.out(`${text}\n`));
    if (invocation === null) return exitCode.ok;
    const result = await recorded(invocation, argv, tell, () =>
      invocation.command.run(invocation.args, context(invocation, terminal, progress, tell, signal)),
    );
    progress.clear();
    return await finish(result, invocation, terminal, tell);
  } catch (error) {
    const [code, diagnostics] = explain(error, argv, commands, signal);
    tell(diagnostics);
    if (argv.includes('--debug')) terminal.error(`${stackOf(error)}\n`);
    return code;
  }
}

function context(
  { json, quiet }: Invocation,
  terminal: Terminal,
  progress: TerminalProgress,
  tell: (diagnostics: readonly Diagnostic[]) => void,
  signal: AbortSignal,
): CommandContext {
  const clock = new StageClock(terminal.now);
  return {
    print(text) {
      progress.clear();
      // With JSON on standard output nothing else may be there.
      if (json === '-') terminal.error(`${text}\n`);
      else terminal.out(`${text}\n`);
    },
    tell,
    announce(text) {
      if (quiet) return;
      progress.clear();
      terminal.error(`${text}\n`);
    },
    hooks(stage) {
      clock.begin(stage);
      return {
        progress(done, total, note = '') {
          clock.report(stage, done);
          if (!quiet) progress.show({ stage, done, total, note });
        },
        signal,
      };
    },
    speed: (stage, samples) => clock.speed(stage, samples),
  };
}

async function finish(
  result: CommandResult,
  { json }: Invocation,
  terminal: Terminal,
  tell: (diagnostics: readonly Diagnostic[]) => void,
): Promise<number> {
  if (json !== undefined) {
    const text = `${JSON.stringify(result.json, null, 2)}\n`;
    if (json === '-') terminal.out(text);
    else await writeFileWhole(json, text);
  }
  const diagnostics = result.diagnostics ?? [];
  tell(diagnostics);
  return diagnostics.some(({ severity }) => severity === 'error')
    ? new SpikewrightError(diagnostics).exitCode
    : exitCode.ok;
}

function explain(
  error: unknown,
  argv: readonly string[],
  commands: readonly Command[],
  signal: AbortSignal,
): [number, readonly Diagnostic[]] {
  const where = `spikewright ${argv[0] ?? ''}`.trimEnd();
  if (error instanceof Interrupted || (signal.aborted && error === signal.reason)) {
    const resumes = commands.some(({ name, resumes }) => name === argv[0] && resumes === true);
    const fix = resumes ? { fix: 'Run the same command again: it goes on where it was.' } : {};
    return [exitCode.interrupted, [diagnostic('SW6020', 'note', { where, what: 'stopped as asked.', ...fix })]];
  }
  if (error instanceof SpikewrightError) return [error.exitCode, error.diagnostics];
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [exitCode.bug, [diagnostic('SW6070', 'error', { where, what })]];
}

function stackOf(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) lines.push(cause.stack ?? cause.message);
  return lines.join('\ncaused by: ');
}
