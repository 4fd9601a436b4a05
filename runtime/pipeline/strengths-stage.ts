import type { AnnGraph } from '../../schemas/ann.js';
import type { LevelName, ReportProportion, ReportStrength } from '../../schemas/report.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { labelsOf } from '../data/dataset.js';
import { type Artefacts, readArtefact } from '../store/store.js';
import { firstOf } from '../train/accuracy.js';
import { chooseLevelEngines } from '../verify/level-engines.js';
import { levelNames } from '../verify/levels.js';
import { verifyNetwork } from '../verify/verify.js';
import { type CompileStage, levelInputs } from './chip-stages.js';
import type { NetworkStage } from './float-stages.js';
import { jsonBytes, type RunContext } from './run-context.js';
import { verifyOptions } from './verify-options.js';

/** The stage's name. */
export const STRENGTHS = 'strengths';

const STRENGTHS_FILE = 'strengths.json';

export interface StrengthsStage {
  readonly artefacts: Artefacts;
  readonly strengths: readonly ReportStrength[];
}

/** Measures every level under the further attacks that the run names, one after the other. Throws what `verifyNetwork` throws. */
export async function strengthsStage(
  run: RunContext,
  ann: NetworkStage<AnnGraph>,
  snn: NetworkStage<SnnGraph>,
  { artefacts, program, graph, floatGraph }: CompileStage,
): Promise<StrengthsStage> {
  const { attack, seed } = run.config;
  const { engines } = await chooseLevelEngines(graph, run.config);
  const made = await run.stage(
    {
      stage: STRENGTHS,
      inputs: levelInputs(run, ann, snn, artefacts),
      options: {
        others: attack.others,
        samples: attack.otherSamples,
        queries: attack.queries,
        ensemble: attack.ensemble,
        seed,
        engine: [engines.networks, engines.twin, engines.backend],
      },
    },
    async () => {
      const test = run.dataset('test');
      const { indices } = firstOf(test, attack.otherSamples, 1);
      const batch = { images: test.images(indices), labels: labelsOf(test, indices), indices };
      const strengths: ReportStrength[] = [];
      for (const [index, other] of attack.others.entries()) {
        const { progress, signal } = run.listener.hooks(STRENGTHS);
        const { samples, levels } = await verifyNetwork(
          { ann: ann.graph, snn: snn.graph, floatGraph, graph, program },
          batch,
          verifyOptions(run, { ...attack, ...other }, engines),
          {
            signal,
            progress: (done, total) => {
              const all = attack.others.length * total;
              progress?.(
                index * total + done,
                all,
                `${other.kind}, ε = ${Number((255 * other.epsilon).toFixed(3))}/255`,
              );
            },
          },
        );
        const robust = Object.fromEntries(levelNames.map((name) => [name, levels[name]!.robust]));
        const steps = other.kind === 'fgsm' || other.kind === 'rfgsm' ? 1 : other.steps;
        strengths.push({
          method: other.kind,
          epsilon: other.epsilon,
          steps: other.kind === 'square' ? attack.queries : steps,
          samples,
          robust: robust as Record<LevelName, ReportProportion>,
        });
      }
      return { [STRENGTHS_FILE]: jsonBytes(strengths) };
    },
    async () => `${attack.others.length} further attacks on ${attack.otherSamples} images each`,
  );
  const text = Buffer.from(await readArtefact(made, STRENGTHS_FILE)).toString('utf8');
  return { artefacts: made, strengths: JSON.parse(text) };
}
