import type { ReportProportion } from '../../schemas/report.js';
import { mainAttack } from '../attack-choice.js';
import { labelsOf } from '../data/dataset.js';
import { type CompileStage, INTEGER_FILE } from '../pipeline/chip-stages.js';
import { jsonBytes, type RunContext } from '../pipeline/run-context.js';
import { verifyOptions } from '../pipeline/verify-options.js';
import { artefactHash, readArtefact } from '../store/store.js';
import { firstOf } from '../train/accuracy.js';
import { chooseLevelEngines } from '../verify/level-engines.js';
import { verifyNetwork } from '../verify/verify.js';

/** The stage's name. */
export const ATTACK = 'attack';

const ROBUSTNESS_FILE = 'robustness.json';

/** How often the chip is right, clean and attacked, and where it differs from its twin. */
export interface Robustness {
  readonly clean: ReportProportion;
  readonly robust: ReportProportion;
  /** Spikes and readouts. */
  readonly mismatches: number;
}

/**
 * Attacks the integer twin and runs chip and twin on clean and adversarial images, spike by spike. Programs that compute
 * the same integers share the outcome: where cores are placed changes no spike. Throws what `verifyNetwork` throws.
 */
export async function attackStage(run: RunContext, { artefacts, program, graph }: CompileStage): Promise<Robustness> {
  const { attack, seed } = run.config;
  const { engines, diagnostics } = await chooseLevelEngines(graph, run.config);
  run.listener.tell(diagnostics);
  const made = await run.stage(
    {
      stage: ATTACK,
      inputs: { graph: artefactHash(artefacts, INTEGER_FILE), data: run.datasetHash('test') },
      options: { attack: mainAttack(attack), seed, engine: [engines.networks, engines.twin, engines.backend] },
    },
    async () => {
      const test = run.dataset('test');
      const { indices } = firstOf(test, attack.samples, 1);
      const { levels, comparison } = await verifyNetwork(
        { ann: null, snn: null, floatGraph: null, graph, program },
        { images: test.images(indices), labels: labelsOf(test, indices), indices },
        verifyOptions(run, attack, engines),
        run.listener.hooks(ATTACK),
      );
      const { clean, robust } = levels.chip!;
      const mismatches = comparison.spikeMismatches + comparison.readoutMismatches;
      return { [ROBUSTNESS_FILE]: jsonBytes({ clean, robust, mismatches }) };
    },
    async () => '',
  );
  return JSON.parse(Buffer.from(await readArtefact(made, ROBUSTNESS_FILE)).toString('utf8'));
}
