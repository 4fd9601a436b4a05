import type { Options } from 'yargs';
import { failure } from '../../schemas/diagnostic.js';

/** An option as the parser takes it; of a number also the range that it must lie in. */
export interface CommandOption extends Options {
  readonly range?: Range;
}

/** Numbers in [minimum, maximum], whole ones only where `whole` says so. */
interface Range {
  readonly minimum: number;
  readonly maximum: number;
  readonly whole: boolean;
}

/** What every command understands. */
export const globalOptions = {
  json: {
    type: 'string',
    describe: 'Write the result as JSON to this file; "-" is standard output',
    requiresArg: true,
  },
  quiet: { type: 'boolean', default: false, describe: 'No progress, no announcements' },
  debug: { type: 'boolean', default: false, describe: 'Show the stack trace of an error' },
} as const satisfies Record<string, CommandOption>;

/** A whole number in [minimum, maximum]. */
export function wholeNumber(describe: string, fallback: number, minimum: number, maximum: number) {
  return { type: 'number', describe, default: fallback, range: { minimum, maximum, whole: true } } as const;
}

/** A number in [minimum, maximum]. */
export function realNumber(describe: string, fallback: number, minimum: number, maximum: number) {
  return { type: 'number', describe, default: fallback, range: { minimum, maximum, whole: false } } as const;
}

/** Throws SW6001 where a single-valued option was given twice, SW6002 where a number is none or out of range. */
export function checkOption(name: string, option: CommandOption, value: unknown): void {
  const several = option.array === true || option.type === 'array';
  // The parser gathers repeated options in arrays; where one value is meant, the others would be lost.
  if (!several && Array.isArray(value)) {
    throw failure('SW6001', { where: `--${name}`, what: 'this option was given more than once.' });
  }
  if (option.range === undefined || value === undefined) return;
  const { minimum, maximum, whole } = option.range;
  const isOfKind = whole ? Number.isInteger(value) : Number.isFinite(value);
  if (isOfKind && Number(value) >= minimum && Number(value) <= maximum) return;
  const range = maximum === Number.POSITIVE_INFINITY ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  const given = Number.isNaN(value) ? 'something else' : String(value);
  throw failure('SW6002', {
    where: `--${name}`,
    what: `${whole ? 'a whole number' : 'a number'} ${range} is needed; ${given} was given.`,
  });
}
