import { dirname, join, normalize } from 'node:path/posix';

/** A layer of the product: what its files may import beside each other. */
interface Layer {
  readonly folders: readonly string[];
  /** Packages and Node modules, by the part of the specifier before the path within them; null for any. */
  readonly packages: readonly string[] | null;
}

/** Which folder may import which: every source file lies in one of these. */
const layers: Readonly<Record<string, Layer>> = {
  schemas: { folders: [], packages: ['node:crypto', 'node:fs', 'node:zlib', 'protobufjs', 'ajv'] },
  targets: { folders: ['schemas'], packages: ['node:fs', 'node:path', 'node:url'] },
  compiler: { folders: ['schemas', 'targets'], packages: ['pure-rand'] },
  sim: { folders: ['schemas', 'targets'], packages: ['pure-rand'] },
  runtime: { folders: ['schemas', 'targets', 'compiler', 'sim'], packages: null },
};

/** Files that only build others: they are no part of the product. */
const buildScript = /(^|\/)generate\.mjs$/;
/** The one place of the compiler that may read files. */
const importers = 'compiler/import/';
/** What makes a function's result depend on when or how often it is called. */
const impurity = /\b(?:Date\b|performance\s*\.|Math\s*\.\s*random\b|process\s*\.|fetch\s*\()/;

const lateImport = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** An import of one source file. */
interface Import {
  readonly specifier: string;
  /** False where only types are imported, which leaves no trace at run time. */
  readonly atRunTime: boolean;
}

/** Every import and re-export of a source text, dynamic ones of fixed specifiers included. */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const [, keyword, specifier] of text.matchAll(
    /^\s*(import type|export type|import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]/gm,
  )) {
    found.push({ specifier: specifier!, atRunTime: !keyword!.endsWith('type') });
  }
  for (const [, specifier] of text.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: specifier!, atRunTime: true });
  }
  for (const [, specifier] of text.matchAll(lateImport)) {
    found.push({ specifier: specifier!, atRunTime: true });
  }
  return found;
}

/**
 * Every breach of the layer table among the sources, given as text by path from the repository's root (forward slashes):
 * files outside the layers, imports that the table forbids, clocks and randomness in the compiler, import cycles.
 */
export function layeringFaults(sources: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, text] of sources) {
    const folder = path.split('/')[0]!;
    const layer = layers[folder];
    if (layer === undefined || !path.includes('/')) {
      faults.push(`${path} lies in no layer`);
      continue;
    }
    const targets: string[] = [];
    for (const { specifier, atRunTime } of importsOf(text)) {
      if (!specifier.startsWith('.')) {
        const fault = packageFault(path, specifier, layer);
        if (fault !== null) faults.push(fault);
        continue;
      }
      const target = resolve(path, specifier);
      const other = target.split('/')[0]!;
      if (other !== folder && !layer.folders.includes(other)) faults.push(`${path} imports ${target}`);
      if (atRunTime) targets.push(target);
    }
    graph.set(path, targets);
    const impure = folder === 'compiler' ? withoutComments(text).match(impurity) : null;
    if (impure !== null) faults.push(`${path} uses ${impure[0]}`);
  }
  return [...faults, ...cycles(graph)];
}

/** The packages that are loaded with a source file at once: those that it, and what it imports, do not import late. */
export function packagesLoadedWith(entry: string, sources: ReadonlyMap<string, string>): Set<string> {
  const packages = new Set<string>();
  const seen = new Set([entry]);
  for (const path of seen) {
    const late = new Set([...(sources.get(path) ?? '').matchAll(lateImport)].map(([, specifier]) => specifier!));
    for (const { specifier, atRunTime } of importsOf(sources.get(path) ?? '')) {
      if (!atRunTime || late.has(specifier)) continue;
      if (specifier.startsWith('.')) seen.add(resolve(path, specifier));
      else packages.add(specifier);
    }
  }
  return packages;
}

function packageFault(path: string, specifier: string, { packages }: Layer): string | null {
  if (packages === null || buildScript.test(path)) return null;
  const known = packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  const isRead = path.startsWith(importers) && specifier.startsWith('node:fs');
  return known || isRead ? null : `${path} imports ${specifier}`;
}

/** The source file that a relative specifier names: TypeScript is imported by the name of its output. */
function resolve(from: string, specifier: string): string {
  return normalize(join(dirname(from), specifier)).replace(/\.js$/, '.ts');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

/** One line for each import that closes a cycle. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const faults: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done' || !graph.has(path)) return;
    if (state.get(path) === 'open') {
      faults.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
      return;
    }
    state.set(path, 'open');
    for (const target of graph.get(path)!) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of graph.keys()) visit(path, []);
  return faults;
}
