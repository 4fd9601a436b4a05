import type { AnnGraph } from '../../../../schemas/ann.js';
import type { SnnGraph } from '../../../../schemas/snn.js';
import type { Engine, Model } from '../../engine.js';
import type { CompiledEngine } from '../compiled-engine.js';
import { Crew } from './crew.js';
import { shardSize } from './shard-size.js';
import { ShardedModel } from './sharded-model.js';

/** How batches are to be computed. */
export interface Sharding {
  /** Threads that share a batch's shards, ≥ 1. */
  readonly workers: number;
  /** Images of a training batch. */
  readonly batch: number;
  /** What a training step may take, in bytes; null for no bound. */
  readonly memory: number | null;
}

/**
 * The compiled engine with batches in shards whose norms share the statistics of the whole batch. What it computes is
 * what the compiled engine computes in one piece, but for rounding, and the same to the bit for any number of workers.
 */
export class ShardedEngine implements Engine {
  readonly name: string;
  readonly backend;

  constructor(
    private readonly whole: CompiledEngine,
    private readonly sharding: Sharding,
  ) {
    const { memory } = sharding;
    // In checkpoints: another size of shards rounds otherwise.
    this.name = `${whole.name} in shards${memory === null ? '' : ` within ${memory} bytes`}`;
    this.backend = whole.backend;
  }

  /** Throws SW4023 where a training batch does not fit the memory allowed. */
  load(graph: AnnGraph | SnnGraph): Model {
    const { batch, workers: asked, memory } = this.sharding;
    const { images, workers } = shardSize(graph, batch, asked, memory);
    const threads = Math.max(1, Math.floor(this.whole.threads / workers));
    const crew = new Crew({ graph, threads, backend: this.whole.backend }, workers);
    return new ShardedModel(graph, crew, images);
  }

  memory(): { tensors: number; bytes: number } {
    return this.whole.memory();
  }
}
