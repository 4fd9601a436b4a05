import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/**
 * The wasm backend's memory, for loops over it in place. Views go stale when the memory grows, and any allocation may
 * grow it: allocate all outputs first, then take views.
 */
export class Heap {
  constructor(private readonly backend: BackendWasm) {}

  /** A float32 tensor whose values are still undefined. */
  allocate<R extends tf.Rank = tf.Rank>(shape: readonly number[]): tf.Tensor<R> {
    return tf.engine().makeTensorFromTensorInfo(this.backend.makeOutput([...shape], 'float32')) as tf.Tensor<R>;
  }

  /** A tensor's memory. */
  view(tensor: tf.Tensor): Float32Array {
    return this.backend.typedArrayFromHeap(tensor) as Float32Array;
  }
}
