import { writeFileSync } from 'node:fs';
import { checkJson } from '../../schemas/json-file.js';

/** Writes what a benchmark measured to `path`, `-` for standard output, after checking it against its schema. */
export function printMeasurements(
  measured: { readonly cases: readonly unknown[]; readonly [key: string]: unknown },
  path: string,
): void {
  // As it will be read: keys without a value are gone.
  const text = `${JSON.stringify(measured, null, 2)}\n`;
  checkJson('bench', JSON.parse(text), 'the measurements');
  if (path === '-') process.stdout.write(text);
  else writeFileSync(path, text);
}
