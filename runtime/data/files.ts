import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { failure } from '../../schemas/diagnostic.js';

/**
 * The folder of an installed npm package that holds `file`, looked for from the working directory upward and then from
 * the product's own place; null where neither has it.
 */
export function packageFolder(packageName: string, file: string): string | null {
  for (const origin of [pathToFileURL(join(process.cwd(), 'origin.js')).href, import.meta.url]) {
    for (const modules of createRequire(origin).resolve.paths(packageName) ?? []) {
      const folder = join(modules, packageName);
      if (existsSync(join(folder, file))) return folder;
    }
  }
  return null;
}

/** A file's bytes; throws SW4001 where it cannot be read, SW4002 where it has more than `bytesMax` bytes. */
export function readDataFile(path: string, bytesMax: number): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > bytesMax) {
      throw failure('SW4002', { where: path, what: `it has ${size} B; at most ${bytesMax} B were expected` });
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw failure('SW4001', { where: path, what: `cannot be read (${error.message})` }, { cause: error });
    }
    throw error;
  }
}

/** `read` at the first call, its result at every later one. */
export function once<T>(read: () => T): () => T {
  let held: { readonly value: T } | null = null;
  return () => {
    held ??= { value: read() };
    return held.value;
  };
}
