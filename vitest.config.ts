import { configDefaults, defineConfig } from 'vitest/config';
import { chromiumPath } from './test/e2e/chromium.js';

/** Tests that look at pages in a browser. */
const browserTests = ['test/e2e/report-page.test.ts', 'test/e2e/live-view.test.ts'];

/**
 * Without Chromium the browser tests cannot run. A user's machine may lack it and is told so once; in continuous
 * integration (CI=true) it must be there, and the tests themselves fail where it is not.
 */
function withoutBrowser(): string[] {
  if (chromiumPath() !== null || process.env.CI === 'true') return [];
  process.stderr.write(
    `No Chromium found: leaving out ${browserTests.join(' and ')}. Install Chromium or set CHROMIUM to run it.\n`,
  );
  return browserTests;
}

export const config = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/drawn-cases.ts'],
    exclude: [...configDefaults.exclude, ...withoutBrowser()],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    // Tests that record runs say where.
    env: { SPIKEWRIGHT_HISTORY: 'off' },
  },
});

// Vitest reads its configuration from the default export.
// biome-ignore lint/style/noDefaultExport: demanded by Vitest
export default config;
