import type { RunAttack } from '../../schemas/run.js';
import { chosenAttack, chosenMembers } from '../attack-choice.js';
import type { LevelEngines } from '../verify/level-engines.js';
import type { VerifyOptions } from '../verify/verify.js';
import type { RunContext } from './run-context.js';

/** Samples per forward pass of the levels. */
const BATCH = 16;

/**
 * How a stage verifies a run's network under an attack: the function of the chip alone, without black box and examples,
 * which a stage adds that wants them.
 */
export function verifyOptions(
  { config, workers }: RunContext,
  attack: Pick<RunAttack, 'kind' | 'epsilon' | 'steps' | 'queries'>,
  engines: LevelEngines,
): VerifyOptions {
  const { ensemble, margin } = config.attack;
  return {
    attack: { attack: chosenAttack(attack), members: chosenMembers(ensemble), blackBoxQueries: 0, seed: config.seed },
    margin,
    chip: { timing: 'off', energyProfile: undefined },
    engines,
    batchSize: BATCH,
    workers,
    examples: 0,
  };
}
