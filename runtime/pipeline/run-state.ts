import { readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../../schemas/program.js';
import { decodeProgram } from '../../schemas/program-file.js';
import type { RunProgress } from '../../schemas/progress.js';
import type { Statistics } from '../../schemas/stats.js';
import { isProcessAlive } from '../store/process-alive.js';
import type { EpochRecord } from '../train/checkpoint.js';
import { PROGRAM_FILE, STATISTICS_FILE } from './chip-stages.js';
import { HISTORY_FILE } from './float-stages.js';
import { readProgress } from './progress-recorder.js';

/** A run as it can be seen from outside, finished or not. */
export interface RunState {
  readonly progress: RunProgress;
  /** `killed`: it says that it runs, but its process is gone. */
  readonly state: RunProgress['state'] | 'killed';
  /** What its finished stages made; null where they are not finished, or their files are gone. */
  readonly history: readonly EpochRecord[] | null;
  readonly program: Program | null;
  readonly statistics: Statistics | null;
}

/** The run in a folder; null where none has begun. Throws SW1020…SW1023 and what `decodeProgram` throws. */
export async function readRunState(folder: string): Promise<RunState | null> {
  const progress = await readProgress(folder);
  if (progress === null) return null;
  const output = async <T>(stage: string, file: string, decode: (bytes: Uint8Array) => T): Promise<T | null> => {
    const made = progress.stages.find((entry) => entry.stage === stage)?.folder ?? null;
    if (made === null) return null;
    const bytes = await readFile(join(folder, made, file)).catch(() => null);
    return bytes === null ? null : decode(bytes);
  };
  const json = <T>(bytes: Uint8Array): T => JSON.parse(Buffer.from(bytes).toString('utf8'));
  const isGone = progress.host === hostname() && !isProcessAlive(progress.process);
  return {
    progress,
    state: progress.state === 'running' && isGone ? 'killed' : progress.state,
    history: await output('finetune', HISTORY_FILE, json<readonly EpochRecord[]>),
    program: await output('compile', PROGRAM_FILE, (bytes) => decodeProgram(bytes, PROGRAM_FILE)),
    statistics: await output('simulate', STATISTICS_FILE, json<Statistics>),
  };
}

/** Stages of which a folder holds artefacts, whatever run they belong to; empty where there is no such folder. */
export async function stagesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const stages = names.flatMap((name) => /^([a-z][a-z-]*)-[0-9a-f]{12}$/.exec(name)?.[1] ?? []);
  return [...new Set(stages)].sort();
}
