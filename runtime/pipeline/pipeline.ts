import type { Budget } from '../../schemas/budget.js';
import type { Diagnostic } from '../../schemas/diagnostic.js';
import { readJson } from '../../schemas/json-file.js';
import type { Report } from '../../schemas/report.js';
import type { RunConfig } from '../../schemas/run.js';
import { readEnergyFigures } from '../../sim/energy.js';
import { attackText } from '../attack-choice.js';
import { openDataset } from '../data/open.js';
import type { ResultIdentity } from '../history/identity.js';
import { buildReport } from '../report/build-report.js';
import { readFileWhole } from '../store/read-file.js';
import { artefactHash, Store } from '../store/store.js';
import { compileTarget } from '../target-choice.js';
import type { EpochRecord } from '../train/checkpoint.js';
import { budgetDiagnostics, checkBudget } from '../verify/budget.js';
import { comparisonDiagnostics } from '../verify/compare.js';
import { faultDiagnostics } from '../verify/fault.js';
import { overflowDiagnostics } from '../verify/overflow.js';
import { resultFigures } from '../verify/result-figures.js';
import {
  compileStage,
  PROGRAM_FILE,
  reproducerDiagnostics,
  simulateStage,
  stagesToChip,
  verifyStage,
} from './chip-stages.js';
import { convertStage, finetuneStage, importStage, qatStage } from './float-stages.js';
import { ProgressRecorder } from './progress-recorder.js';
import { type PipelineListener, RunContext } from './run-context.js';
import { STRENGTHS, strengthsStage } from './strengths-stage.js';
import type { Verification } from './verification.js';
import { writeReport } from './write-report.js';

/** What a run comes to. */
export interface PipelineResult {
  readonly report: Report;
  readonly htmlPath: string;
  readonly jsonPath: string;
  /** On what the figures were measured. */
  readonly identity: ResultIdentity;
  readonly outcomes: Verification['outcomes'];
  readonly agreement: Verification['agreement'];
  /** Errors where chip and twin differ or the budget is violated, warnings where numbers overflowed. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Every stage of a run, in its order. */
function stagesOf(config: RunConfig): readonly string[] {
  return [...stagesToChip(config), 'verify', ...(config.attack.others.length === 0 ? [] : [STRENGTHS])];
}

/**
 * Runs a whole configuration: import, convert, finetune, compile, simulate, verify, report. Every stage that the output
 * folder already holds with the same inputs, options and version is reused; a stopped run goes on where it was. How it
 * stands is written beside them, for others to follow.
 * Throws what the stages throw; differing spikes and a violated budget are results, not errors.
 */
export async function runPipeline(
  config: RunConfig,
  workers: number,
  listener: PipelineListener,
): Promise<PipelineResult> {
  const budget = await checkBeforehand(config);
  const store = await Store.open(config.out);
  const recorder = await ProgressRecorder.begin(config.out, stagesOf(config), listener);
  try {
    const result = await runStages(new RunContext(config, store, workers, recorder), budget);
    await recorder.end('finished');
    return result;
  } catch (error) {
    const isInterrupted = listener.hooks('run').signal?.aborted === true;
    await recorder.end(
      isInterrupted ? 'interrupted' : 'failed',
      error instanceof Error ? error.message : String(error),
    );
    throw error;
  }
}

async function runStages(run: RunContext, budget: Budget | null): Promise<PipelineResult> {
  const { config } = run;
  const ann = await importStage(run);
  const converted = await convertStage(run, ann);
  const tuned = await finetuneStage(run, converted);
  const onGrid = await qatStage(run, tuned);
  const snn = onGrid ?? tuned;
  const compiled = await compileStage(run, snn);
  const simulated = await simulateStage(run, compiled);
  const verified = await verifyStage(run, ann, snn, compiled);
  const strong = config.attack.others.length === 0 ? null : await strengthsStage(run, ann, snn, compiled);
  const report = buildReport({
    config,
    engine: await run.engine(),
    dataset: run.dataset('test'),
    calibrated: converted.graph,
    finetuned: tuned.graph,
    history: onGrid === null ? tuned.history : oneAfterTheOther(tuned.history, onGrid.history),
    program: compiled.program,
    floatGraph: compiled.floatGraph,
    quantisation: compiled.quantisation,
    integerGraph: compiled.graph,
    statistics: simulated.statistics,
    verification: verified.verification,
    strengths: strong?.strengths ?? [],
    stages: [ann, converted, tuned, onGrid, compiled, simulated, verified, strong].flatMap((stage) =>
      stage === null ? [] : [stage.artefacts],
    ),
  });
  const paths = await writeReport(report, config.out);
  const diagnostics = [
    ...overflowDiagnostics(verified.verification.statistics.clean),
    ...overflowDiagnostics(verified.verification.statistics.adversarial),
    ...comparisonDiagnostics(verified.verification.comparison),
    ...faultDiagnostics(verified.verification.fault),
    ...reproducerDiagnostics(verified.artefacts),
    ...(budget === null ? [] : budgetDiagnostics(checkBudget(budget, resultFigures(verified.verification)))),
  ];
  const identity = {
    dataset: config.dataset.name,
    data: run.datasetHash('test'),
    samples: verified.verification.samples,
    seed: config.seed,
    target: report.target,
    attack: attackText(config.attack),
    program: artefactHash(compiled.artefacts, PROGRAM_FILE),
  };
  const { outcomes, agreement } = verified.verification;
  return { report, ...paths, identity, outcomes, agreement, diagnostics };
}

/** The epochs of two trainings, those of the second counted on; its thresholds are in units of the chip's grid. */
function oneAfterTheOther(first: readonly EpochRecord[], second: readonly EpochRecord[]): readonly EpochRecord[] {
  return [
    ...first,
    ...second.map(({ thresholds: _, ...record }) => ({ ...record, epoch: first.length + record.epoch })),
  ];
}

/**
 * Reads what the run needs only late, so that a fault in it is told before hours of work rather than after; gives the
 * budget, null where there is none. Throws SW1001, SW1020…SW1024, SW2017, SW2201, SW3004, SW3005, SW4001…SW4003.
 */
async function checkBeforehand({ budget, compile, dataset }: RunConfig): Promise<Budget | null> {
  readEnergyFigures(await compileTarget(compile), compile.energyProfile ?? undefined);
  openDataset(dataset.name, 'test', dataset.dataDir ?? undefined);
  if (budget === null) return null;
  return readJson<Budget>('budget', Buffer.from(await readFileWhole(budget)).toString('utf8'), budget);
}
