import type { Engine } from '../../../runtime/engine/engine.js';
import { startEager, startEngine } from '../../../runtime/engine/start.js';

/** What runs networks: the compiled engine, or the eager one on one of its backends. */
export type TestedEngine = 'compiled' | 'wasm' | 'cpu';

/** The engines that are held against PyTorch's numbers and against plain JavaScript (cpu). */
export const testedEngines = ['wasm', 'compiled'] as const;

export async function startTested(name: TestedEngine): Promise<Engine> {
  const started =
    name === 'compiled'
      ? await startEngine({ engine: 'compiled', backend: 'auto', threads: 1 })
      : await startEager({ backend: name });
  return started.engine;
}
