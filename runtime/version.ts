import { existsSync, readFileSync } from 'node:fs';

/** This package's root directory, whether its sources run or what was compiled from them. */
export const packageRoot: URL = findRoot();

/** This package's version, as package.json gives it. */
export const spikewrightVersion: string = (
  JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string }
).version;

function findRoot(): URL {
  const nearest = new URL('../', import.meta.url);
  return existsSync(new URL('package.json', nearest)) ? nearest : new URL('../', nearest);
}
