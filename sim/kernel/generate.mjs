/**
 * Compiles the AssemblyScript loops of each folder named on the command line into one WebAssembly module and writes it as
 * text into generated/loops.ts beside that folder, which the build treats like any other source. Does nothing where that
 * is newer than its sources. With "shared" after a colon the module works in a shared memory.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json');
const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

// The modules work in memory that is handed to them and have none of their own: they may hold no static data.
const common = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory', '--enable', 'simd'];
/** In pages of 64 KiB: all that 32-bit addresses reach. */
const shared = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];

async function compile(folder, options) {
  const generated = join(folder, '..', 'generated');
  const output = join(generated, 'loops.ts');
  const loops = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const sources = [...loops.map((name) => join(folder, name)), fileURLToPath(import.meta.url), compiler];
  if (modified(output) > Math.max(...sources.map(modified))) return;
  mkdirSync(generated, { recursive: true });
  const binary = `loops.${process.pid}.wasm`;
  const { error, stderr } = await asc.main([...loops, ...options, '--outFile', binary], {
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
    `/** A WebAssembly module in base64, compiled from the AssemblyScript in ../${basename(folder)}. */\nexport const loopsModule =\n  '${text}';\n`,
  );
  renameSync(unfinished, output);
}

for (const argument of process.argv.slice(2)) {
  const [folder, memory] = argument.split(':');
  await compile(folder, memory === 'shared' ? [...common, ...shared] : common);
}
