import type { Command } from './command.js';
import { demo } from './demo.js';
import { run } from './run.js';

/** Every command, in the order of the pipeline. */
export const commands: readonly Command[] = [run, demo];
