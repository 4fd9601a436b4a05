import yargs, { type Argv } from 'yargs';
import { failure, type SpikewrightError } from '../../schemas/diagnostic.js';
import { nearestWord } from '../../schemas/nearest-word.js';
import { spikewrightVersion } from '../version.js';
import type { Command } from './command.js';
import { type CommandOption, checkOption, globalOptions } from './options.js';

/** A command to be run, and what every command understands. */
export interface Invocation {
  readonly command: Command;
  readonly args: Record<string, unknown>;
  readonly json: string | undefined;
  readonly quiet: boolean;
}

/**
 * Understands a command line. Returns null where it asked for help or the version, which has then been handed to
 * `show`. Throws SW6001 (unknown command or option, with the nearest that exists; a value missing or given twice) and
 * what an option's own check throws.
 */
export async function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  columns: number,
  show: (text: string) => void,
): Promise<Invocation | null> {
  let chosen: Invocation | null = null;
  const parser = yargs()
    .scriptName('spikewright')
    .usage(
      '$0 COMMAND [options]\n\nDeploys adversarially trained networks on neuromorphic chips and proves that their robustness arrives.',
    )
    .locale('en')
    .version(spikewrightVersion)
    .help()
    .alias('help', 'h')
    .options(globalOptions)
    .wrap(Math.min(columns, 120))
    .parserConfiguration({ 'camel-case-expansion': false, 'strip-aliased': true })
    .demandCommand(1, 'No command given.')
    .strict()
    .epilogue('"spikewright COMMAND --help" explains a command. Start with "spikewright demo".')
    .exitProcess(false)
    .fail((message, error) => {
      // Faults of the command line come with a message or as the parser's own error type; anything else passes through.
      if (error !== undefined && error !== null && error.name !== 'YError') throw error;
      throw misunderstanding(message ?? error?.message ?? '', argv, commands);
    });
  for (const command of commands) {
    const usage = [command.name, ...command.positionals].join(' ');
    parser.command(
      usage,
      command.summary,
      (builder) => describe(builder, command),
      (args) => {
        for (const [name, option] of Object.entries<CommandOption>({ ...globalOptions, ...command.options })) {
          checkOption(name, option, args[name]);
        }
        const { json, quiet } = args as { json?: string; quiet?: boolean };
        chosen = { command, args, json, quiet: quiet === true };
      },
    );
  }
  let shown = '';
  await parser.parseAsync([...argv], {}, (_error, _args, output) => {
    shown = output;
  });
  if (chosen === null) show(shown);
  return chosen;
}

function describe(builder: Argv, command: Command): Argv {
  const byPosition = new Set(command.positionals.map(positionalName));
  for (const [name, option] of Object.entries(command.options)) {
    if (byPosition.has(name)) {
      const { type, describe: text, choices, default: fallback, array } = option;
      builder.positional(name, {
        ...(type === undefined ? {} : { type: type as 'string' }),
        ...(text === undefined ? {} : { describe: text }),
        ...(choices === undefined ? {} : { choices }),
        ...(array === undefined ? {} : { array }),
        ...(fallback === undefined ? {} : { default: fallback as string }),
      });
    } else {
      builder.option(name, { requiresArg: option.type !== 'boolean', ...option });
    }
  }
  builder.group(
    Object.keys(command.options).filter((name) => !byPosition.has(name)),
    'Options:',
  );
  builder.group([...Object.keys(globalOptions), 'help', 'version'], 'Every command:');
  for (const [line, explanation] of command.examples) builder.example(`$0 ${line}`, explanation);
  return builder.strict();
}

/** "model" of "<model>", "[model]", "<files..>". */
function positionalName(positional: string): string {
  return positional.replace(/[<>[\].]/g, '');
}

/** What the parser did not understand, with the nearest name that exists. */
function misunderstanding(message: string, argv: readonly string[], commands: readonly Command[]): SpikewrightError {
  const command = commands.find(({ name }) => argv.includes(name));
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/.exec(message)?.[1]?.split(', ') ?? [];
  const asked = command === undefined ? 'spikewright' : `spikewright ${command.name}`;
  const see = `See "${asked} --help".`;
  if (unknown.length === 0) return failure('SW6001', { where: asked, what: sentence(message), fix: see });
  const [word = ''] = unknown;
  const isOption = argv.some(
    (argument) => argument.startsWith('-') && argument.replace(/^-+/, '').split('=')[0] === word,
  );
  const names = isOption
    ? Object.keys({ ...globalOptions, ...command?.options }).concat('help', 'version')
    : commands.map(({ name }) => name);
  const nearest = isOption || command === undefined ? nearestWord(word, names) : null;
  const kind = isOption ? 'option' : command === undefined ? 'command' : 'argument';
  return failure('SW6001', {
    where: asked,
    what: `there is no ${kind} "${isOption ? '--' : ''}${word}".`,
    fix: nearest === null ? see : `Did you mean "${isOption ? '--' : ''}${nearest}"? ${see}`,
  });
}

function sentence(message: string): string {
  return message.replaceAll('\n', ' ').replace(/\s+/g, ' ').trim();
}
