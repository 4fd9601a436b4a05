import { fileURLToPath } from 'node:url';
import type { RunConfig } from '../../schemas/run.js';
import { readRun } from '../../schemas/run-file.js';
import { readFileWhole } from '../store/read-file.js';
import { packageRoot } from '../version.js';

/** The configuration that the demo runs, and the folder of its network. */
const demoFolder = new URL('runtime/demo/', packageRoot);

/** The demo's run, its network where this package has it. */
export async function demoConfig(): Promise<RunConfig> {
  const path = fileURLToPath(new URL('run.json', demoFolder));
  const config = readRun(Buffer.from(await readFileWhole(path)).toString('utf8'), path);
  return { ...config, model: fileURLToPath(new URL(config.model, demoFolder)) };
}
