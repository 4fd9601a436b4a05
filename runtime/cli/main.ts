#!/usr/bin/env node
import { commands } from './commands.js';
import { interruptSignal } from './interrupt.js';
import { runCommandLine } from './run-command-line.js';

/** A reader that closed the pipe (such as "head") has what it wanted. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  commands,
  {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    errorIsTerminal: process.stderr.isTTY === true,
    errorIsColourful:
      process.stderr.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb',
    columns: () => process.stderr.columns ?? 100,
    now: () => performance.now(),
  },
  interruptSignal(),
);
// Engines may keep handles open that would hold the process; everything is written by now.
if (process.stdout.writableLength === 0) process.exit();
process.stdout.once('drain', () => process.exit());
