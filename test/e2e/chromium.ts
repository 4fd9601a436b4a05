import { existsSync } from 'node:fs';

/** The browser of the tests that look at pages: $CHROMIUM, or where Debian puts it; null where there is none. */
export function chromiumPath(): string | null {
  return [process.env.CHROMIUM, '/usr/bin/chromium'].find((path) => path !== undefined && existsSync(path)) ?? null;
}
