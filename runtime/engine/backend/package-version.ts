import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The version of an installed npm package; null where it is not installed. */
export function packageVersion(name: string): string | null {
  try {
    const { version } = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as {
      version: string;
    };
    return version;
  } catch {
    return null;
  }
}
