import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defineCommand } from '../../../runtime/cli/command.js';
import { Interrupted } from '../../../runtime/cli/interrupt.js';
import { wholeNumber } from '../../../runtime/cli/options.js';
import { diagnostic, failure } from '../../../schemas/diagnostic.js';
import { runHere } from './in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const greet = defineCommand({
  name: 'greet',
  summary: 'Greets',
  positionals: ['<who>', '[others..]'],
  options: {
    who: { type: 'string', demandOption: true, describe: 'Whom to greet' },
    others: { type: 'string', array: true, describe: 'Who else' },
    times: wholeNumber('How often', 1, 1, 9),
    style: { type: 'string', choices: ['plain', 'loud'], default: 'plain', describe: 'How' },
  },
  examples: [['greet world --times 2', 'Greets the world twice']],
  async run(args, context) {
    context.announce('greeting');
    if (args.who === 'bug') throw new TypeError('x is not a function');
    if (args.who === 'fault') throw failure('SW1001', { where: 'file \x1b[31mx', what: 'there is no such file.' });
    if (args.who === 'stop') throw new Interrupted('interrupted');
    context.print(`hello ${args.who}`.repeat(args.times));
    const diagnostics =
      args.who === 'check' ? [diagnostic('SW5007', 'error', { where: 'budget', what: 'violated' })] : [];
    return { json: { who: args.who, others: args.others ?? [] }, diagnostics };
  },
});

const run = (...argv: string[]) => runHere(argv, [greet]);

describe('the command line', () => {
  test('runs a command: result on standard output, announcements on standard error', async () => {
    expect(await run('greet', 'world', '--times', '2')).toEqual({
      code: 0,
      out: 'hello worldhello world\n',
      error: 'greeting\n',
    });
  });

  test('is quiet when asked', async () => {
    expect((await run('greet', 'world', '--quiet')).error).toBe('');
  });

  test('writes JSON alone to standard output with --json -', async () => {
    const { out, error } = await run('greet', 'a', 'b', 'c', '--json', '-');
    expect(JSON.parse(out)).toEqual({ who: 'a', others: ['b', 'c'] });
    expect(error).toContain('hello a');
  });

  test('writes JSON to a file', async () => {
    const path = join(folder, 'result.json');
    expect((await run('greet', 'a', '--json', path)).code).toBe(0);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ who: 'a', others: [] });
  });

  test.each([
    [['greet', 'a', '--tmies', '2'], 'there is no option "--tmies". Did you mean "--times"?'],
    [['greet', 'a', '--qiet'], 'there is no option "--qiet". Did you mean "--quiet"?'],
    [['greet', 'a', '--banana'], 'there is no option "--banana". See "spikewright greet --help".'],
    [['gret', 'a'], 'there is no command "gret". Did you mean "greet"?'],
    [[], 'No command given.'],
    [['greet'], 'Not enough non-option arguments'],
    [['greet', 'a', '--times'], 'Not enough arguments following: times'],
    [['greet', 'a', '--times', '1', '--times', '2'], 'more than once'],
    [['greet', 'a', '--style', 'odd'], 'Given: "odd", Choices: "plain", "loud"'],
    [['greet', 'a', '--style', 'loud', '--style', 'loud'], 'more than once'],
    [['greet', 'a', '--times', '10'], '--times a whole number from 1 to 9 is needed; 10 was given.'],
    [['greet', 'a', '--times', '1.5'], '1.5 was given'],
    [['greet', 'a', '--times', 'x'], 'something else was given'],
  ])('refuses %j', async (argv, message) => {
    const { code, out, error } = await run(...argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(error.replace(/\s+→?\s*/g, ' ')).toContain(message);
  });

  test('explains every option with its default and shows the examples', async () => {
    const { code, out } = await run('greet', '--help');
    expect(code).toBe(0);
    for (const part of ['Whom to greet', 'How often', '[default: 1]', 'Greets the world twice', '--json', '--debug']) {
      expect(out).toContain(part);
    }
  });

  test('a fault of the user exits with 2, without a stack, its control characters made visible', async () => {
    const { code, error } = await run('greet', 'fault');
    expect(code).toBe(2);
    expect(error).toContain('error SW1001 file �[31mx\n  there is no such file.');
    expect(error).not.toContain('    at ');
  });

  test('a failed check exits with 1 after the result is printed', async () => {
    const { code, out, error } = await run('greet', 'check');
    expect(code).toBe(1);
    expect(out).toContain('hello check');
    expect(error).toContain('SW5007');
  });

  test('a bug exits with 70 and shows its stack only with --debug', async () => {
    const plain = await run('greet', 'bug');
    expect(plain.code).toBe(70);
    expect(plain.error).toContain('SW6070');
    expect(plain.error).not.toContain('    at ');
    expect((await run('greet', 'bug', '--debug')).error).toContain('    at ');
  });

  test('an interrupt exits with 130', async () => {
    const { code, error } = await run('greet', 'stop');
    expect(code).toBe(130);
    expect(error).toContain('Run the same command again');
  });
});
