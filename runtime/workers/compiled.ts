import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { failure } from '../../schemas/diagnostic.js';

/** The folder that holds `runtime/`: the package's in sources, its `dist/` in what was compiled. */
const root = new URL('../../', import.meta.url).href;

/**
 * The JavaScript module that a worker thread loads for `module`, which is a source's URL or that of the JavaScript made
 * of it. Threads always run compiled code: where the caller itself runs from sources, as tests do, the module is looked
 * up under `dist/`. Throws SW5009 where it has not been built.
 */
export function compiledUrl(module: string | URL): URL {
  const url = new URL(module);
  if (!url.href.endsWith('.ts') && existsSync(fileURLToPath(url))) return url;
  const compiled = new URL(`${root}dist/${url.href.slice(root.length).replace(/\.ts$/, '.js')}`);
  if (existsSync(fileURLToPath(compiled))) return compiled;
  throw failure('SW5009', {
    where: fileURLToPath(compiled),
    what: 'the compiled module is missing.',
    fix: 'Run npm run build.',
  });
}
