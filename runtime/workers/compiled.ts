import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { failure } from '../../schemas/diagnostic.js';

/**
 * The JavaScript module that a worker thread loads for the module at `moduleUrl`. Threads always run compiled code:
 * a TypeScript source (the caller itself runs from sources, as tests do) is looked up under `dist/`.
 * Throws SW5009 where it has not been built.
 */
export function compiledUrl(moduleUrl: string): URL {
  if (!moduleUrl.endsWith('.ts')) return new URL(moduleUrl);
  const root = new URL('../../', import.meta.url).href;
  const url = new URL(`${root}dist/${moduleUrl.slice(root.length).replace(/\.ts$/, '.js')}`);
  if (!existsSync(fileURLToPath(url))) {
    throw failure('SW5009', {
      where: fileURLToPath(url),
      what: 'the compiled module is missing',
      fix: 'Run npm run build.',
    });
  }
  return url;
}
