import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { type Diagnostic, SpikewrightError } from '../../schemas/diagnostic.js';
import { readJson } from '../../schemas/json-file.js';
import type { PointProgress, RunProgress, StageProgress, TrainingPoint } from '../../schemas/progress.js';
import type { Hooks } from '../hooks.js';
import type { Artefacts } from '../store/store.js';
import { writeFileWhole } from '../store/write-file.js';
import type { PipelineListener } from './run-context.js';

/** Beside the folders of the stages. */
const PROGRESS_FILE = 'progress.json';

/** The file is written at most this often, in ms. */
const WRITE_EVERY = 500;
/** The work that goes on where an interrupted run left it. */
const RESUMED = 'finetune';
/** Of more steps only so many are kept, evenly, and the latest. */
const CURVE_POINTS_MAX = 400;

/**
 * Passes on what a pipeline tells its listener, and writes how it stands into `progress.json`, whole each time, so that
 * other processes can follow the run. A run goes on where the file cannot be written: it is told of once.
 */
export class ProgressRecorder implements PipelineListener {
  private stages: StageProgress[];
  private points: PointProgress[];
  private curve: readonly TrainingPoint[];
  /** Of what the running stage does at present: when it began, and how much was done then. */
  private work = { name: '', start: 0, first: 0 };
  private stageStart = 0;
  private lastEvent = 0;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();
  private isWritable = true;
  private readonly started = new Date().toISOString();

  private constructor(
    private readonly path: string,
    private inner: PipelineListener,
    stages: readonly string[],
    points: readonly string[],
    earlier: RunProgress | null,
  ) {
    this.stages = stages.map((stage) => ({ stage, ...waiting }));
    this.points = points.map((name) => ({ name, state: 'waiting', note: '' }));
    this.curve = earlier?.curve ?? [];
  }

  /** Begins to record a run of these stages in a folder; or a sweep, which goes through them at each of its points. */
  static async begin(
    folder: string,
    stages: readonly string[],
    inner: PipelineListener,
    points: readonly string[] = [],
  ): Promise<ProgressRecorder> {
    const path = join(folder, PROGRESS_FILE);
    const recorder = new ProgressRecorder(path, inner, stages, points, await readProgress(folder).catch(() => null));
    await recorder.write('running', '');
    return recorder;
  }

  /** A sweep goes on to a point, whose stages are told to `inner`. */
  beganPoint(index: number, inner: PipelineListener): void {
    this.inner = inner;
    this.stages = this.stages.map(({ stage }) => ({ stage, ...waiting }));
    this.curve = [];
    this.setPoint(index, 'running', '');
  }

  /** A point of a sweep is through: what was measured, or why the compiler refused it. */
  finishedPoint(index: number, state: 'measured' | 'refused', note: string): void {
    this.setPoint(index, state, note);
  }

  began(stage: string): void {
    this.stageStart = performance.now();
    this.lastEvent = this.stageStart;
    this.work = { name: '', start: this.stageStart, first: 0 };
    this.set(stage, { ...waiting, state: 'running' });
    this.inner.began(stage);
  }

  hooks(name: string): Hooks {
    const { progress, signal } = this.inner.hooks(name);
    return {
      signal,
      progress: (done, total, note = '') => {
        this.worked(name, done, total, note);
        progress?.(done, total, note);
      },
    };
  }

  trained(point: TrainingPoint): void {
    const stride = Math.ceil(point.steps / CURVE_POINTS_MAX);
    // What a resumed run did before stays; what is done anew, or was another run's, goes.
    const before = this.curve.filter(
      ({ step, steps }) => step < point.step && steps === point.steps && step % stride === 0,
    );
    this.curve = [...before, point];
    this.inner.trained(point);
  }

  finished(artefacts: Artefacts, summary: string): void {
    const { record, folder, reused } = artefacts;
    this.set(record.stage, {
      ...waiting,
      state: reused ? 'reused' : 'made',
      note: summary,
      seconds: record.seconds,
      folder: basename(folder),
    });
    this.inner.finished(artefacts, summary);
  }

  tell(diagnostics: readonly Diagnostic[]): void {
    this.inner.tell(diagnostics);
  }

  /** Writes how the run ended. */
  async end(state: Exclude<RunProgress['state'], 'running'>, failure = ''): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    await this.writing;
    await this.write(state, failure);
  }

  private worked(name: string, done: number, total: number, note: string): void {
    const now = performance.now();
    // The first word of a work comes when its first part is done; only training may have begun further on.
    if (name !== this.work.name) this.work = { name, start: this.lastEvent, first: name === RESUMED ? done : 0 };
    this.lastEvent = now;
    const running = this.stages.find(({ state }) => state === 'running');
    if (running === undefined) return;
    const rate = (done - this.work.first) / (now - this.work.start);
    const what = [name === running.stage ? '' : name.replace(`${running.stage}: `, ''), note];
    this.set(running.stage, {
      ...waiting,
      state: 'running',
      done,
      total,
      note: what.filter((part) => part !== '').join(', '),
      seconds: (now - this.stageStart) / 1000,
      secondsLeft: rate > 0 ? (total - done) / rate / 1000 : null,
    });
  }

  private set(stage: string, progress: Omit<StageProgress, 'stage'>): void {
    this.stages = this.stages.map((entry) => (entry.stage === stage ? { stage, ...progress } : entry));
    this.writeSoon();
  }

  private setPoint(index: number, state: PointProgress['state'], note: string): void {
    this.points = this.points.map((entry, other) => (other === index ? { ...entry, state, note } : entry));
    this.writeSoon();
  }

  private writeSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.writing = this.writing.then(() => this.write('running', ''));
    }, WRITE_EVERY).unref();
  }

  private async write(state: RunProgress['state'], failure: string): Promise<void> {
    if (!this.isWritable) return;
    const progress: RunProgress = {
      format: 'spikewright/progress',
      formatVersion: 1,
      state,
      started: this.started,
      updated: new Date().toISOString(),
      process: process.pid,
      host: hostname(),
      ...(this.points.length === 0 ? {} : { points: this.points }),
      stages: this.stages,
      curve: this.curve,
      failure,
    };
    try {
      await writeFileWhole(this.path, `${JSON.stringify(progress)}\n`);
    } catch (error) {
      if (!(error instanceof SpikewrightError)) throw error;
      this.isWritable = false;
      this.inner.tell(error.diagnostics.map((entry) => ({ ...entry, severity: 'warning' })));
    }
  }
}

const waiting: Omit<StageProgress, 'stage'> = {
  state: 'waiting',
  done: 0,
  total: 0,
  note: '',
  seconds: 0,
  secondsLeft: null,
  folder: null,
};

/** What a run in this folder wrote last; null where none did. Throws SW1020…SW1023. */
export async function readProgress(folder: string): Promise<RunProgress | null> {
  const path = join(folder, PROGRESS_FILE);
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? null : readJson<RunProgress>('progress', text, path);
}
