import type { Command } from '../../../runtime/cli/command.js';
import { commands } from '../../../runtime/cli/commands.js';
import { runCommandLine } from '../../../runtime/cli/run-command-line.js';

/** How a command ended that ran in this process, and what it wrote to standard output and standard error. */
interface EndedHere {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a command line in this process, as to a plain terminal of 80 columns. */
export async function runHere(argv: readonly string[], of: readonly Command[] = commands): Promise<EndedHere> {
  let out = '';
  let error = '';
  const code = await runCommandLine(
    argv,
    of,
    {
      out: (text) => {
        out += text;
      },
      error: (text) => {
        error += text;
      },
      errorIsTerminal: false,
      errorIsColourful: false,
      columns: () => 80,
      now: () => 0,
    },
    new AbortController().signal,
  );
  return { code, out, error };
}
