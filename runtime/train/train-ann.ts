import type { AnnGraph } from '../../schemas/ann.js';
import { encodeAnn } from '../../schemas/ann-file.js';
import type { Dataset } from '../data/dataset.js';
import type { Engine } from '../engine/engine.js';
import { withParameters } from '../models/parameters.js';
import type { Objective } from './adversarial-step.js';
import { trainingStep } from './adversarial-step.js';
import type { EpochRecord } from './checkpoint.js';
import type { LoopOptions, TrainingHooks } from './loop.js';
import { trainingLoop } from './loop.js';
import { requireFit, runIdentity } from './run-identity.js';

export interface AnnTrainingOptions extends LoopOptions {
  readonly objective: Objective;
}

/**
 * Trains an ANN from the weights it has; the same engine, network, data and options give the same bytes, stopped and
 * resumed or not. Throws what `trainingLoop` throws, and SW4008 where the data do not fit the network.
 */
export async function trainAnn(
  engine: Engine,
  graph: AnnGraph,
  dataset: Dataset,
  options: AnnTrainingOptions,
  hooks: TrainingHooks = {},
): Promise<{ readonly graph: AnnGraph; readonly history: readonly EpochRecord[] }> {
  const { objective, ...loop } = options;
  const run = runIdentity(engine, encodeAnn(graph), dataset, options);
  const model = engine.load(graph);
  try {
    requireFit(model, dataset);
    const history = await trainingLoop(model, dataset, trainingStep(objective), loop, run, hooks);
    return { graph: withParameters(graph, await model.readParameters()), history };
  } finally {
    model.dispose();
  }
}
