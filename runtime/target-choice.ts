import type { Target } from '../schemas/target.js';
import { readTarget } from '../schemas/target-file.js';
import { loadTarget, targetNames } from '../targets/load.js';
import { readFileWhole } from './store/read-file.js';

/**
 * The target of a name, or of the file at a path: whatever has a dot or a slash is a path.
 * Throws SW2201 (unknown name), SW1001 and SW1020…SW1024.
 */
export async function chosenTarget(nameOrPath: string): Promise<Target> {
  if (targetNames().includes(nameOrPath) || !/[./\\]/.test(nameOrPath)) return loadTarget(nameOrPath);
  return readTarget(Buffer.from(await readFileWhole(nameOrPath)).toString('utf8'), nameOrPath);
}
