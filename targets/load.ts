import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { failure } from '../schemas/diagnostic.js';
import type { Target } from '../schemas/target.js';
import { readTarget } from '../schemas/target-file.js';

const ENDING = '.json';
/** Where the chip descriptions lie: beside this file, or, from what was compiled into dist, two levels above it. */
const folder = findFolder();

/** The names of the chips that come with the package, in alphabetical order. */
export function targetNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
}

/**
 * A chip by its name (`loihi1`), or from its whole description as JSON text.
 * Throws SW2201 for a name that does not exist, SW1020…SW1024 for a text that is no sound description.
 */
export function loadTarget(nameOrJson: string): Target {
  if (/^\s*\{/.test(nameOrJson)) return readTarget(nameOrJson, 'target');
  const names = targetNames();
  if (!names.includes(nameOrJson)) {
    throw failure('SW2201', {
      where: `target "${nameOrJson.slice(0, 80)}"`,
      what: `no chip of that name comes with Spikewright; there are ${names.join(', ')}.`,
    });
  }
  const text = readFileSync(new URL(`${nameOrJson}${ENDING}`, folder), 'utf8');
  return readTarget(text, `targets/${nameOrJson}${ENDING}`);
}

function findFolder(): URL {
  const here = new URL('./', import.meta.url);
  return existsSync(new URL(`loihi1${ENDING}`, here)) ? here : new URL('../../targets/', here);
}
