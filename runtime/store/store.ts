import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import stringify from 'safe-stable-stringify';
import { sha256 } from '../../schemas/hash.js';
import { spikewrightVersion } from '../version.js';
import { isProcessAlive } from './process-alive.js';
import { parseRecord, type StageRecord } from './record.js';
import { flushFolder, writeFailure, writeFileWhole, writeFlushed } from './write-file.js';

/** What a stage's outputs follow from: equal requests give equal bytes. */
export interface StageRequest {
  /** Lower-case letters, digits and dashes. */
  readonly stage: string;
  /** sha256 of every input by its role. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Everything else that the outputs depend on, as plain JSON data. */
  readonly options: unknown;
}

/** A finished stage: its record, and where its outputs lie. */
export interface Artefacts {
  readonly record: StageRecord;
  readonly folder: string;
  /** True where the outputs lay there already. */
  readonly reused: boolean;
}

/** Files of a stage by name, and the seconds that making them took. */
export interface StageOutputs {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly seconds: number;
}

const RECORD = 'stage.json';

/** The hash of everything that a stage's outputs follow from, this product's version included. */
export function stageKey(request: StageRequest): string {
  return sha256(Buffer.from(stringify({ ...request, version: spikewrightVersion }) ?? ''));
}

/**
 * A folder of finished stages. Each lies in a folder of its own, named by stage and key, that appears whole or not at
 * all: it is filled under a temporary name and renamed. So a killed run leaves nothing half-written, runs with
 * different options do not overwrite one another, and of two processes that make the same stage the first one counts:
 * equal requests give equal bytes, checkpoints too, so that they may even go on from one another's.
 */
export class Store {
  private constructor(readonly root: string) {}

  /** Opens the store, making its folder and clearing what killed processes left. Throws SW6010…SW6012. */
  static async open(root: string): Promise<Store> {
    try {
      await mkdir(root, { recursive: true });
      for (const name of await readdir(root)) {
        if (isAbandoned(name)) await rm(join(root, name), { recursive: true, force: true });
      }
    } catch (error) {
      throw writeFailure(root, error);
    }
    return new Store(root);
  }

  /** The stage's artefacts where they exist and every output still has the hash that its record gives; else null. */
  async find(request: StageRequest): Promise<Artefacts | null> {
    const folder = this.folder(request);
    try {
      const record = parseRecord(await readFile(join(folder, RECORD), 'utf8'));
      if (record?.key !== stageKey(request)) return null;
      for (const output of record.outputs) {
        if (sha256(await readFile(join(folder, output.file))) !== output.sha256) return null;
      }
      return { record, folder, reused: true };
    } catch {
      // Whatever cannot be read is made again; a lasting fault shows when it is written.
      return null;
    }
  }

  /** Stores a stage's outputs. Throws SW6010…SW6012; then nothing of them is left. */
  async add(request: StageRequest, outputs: StageOutputs): Promise<Artefacts> {
    const folder = this.folder(request);
    const temporary = join(this.root, temporaryName());
    const record: StageRecord = {
      format: 'spikewright/stage',
      formatVersion: 1,
      ...request,
      version: spikewrightVersion,
      key: stageKey(request),
      outputs: Object.entries(outputs.files).map(([file, bytes]) => ({
        file,
        sha256: sha256(bytes),
        bytes: bytes.length,
      })),
      seconds: outputs.seconds,
    };
    try {
      await mkdir(temporary);
      for (const [file, bytes] of Object.entries(outputs.files)) await writeFlushed(join(temporary, file), bytes);
      await writeFlushed(join(temporary, RECORD), `${JSON.stringify(record, null, 2)}\n`);
      await flushFolder(temporary);
      const first = await this.install(request, temporary, folder);
      await rm(this.checkpointPath(request), { force: true });
      return first ?? { record, folder, reused: false };
    } catch (error) {
      await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
      throw writeFailure(folder, error);
    }
  }

  /** Finds the stage, or makes and adds it. */
  async obtain(request: StageRequest, make: () => Promise<Readonly<Record<string, Uint8Array>>>): Promise<Artefacts> {
    const found = await this.find(request);
    if (found !== null) return found;
    const start = performance.now();
    const files = await make();
    return this.add(request, { files, seconds: (performance.now() - start) / 1000 });
  }

  /** The bytes that `saveCheckpoint` kept for a stage that is not finished; null where there are none. */
  async loadCheckpoint(request: StageRequest): Promise<Uint8Array | null> {
    return readFile(this.checkpointPath(request)).catch(() => null);
  }

  /** Keeps what an interrupted stage needs to go on. Adding the stage removes it. Throws SW6010…SW6012. */
  async saveCheckpoint(request: StageRequest, bytes: Uint8Array): Promise<void> {
    await writeFileWhole(this.checkpointPath(request), bytes);
  }

  /** Renames a filled folder into place; returns the artefacts of another process that was first. */
  private async install(request: StageRequest, temporary: string, folder: string): Promise<Artefacts | null> {
    for (;;) {
      try {
        await rename(temporary, folder);
        await flushFolder(this.root);
        return null;
      } catch (error) {
        const taken = error instanceof Error && 'code' in error && ['ENOTEMPTY', 'EEXIST'].includes(String(error.code));
        if (!taken) throw error;
        const first = await this.find(request);
        if (first !== null) {
          await rm(temporary, { recursive: true, force: true });
          return first;
        }
        // What lies there is damaged. Moving it away first keeps the gap in which nothing lies there short.
        const damaged = join(this.root, temporaryName());
        await rename(folder, damaged);
        await rm(damaged, { recursive: true, force: true });
      }
    }
  }

  private folder(request: StageRequest): string {
    return join(this.root, `${request.stage}-${stageKey(request).slice(0, 12)}`);
  }

  private checkpointPath(request: StageRequest): string {
    return `${this.folder(request)}.checkpoint`;
  }
}

/** One output of a stage as bytes. */
export function readArtefact(artefacts: Artefacts, file: string): Promise<Uint8Array> {
  return readFile(join(artefacts.folder, file));
}

/** The sha256 of one output of a stage. Throws where the stage has no such output: a bug, not a user's fault. */
export function artefactHash(artefacts: Artefacts, file: string): string {
  const output = artefacts.record.outputs.find((entry) => entry.file === file);
  if (output === undefined) throw new Error(`stage ${artefacts.record.stage} has no output ${file}`);
  return output.sha256;
}

function temporaryName(): string {
  return `.unfinished-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** True of a temporary name, of a folder or of a file, whose process is gone. A reused number only delays the clearing. */
function isAbandoned(name: string): boolean {
  const pid = /^\.(?:unfinished-|.+\.)(\d+)-[0-9a-f]{8}$/.exec(name)?.[1];
  return pid !== undefined && Number(pid) !== process.pid && !isProcessAlive(Number(pid));
}
