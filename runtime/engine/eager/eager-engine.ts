import * as tf from '@tensorflow/tfjs';
import type { AnnGraph } from '../../../schemas/ann.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import type { BackendName } from '../backend/backend.js';
import type { Engine, Model } from '../engine.js';
import { EagerModel } from './eager-model.js';
import type { Kernels } from './kernels.js';

/** The method as tensor code, forward and backward written out, on one tfjs backend that has been initialised. */
export class EagerEngine implements Engine {
  readonly name = 'eager';

  /** `tfjsName` is what tfjs calls the backend. */
  constructor(
    readonly backend: BackendName,
    private readonly tfjsName: string,
    private readonly kernels: Kernels,
  ) {}

  load(graph: AnnGraph | SnnGraph): Model {
    this.activate();
    return new EagerModel(graph, this, this.kernels);
  }

  memory(): { tensors: number; bytes: number } {
    this.activate();
    const { numTensors, numBytes } = tf.memory();
    return { tensors: numTensors, bytes: numBytes };
  }

  /** Makes this engine's backend the one in use: tfjs knows one at a time. Call before each run of tensor operations. */
  activate(): void {
    // Synchronous in effect: the backend has been initialised, so that nothing is awaited.
    if (tf.getBackend() !== this.tfjsName) void tf.setBackend(this.tfjsName);
  }
}
