import type { InferredOptionTypes } from 'yargs';
import type { Diagnostic } from '../../schemas/diagnostic.js';
import type { Hooks } from '../hooks.js';
import type { CommandOption } from './options.js';
import type { StageSpeed } from './stage-clock.js';

/** What a command may do to the outside besides its files. */
export interface CommandContext {
  /** Writes a line (or several) of the result for people. */
  print(text: string): void;
  /** Tells the user what was noticed on the way. */
  tell(diagnostics: readonly Diagnostic[]): void;
  /** Says which stage begins; silent with --quiet. */
  announce(text: string): void;
  /** Hooks that draw the progress of a stage under this name, and that Ctrl-C aborts with an `Interrupted`. */
  hooks(stage: string): Hooks;
  /** How fast the stage of that name went, as `StageClock` has it. */
  speed(stage: string, samples?: number): StageSpeed | null;
}

/** What a command found: `json` is what --json writes; an error among `diagnostics` decides the exit code. */
export interface CommandResult {
  readonly json: unknown;
  readonly diagnostics?: readonly Diagnostic[];
}

/** A command of the command line, as data: help, parsing and the hints at misspelt options follow from it. */
export interface Command<O extends Record<string, CommandOption> = Record<string, CommandOption>> {
  readonly name: string;
  readonly summary: string;
  /** Names of those `options` that are given by position; "[name]" optional, "<name>" required, "name.." several. */
  readonly positionals: readonly string[];
  readonly options: O;
  /** Command line after "spikewright", and what it does. */
  /** True where an interrupted command goes on where it was when it is run again. */
  readonly resumes?: true;
  /** True where results go into the run history; the command then has `historyOption` under "history". */
  readonly records?: true;
  readonly examples: readonly (readonly [string, string])[];
  run(args: InferredOptionTypes<O>, context: CommandContext): Promise<CommandResult>;
}

/** Lets the type of `args` follow from `options`. */
export function defineCommand<const O extends Record<string, CommandOption>>(command: Command<O>): Command {
  // The parser hands over exactly what `options` describes; the table of commands holds them without that type.
  return command as unknown as Command;
}
