import type { Diagnostic } from '../../schemas/diagnostic.js';
import type { TrainingPoint } from '../../schemas/progress.js';
import type { RunConfig } from '../../schemas/run.js';
import type { Dataset, Split } from '../data/dataset.js';
import { datasetHash } from '../data/dataset-hash.js';
import { openDataset } from '../data/open.js';
import type { Engine } from '../engine/engine.js';
import type { StartedEngine } from '../engine/start.js';
import { startEngine } from '../engine/start.js';
import type { Hooks } from '../hooks.js';
import type { Artefacts, StageRequest, Store } from '../store/store.js';
import type { SpikingSetup } from './spiking-steps.js';

/** How a pipeline tells its caller what it does. */
export interface PipelineListener {
  /** A stage begins, perhaps to be found made already. */
  began(stage: string): void;
  /** Hooks for a stage's long work. */
  hooks(stage: string): Hooks;
  /** Told after each step of finetuning how its epoch stands. */
  trained(point: TrainingPoint): void;
  /** A stage is there, made or reused; `summary` says in a few words what it is. */
  finished(artefacts: Artefacts, summary: string): void;
  /** Warnings and notes. */
  tell(diagnostics: readonly Diagnostic[]): void;
}

/** What is opened once, when it is first needed. */
interface Opened {
  engine: Promise<StartedEngine> | null;
  readonly datasets: Map<Split, Dataset>;
}

/** What the stages of one run share. The engine and the data sets are opened when first needed. */
export class RunContext {
  private opened: Opened = { engine: null, datasets: new Map() };

  constructor(
    readonly config: RunConfig,
    readonly store: Store,
    readonly workers: number,
    readonly listener: PipelineListener,
  ) {}

  /** The context of another run on the same engine and data sets, which it shares, told to the same listener. */
  for(config: RunConfig): RunContext {
    const other = new RunContext(config, this.store, this.workers, this.listener);
    other.opened = this.opened;
    return other;
  }

  /** The configured engine. Throws what `startEngine` throws. */
  async engine(): Promise<Engine> {
    const { engine, backend, device } = this.config;
    this.opened.engine ??= startEngine({ engine, backend, device, threads: this.workers });
    return (await this.opened.engine).engine;
  }

  /** Names engine and backend for stage keys: another backend rounds differently. */
  async engineIdentity(): Promise<readonly string[]> {
    const { name, backend } = await this.engine();
    return [name, backend];
  }

  /** The configured data set. Throws what `openDataset` throws. */
  dataset(split: Split): Dataset {
    const known = this.opened.datasets.get(split);
    if (known !== undefined) return known;
    const { name, dataDir } = this.config.dataset;
    const dataset = openDataset(name, split, dataDir ?? undefined);
    this.opened.datasets.set(split, dataset);
    return dataset;
  }

  /** What the steps on the spiking network work with. */
  async spikingSetup(): Promise<SpikingSetup> {
    const { seed, dataset } = this.config;
    return { engine: await this.engine(), dataset: this.dataset('train'), trainSamples: dataset.trainSamples, seed };
  }

  /** Identifies a data set's content for stage keys. */
  datasetHash(split: Split): string {
    return datasetHash(this.dataset(split));
  }

  /** Finds or makes a stage, and tells the listener before and after. */
  async stage(
    request: StageRequest,
    make: () => Promise<Readonly<Record<string, Uint8Array>>>,
    summarise: (artefacts: Artefacts) => Promise<string>,
  ): Promise<Artefacts> {
    this.listener.began(request.stage);
    const artefacts = await this.store.obtain(request, make);
    this.listener.finished(artefacts, await summarise(artefacts));
    return artefacts;
  }
}

/** JSON text as an output of a stage. */
export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
