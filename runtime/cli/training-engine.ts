import { failure } from '../../schemas/diagnostic.js';
import type { Engine } from '../engine/engine.js';
import type { EngineChoice } from '../engine/start.js';
import { startEngine } from '../engine/start.js';

/** What a training is told of its engine. */
export interface TrainingEngineChoice extends EngineChoice {
  readonly workers?: number | undefined;
  /** Such as "4GiB". */
  readonly memory?: string | undefined;
  readonly 'batch-size': number;
}

/**
 * Starts the engine of a training, its batches in shards where workers are to share them or memory is bounded. Throws
 * SW4010, and SW6002 where shards are asked of the eager engine or the bound is no number of bytes.
 */
export async function startTrainingEngine(choice: TrainingEngineChoice): Promise<Engine> {
  const { workers, memory } = choice;
  const budget = memory === undefined ? null : bytesIn(memory);
  const { engine } = await startEngine(choice);
  if (workers === undefined && budget === null) return engine;
  const { CompiledEngine } = await import('../engine/compiled/compiled-engine.js');
  const { ShardedEngine } = await import('../engine/compiled/shards/sharded-engine.js');
  if (!(engine instanceof CompiledEngine)) {
    throw failure('SW6002', {
      where: workers === undefined ? '--memory' : '--workers',
      what: 'batches are cut into shards by the compiled engine alone.',
      fix: 'Leave it out, or choose --engine compiled.',
    });
  }
  return new ShardedEngine(engine, { workers: workers ?? 1, batch: choice['batch-size'], memory: budget });
}

const factors: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
};

/** Throws SW6002 on what is no number of bytes. */
function bytesIn(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = number === '' ? undefined : factors[unit.toLowerCase()];
  if (factor === undefined) {
    throw failure('SW6002', {
      where: '--memory',
      what: `"${text}" is no number of bytes.`,
      fix: 'Write it as 4GiB, 512MiB or 4000000000.',
    });
  }
  return Number(number) * factor;
}
