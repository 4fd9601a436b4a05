import { defineConfig } from 'vitest/config';

export const config = defineConfig({ test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, maxWorkers: 2 } });

// Vitest reads its configuration from the default export.
// biome-ignore lint/style/noDefaultExport: demanded by Vitest
export default config;
