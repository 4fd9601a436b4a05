import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf, layeringFaults, packagesLoadedWith } from './layering.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const unread = new Set(['node_modules', 'dist', 'test', 'generated', 'coverage', 'spikewright-runs']);
/** Configuration that its tool wants at the top. */
const toolConfiguration = new Set(['vitest.config.ts']);

/** The text of every source file below a folder, by path from the root. */
function readSources(folder = ''): Map<string, string> {
  const sources = new Map<string, string>();
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (unread.has(entry.name) || entry.name.startsWith('.')) continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) for (const [inner, text] of readSources(path)) sources.set(inner, text);
    else if (/\.(ts|mts|cts|js|mjs|cjs)$/.test(entry.name) && !toolConfiguration.has(path)) {
      sources.set(path, readFileSync(join(root, path), 'utf8'));
    }
  }
  return sources;
}

describe('the layers', () => {
  it('keep to the table', () => {
    const sources = readSources();
    expect([...sources.keys()]).toContain('schemas/ann.ts');
    expect(layeringFaults(sources)).toEqual([]);
  });
});

describe('the command line', () => {
  it('starts without engines, charts, databases and decoders, which commands load that need them', () => {
    const loaded = packagesLoadedWith('runtime/cli/main.ts', readSources());
    const heavy = [...loaded].filter((name) => !name.startsWith('node:') && !name.startsWith('pure-rand/')).sort();
    expect(heavy).toEqual([
      'ajv/dist/2020.js',
      'picocolors',
      'protobufjs/minimal.js',
      'safe-stable-stringify',
      'yargs',
    ]);
  });
});

describe('the check of the layers', () => {
  it.each<[string, Record<string, string>, string]>([
    ['the format that imports a chip', { 'schemas/a.ts': "import { b } from '../targets/b.js';" }, 'targets/b.ts'],
    [
      'the simulator that imports the compiler',
      { 'sim/a.ts': "import type { B } from '../compiler/b.js';" },
      'compiler/b.ts',
    ],
    [
      'the compiler that imports tfjs',
      { 'compiler/a.ts': "import * as tf from '@tensorflow/tfjs';" },
      '@tensorflow/tfjs',
    ],
    ['the compiler that imports it late', { 'compiler/a.ts': "const tf = await import('@tensorflow/tfjs');" }, 'tfjs'],
    ['the compiler that reads files', { 'compiler/a.ts': "import { readFileSync } from 'node:fs';" }, 'node:fs'],
    ['the compiler that rolls dice', { 'compiler/a.ts': 'const x = Math.random();' }, 'Math.random'],
    ['the compiler that looks at the clock', { 'compiler/a.ts': 'const x = new Date();' }, 'Date'],
    ['anything that imports a test', { 'runtime/a.ts': "import { b } from '../test/b.js';" }, 'test/b.ts'],
    ['a re-export upwards', { 'targets/a.ts': "export { b } from '../runtime/b.js';" }, 'runtime/b.ts'],
    ['a bare import upwards', { 'sim/a.ts': "import '../runtime/b.js';" }, 'runtime/b.ts'],
    ['a file in another folder', { 'tools/a.ts': '' }, 'tools/a.ts lies in no layer'],
    ['a file at the top', { 'a.ts': '' }, 'a.ts lies in no layer'],
    [
      'a cycle',
      {
        'sim/a.ts': "import { b } from './b.js';",
        'sim/b.ts': "import { c } from './c.js';",
        'sim/c.ts': "import {\n  a,\n} from './a.js';",
      },
      'cycle: sim/a.ts → sim/b.ts → sim/c.ts → sim/a.ts',
    ],
  ])('finds %s', (_, sources, fault) => {
    const faults = layeringFaults(new Map(Object.entries(sources)));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it('passes what the table allows', () => {
    const sources = {
      'schemas/a.ts': "import Ajv from 'ajv/dist/2020.js';\nimport type { B } from './b.js';",
      'schemas/b.ts': "import { a } from './a.js';",
      'compiler/import/a.ts': "import { readFileSync } from 'node:fs';\n// Date and Math.random are words here.",
      'compiler/b.ts': "import { a } from '../schemas/a.js';\nimport { t } from '../targets/t.js';",
      'runtime/cli/a.ts': "import { b } from '../../compiler/b.js';\nimport * as tf from '@tensorflow/tfjs';",
      'schemas/generate.mjs': "import { createRequire } from 'node:module';",
    };
    expect(layeringFaults(new Map(Object.entries(sources)))).toEqual([]);
  });

  it('sees every form of import', () => {
    const text = [
      "import a from './a.js';",
      "import {\n  b,\n  type B,\n} from './b.js';",
      "import * as c from './c.js';",
      "import type { D } from './d.js';",
      "export { e } from './e.js';",
      "import './f.js';",
      "const { g } = await import('./g.js');",
    ].join('\n');
    const runTime = importsOf(text).filter(({ atRunTime }) => atRunTime);
    expect(
      importsOf(text)
        .map(({ specifier }) => specifier)
        .sort(),
    ).toEqual([...'abcdefg'].map((x) => `./${x}.js`));
    expect(runTime.map(({ specifier }) => specifier)).not.toContain('./d.js');
  });
});
