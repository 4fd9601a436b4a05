import type { LabelledBatch } from '../attack/samples.js';
import type { BackendName } from '../engine/backend/backend.js';
import { startEager } from '../engine/start.js';
import { FloatSpikes } from '../twin/float-spikes.js';
import { IntegerTwin } from '../twin/twin.js';
import type { Task } from '../workers/task.js';
import type { ChipOptions } from './chip.js';
import { Chip } from './chip.js';
import { ChipOracle } from './chip-oracle.js';
import type { LevelAttack, LevelsOutcome } from './levels.js';
import { evaluateLevels } from './levels.js';
import type { VerifiedNetwork } from './verify.js';

interface LevelsSetup {
  readonly network: VerifiedNetwork;
  readonly attack: LevelAttack;
  readonly chip: ChipOptions;
  readonly backend: BackendName;
}

/** Evaluates batches at every level on the eager engine, where the twin runs, with models of the thread's own. */
export const levelsTask: Task<LevelsSetup, LabelledBatch, LevelsOutcome> = {
  module: import.meta.url,
  name: 'levelsTask',
  async start({ network, attack, chip, backend }) {
    const { engine } = await startEager({ backend });
    const levels = {
      ann: network.ann === null ? null : engine.load(network.ann),
      snn: network.snn === null ? null : engine.load(network.snn),
      spike: network.floatGraph === null ? null : new FloatSpikes(network.floatGraph),
      twin: new IntegerTwin(network.graph),
      chip: new Chip(network.program, chip),
      oracle: new ChipOracle(network.program),
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
