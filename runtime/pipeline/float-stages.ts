import type { AnnGraph } from '../../schemas/ann.js';
import { decodeAnn, encodeAnn } from '../../schemas/ann-file.js';
import { sha256 } from '../../schemas/hash.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { decodeSnn, encodeSnn } from '../../schemas/snn-file.js';
import { readModel, readModelBytes } from '../model-file.js';
import { type Artefacts, artefactHash, readArtefact } from '../store/store.js';
import { compileTarget } from '../target-choice.js';
import type { EpochRecord } from '../train/checkpoint.js';
import type { TrainingHooks } from '../train/loop.js';
import { jsonBytes, type RunContext } from './run-context.js';
import { convertAndCalibrate, finetuneAndMeasure, finetuneOnGrid } from './spiking-steps.js';

const ANN_FILE = 'ann.swa';
const SNN_FILE = 'snn.sws';
export const HISTORY_FILE = 'history.json';
/** The stage of quantisation-aware finetuning. */
export const QAT = 'qat';

/** A stage whose main output is a network, read back from its file. */
export interface NetworkStage<Graph> {
  readonly artefacts: Artefacts;
  readonly graph: Graph;
  /** sha256 of the network's file. */
  readonly hash: string;
}

/** Imports the configured model. Throws SW1001 and what `readModel` throws. */
export async function importStage(run: RunContext): Promise<NetworkStage<AnnGraph>> {
  const { model, normalisation } = run.config;
  const bytes = await readModelBytes(model);
  const request = { stage: 'import', inputs: { model: sha256(bytes) }, options: { normalisation } };
  const artefacts = await run.stage(
    request,
    async () => {
      const { value, diagnostics } = readModel(bytes, model, normalisation);
      run.listener.tell(diagnostics);
      return { [ANN_FILE]: encodeAnn(value) };
    },
    async (made) => networkSummary(decodeAnn(await readArtefact(made, ANN_FILE), ANN_FILE)),
  );
  return networkStage(artefacts, ANN_FILE, decodeAnn);
}

/** Converts the ANN and calibrates thresholds on training images. Throws what `convertAndCalibrate` throws. */
export async function convertStage(run: RunContext, ann: NetworkStage<AnnGraph>): Promise<NetworkStage<SnnGraph>> {
  const { timesteps, seed, dataset } = run.config;
  const options = { ...run.config.convert, timesteps };
  const request = {
    stage: 'convert',
    inputs: { ann: ann.hash, data: run.datasetHash('train') },
    options: { ...options, trainSamples: dataset.trainSamples, seed, engine: await run.engineIdentity() },
  };
  const artefacts = await run.stage(
    request,
    async () => {
      const graph = await convertAndCalibrate(ann.graph, options, await run.spikingSetup(), (work) =>
        run.listener.hooks(work),
      );
      return { [SNN_FILE]: encodeSnn(graph) };
    },
    async (made) => thresholdSummary(decodeSnn(await readArtefact(made, SNN_FILE), SNN_FILE)),
  );
  return networkStage(artefacts, SNN_FILE, decodeSnn);
}

export interface FinetuneStage extends NetworkStage<SnnGraph> {
  readonly history: readonly EpochRecord[];
}

/** Finetunes the SNN against its adversary, going on from a checkpoint where there is one. Throws what `finetune` throws. */
export async function finetuneStage(run: RunContext, snn: NetworkStage<SnnGraph>): Promise<FinetuneStage> {
  const { qat: _, ...options } = run.config.finetune;
  return trainedStage(run, 'finetune', snn, { inputs: {}, options }, async (training) =>
    finetuneAndMeasure(snn.graph, options, await run.spikingSetup(), {
      test: null,
      training,
      statistics: run.listener.hooks('finetune: norm statistics'),
    }),
  );
}

/**
 * Goes on with finetuning on the grid of the chip that is compiled for, where the configuration asks for it; null where
 * not. Throws what `compileTarget` and `finetuneOnGrid` throw.
 */
export async function qatStage(run: RunContext, tuned: FinetuneStage): Promise<FinetuneStage | null> {
  const { qat, ...objective } = run.config.finetune;
  if (qat === null) return null;
  const target = await compileTarget(run.config.compile);
  const options = { ...objective, ...qat, statisticsBatches: 0 };
  const inputs = { target: sha256(Buffer.from(JSON.stringify(target))) };
  return trainedStage(run, QAT, tuned, { inputs, options }, async (training) =>
    finetuneOnGrid(tuned.graph, target, options, await run.spikingSetup(), { test: null, training }),
  );
}

/** A stage that trains a network: with checkpoints, and the training's history beside the network. */
async function trainedStage(
  run: RunContext,
  stage: string,
  snn: NetworkStage<SnnGraph>,
  { inputs, options }: { readonly inputs: Readonly<Record<string, string>>; readonly options: object },
  train: (hooks: TrainingHooks) => Promise<{ readonly graph: SnnGraph; readonly history: readonly EpochRecord[] }>,
): Promise<FinetuneStage> {
  const { seed, dataset } = run.config;
  const request = {
    stage,
    inputs: { snn: snn.hash, data: run.datasetHash('train'), ...inputs },
    options: { ...options, trainSamples: dataset.trainSamples, seed, engine: await run.engineIdentity() },
  };
  const artefacts = await run.stage(
    request,
    async () => {
      const checkpoint = await run.store.loadCheckpoint(request);
      const { graph, history } = await train({
        ...run.listener.hooks(stage),
        step: (point) => run.listener.trained(point),
        checkpoint: (bytes) => run.store.saveCheckpoint(request, bytes),
        ...(checkpoint === null ? {} : { resume: { bytes: checkpoint, where: 'checkpoint' } }),
      });
      return { [SNN_FILE]: encodeSnn(graph), [HISTORY_FILE]: jsonBytes(history) };
    },
    async (made) => historySummary(await readHistory(made)),
  );
  const history = await readHistory(artefacts);
  return { ...(await networkStage(artefacts, SNN_FILE, decodeSnn)), history };
}

async function networkStage<Graph>(
  artefacts: Artefacts,
  file: string,
  decode: (bytes: Uint8Array, where: string) => Graph,
): Promise<NetworkStage<Graph>> {
  const graph = decode(await readArtefact(artefacts, file), file);
  return { artefacts, graph, hash: artefactHash(artefacts, file) };
}

async function readHistory(artefacts: Artefacts): Promise<readonly EpochRecord[]> {
  return JSON.parse(Buffer.from(await readArtefact(artefacts, HISTORY_FILE)).toString('utf8'));
}

/** "vgg: 17 layers, 95,562 parameters". */
function networkSummary(graph: AnnGraph): string {
  let parameters = 0;
  for (const layer of graph.layers) {
    if (layer.kind === 'conv2d' || layer.kind === 'dense') {
      parameters += layer.kernel.data.length + (layer.bias?.length ?? 0);
    }
    if (layer.kind === 'batchNorm') parameters += 2 * layer.gamma.length;
  }
  return `${graph.name}: ${graph.layers.length} layers, ${parameters.toLocaleString('en-GB')} parameters`;
}

function thresholdSummary(graph: SnnGraph): string {
  const thresholds = graph.layers.flatMap((layer) => (layer.kind === 'neuron' ? [layer.threshold.toFixed(3)] : []));
  return `T = ${graph.timesteps}, thresholds ${thresholds.join(', ')}`;
}

function historySummary(history: readonly EpochRecord[]): string {
  const last = history.at(-1);
  if (last === undefined) return 'no epochs asked for';
  const share = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
  return `loss ${last.loss.toFixed(3)}; last epoch's training images ${share(last.cleanAccuracy)} clean, ${share(last.adversarialAccuracy)} attacked`;
}
