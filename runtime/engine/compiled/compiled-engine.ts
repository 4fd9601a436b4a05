import type { AnnGraph } from '../../../schemas/ann.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import type { CompiledBackend } from '../backend/backend.js';
import type { Engine } from '../engine.js';
import { CompiledModel } from './compiled-model.js';
import type { Device } from './emission.js';
import { ProgramCache } from './program-cache.js';
import { TensorPool } from './tensor-pool.js';

/** Programs kept: a training has six or so, an attack two for each batch size and surrogate form. */
const PROGRAMS_KEPT = 16;

/** Whole passes compiled to static graphs, forward and backward, and run by ONNX Runtime. */
export class CompiledEngine implements Engine {
  readonly name = 'compiled';
  readonly programs = new ProgramCache(PROGRAMS_KEPT);
  readonly pool = new TensorPool();
  private tensors = 0;
  private bytes = 0;

  constructor(
    readonly threads: number,
    readonly backend: CompiledBackend = 'onnxruntime-cpu',
    /** What becomes of a run's working memory: held for the program's next run, or returned. */
    readonly workingMemory: 'held' | 'returned' = 'held',
  ) {}

  /** What passes are written for. */
  get device(): Device {
    return this.backend === 'onnxruntime-cpu' ? 'cpu' : 'gpu';
  }

  load(graph: AnnGraph | SnnGraph): CompiledModel {
    return new CompiledModel(graph, this);
  }

  /** Parameters of models and what passes keep; the runtime's own working memory is not known. */
  memory(): { tensors: number; bytes: number } {
    return { tensors: this.tensors, bytes: this.bytes };
  }

  /** Counts tensors of `bytes` each that came alive (`direction` 1) or were let go (−1). */
  account(bytes: Iterable<number>, direction: 1 | -1): void {
    for (const each of bytes) {
      this.tensors += direction;
      this.bytes += direction * each;
    }
  }
}
