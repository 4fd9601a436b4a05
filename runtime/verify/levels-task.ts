import type { LabelledBatch } from '../attack/samples.js';
import type { Engine } from '../engine/engine.js';
import { startEager, startEngine } from '../engine/start.js';
import { FloatSpikes } from '../twin/float-spikes.js';
import { startTwin } from '../twin/start-twin.js';
import type { Task } from '../workers/task.js';
import type { ChipOptions } from './chip.js';
import { Chip } from './chip.js';
import type { LevelEngines } from './level-engines.js';
import type { LevelAttack, LevelsOutcome } from './levels.js';
import { evaluateLevels } from './levels.js';
import type { VerifiedNetwork } from './verify.js';

interface LevelsSetup {
  readonly network: VerifiedNetwork;
  readonly attack: LevelAttack;
  readonly chip: Omit<ChipOptions, 'fault'>;
  readonly engines: LevelEngines;
  /** In which the chips of all threads have the program's weights in common. */
  readonly memory: WebAssembly.Memory;
}

/** Evaluates batches at every level, with engines and models of the thread's own. */
export const levelsTask: Task<LevelsSetup, LabelledBatch, LevelsOutcome> = {
  module: import.meta.url,
  name: 'levelsTask',
  async start({ network, attack, chip, engines, memory }) {
    // First of all, so that a program that does not fit its target is refused at once.
    const chips = {
      chip: new Chip(network.program, chip, memory),
      untimed: new Chip(network.program, { timing: 'off' }, memory),
    };
    const { engine: eager } = await startEager({ backend: engines.backend });
    const engine = engines.networks === 'compiled' ? await startCompiled() : eager;
    const levels = {
      ann: network.ann === null ? null : engine.load(network.ann),
      snn: network.snn === null ? null : engine.load(network.snn),
      spike: network.floatGraph === null ? null : new FloatSpikes(network.floatGraph),
      twin: await startTwin(network.graph, engines.twin === 'compiled' ? engine : eager),
      ...chips,
    };
    return {
      run: (batch) => evaluateLevels(levels, batch, attack),
      stop() {
        levels.ann?.dispose();
        levels.snn?.dispose();
        levels.spike?.dispose();
        levels.twin.dispose();
      },
    };
  },
};

/** With one thread: the workers share out the machine. */
async function startCompiled(): Promise<Engine> {
  return (await startEngine({ engine: 'compiled', backend: 'auto', threads: 1 })).engine;
}
