/**
 * Compiles the .proto files into static protobufjs code: schemas/generated/messages.{js,d.ts}, as an ES module, and
 * copies it and the JSON Schemas into dist, where tsc puts the rest of the build. Does nothing where the output is newer
 * than all it is made from.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const schemas = dirname(fileURLToPath(import.meta.url));
const protos = ['graph.proto', 'program.proto', 'onnx.proto', 'perfetto.proto'].map((name) => join(schemas, name));
const sources = [...protos, fileURLToPath(import.meta.url), require.resolve('protobufjs-cli/package.json')];
const generated = join(schemas, 'generated');
const shipped = join(schemas, '..', 'dist', 'schemas');

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

async function compile() {
  const pbjs = promisify(require('protobufjs-cli/pbjs').main);
  mkdirSync(generated, { recursive: true });
  const unfinished = join(generated, `messages.${process.pid}.js`);
  const options = '-t static-module -w esm --dts --no-verify --no-convert --no-delimited --no-typeurl --no-service';
  await pbjs([...options.split(' '), '-r', 'spikewright', '-p', schemas, '-o', unfinished, ...protos]);
  for (const ending of ['.d.ts', '.js']) {
    renameSync(unfinished.replace(/\.js$/, ending), join(generated, `messages${ending}`));
  }
}

const output = join(generated, 'messages.js');
if (modified(output) <= Math.max(...sources.map(modified))) await compile();

mkdirSync(join(shipped, 'generated'), { recursive: true });
const jsonSchemas = readdirSync(schemas).filter((name) => name.endsWith('.schema.json'));
for (const name of [...jsonSchemas, 'generated/messages.d.ts', 'generated/messages.js']) {
  const [from, to] = [join(schemas, name), join(shipped, name)];
  if (modified(to) < modified(from)) copyFileSync(from, to);
}
