import { convert } from '../../compiler/convert.js';
import type { AnnGraph } from '../../schemas/ann.js';
import { decodeAnn, encodeAnn } from '../../schemas/ann-file.js';
import { sha256 } from '../../schemas/hash.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { decodeSnn, encodeSnn } from '../../schemas/snn-file.js';
import { calibrate } from '../calibrate/calibrate.js';
import { cropAndFlip } from '../data/augment.js';
import { readModel } from '../model-file.js';
import { readFileWhole } from '../store/read-file.js';
import { type Artefacts, artefactHash, readArtefact } from '../store/store.js';
import type { EpochRecord } from '../train/checkpoint.js';
import { finetune } from '../train/finetune.js';
import { estimateStatistics } from '../train/statistics.js';
import { jsonBytes, type RunContext } from './run-context.js';

const ANN_FILE = 'ann.swa';
const SNN_FILE = 'snn.sws';

/** Images of a batch on which norm statistics are measured. */
const STATISTICS_BATCH = 64;

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
  const bytes = await readFileWhole(model);
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

/** Converts the ANN and calibrates thresholds on training images. Throws what `calibrate` throws. */
export async function convertStage(run: RunContext, ann: NetworkStage<AnnGraph>): Promise<NetworkStage<SnnGraph>> {
  const { timesteps, seed } = run.config;
  const { trainSamples } = run.config.dataset;
  const { calibrationSteps, batches, batchSize, percentile, scale, leak, reset, statisticsBatches } =
    run.config.convert;
  const request = {
    stage: 'convert',
    inputs: { ann: ann.hash, data: run.datasetHash('train') },
    options: { ...run.config.convert, trainSamples, timesteps, seed, engine: await run.engineIdentity() },
  };
  const artefacts = await run.stage(
    request,
    async () => {
      const hooks = run.listener.hooks('convert');
      const engine = await run.engine();
      const images = run.trainingBatches('calibration', batches, batchSize);
      const options = { steps: calibrationSteps, percentile, scale };
      const snn = convert(ann.graph, { timesteps, leak, reset });
      const { graph } = await calibrate(engine, snn, images, options, hooks);
      return { [SNN_FILE]: encodeSnn(await measured(run, graph, statisticsBatches, 'convert')) };
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
  const { finetune: options, seed } = run.config;
  const { statisticsBatches, ...settings } = options;
  const { trainSamples } = run.config.dataset;
  const request = {
    stage: 'finetune',
    inputs: { snn: snn.hash, data: run.datasetHash('train') },
    options: { ...options, trainSamples, seed, engine: await run.engineIdentity() },
  };
  const artefacts = await run.stage(
    request,
    async () => {
      if (options.epochs === 0 || options.steps === 0) {
        return { [SNN_FILE]: encodeSnn(snn.graph), 'history.json': jsonBytes([]) };
      }
      const checkpoint = await run.store.loadCheckpoint(request);
      const { graph, history } = await finetune(
        await run.engine(),
        snn.graph,
        run.dataset('train'),
        {
          ...settings,
          samples: trainSamples,
          warmup: 0,
          augmentation: cropAndFlip,
          mean: inputMean(snn.graph),
          seed,
          keep: 'last',
          test: null,
        },
        {
          ...run.listener.hooks('finetune'),
          checkpoint: (bytes) => run.store.saveCheckpoint(request, bytes),
          ...(checkpoint === null ? {} : { resume: { bytes: checkpoint, where: 'checkpoint' } }),
        },
      );
      const settled = await measured(run, graph, statisticsBatches, 'finetune');
      return { [SNN_FILE]: encodeSnn(settled), 'history.json': jsonBytes(history) };
    },
    async (made) => historySummary(await readHistory(made)),
  );
  const history = await readHistory(artefacts);
  return { ...(await networkStage(artefacts, SNN_FILE, decodeSnn)), history };
}

/** The graph with norm statistics measured on `batches` batches of training images; as it is where there are none. */
async function measured(run: RunContext, graph: SnnGraph, batches: number, stage: string): Promise<SnnGraph> {
  if (batches === 0) return graph;
  const images = run.trainingBatches(`statistics after ${stage}`, batches, STATISTICS_BATCH);
  return estimateStatistics(await run.engine(), graph, images, run.listener.hooks(`${stage}: norm statistics`));
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
  return JSON.parse(Buffer.from(await readArtefact(artefacts, 'history.json')).toString('utf8'));
}

function inputMean(graph: SnnGraph): readonly number[] {
  const input = graph.layers.find((layer) => layer.kind === 'input');
  return input?.kind === 'input' ? input.mean : [];
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
