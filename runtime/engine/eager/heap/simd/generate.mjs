/**
 * Compiles the AssemblyScript loops of this folder into one WebAssembly module and writes it as text into
 * ../generated/loops.ts, which the build treats like any other source. Does nothing where that is newer than its sources.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = dirname(fileURLToPath(import.meta.url));
const generated = join(folder, '..', 'generated');
const output = join(generated, 'loops.ts');
const loops = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json');
const sources = [...loops.map((name) => join(folder, name)), fileURLToPath(import.meta.url), compiler];
const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

if (modified(output) <= Math.max(...sources.map(modified))) {
  mkdirSync(generated, { recursive: true });
  const binary = `loops.${process.pid}.wasm`;
  // The module works in the tensors' memory and has none of its own: it may hold no static data.
  const options = '-O3 --noAssert --runtime stub --importMemory --noExportMemory --enable simd';
  const { error, stderr } = await asc.main([...loops, ...options.split(' '), '--outFile', binary], {
    readFile: (name) => (loops.includes(name) ? readFileSync(join(folder, name), 'utf8') : null),
    writeFile: (name, contents) => writeFileSync(join(generated, name), contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const text = readFileSync(join(generated, binary)).toString('base64');
  rmSync(join(generated, binary));
  const unfinished = `${output}.${process.pid}`;
  writeFileSync(
    unfinished,
    `/** A WebAssembly module in base64, compiled from the AssemblyScript in ../simd. */\nexport const loopsModule =\n  '${text}';\n`,
  );
  renameSync(unfinished, output);
}
