import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { Address, Loops } from './loops.js';
import { instantiateLoops } from './loops.js';

/**
 * The wasm backend's memory, for loops over it in place. Views go stale when the memory grows, and any allocation may
 * grow it: allocate all outputs first, then take views. Addresses stay.
 */
export class Heap {
  readonly loops: Loops;

  constructor(private readonly backend: BackendWasm) {
    const { asm } = backend.wasm as unknown as { readonly asm: Readonly<Record<string, unknown>> };
    this.loops = instantiateLoops(asm);
  }

  /** A float32 tensor whose values are still undefined. */
  allocate<R extends tf.Rank = tf.Rank>(shape: readonly number[]): tf.Tensor<R> {
    return tf.engine().makeTensorFromTensorInfo(this.backend.makeOutput([...shape], 'float32')) as tf.Tensor<R>;
  }

  /** Room for `count` float64 values, all zero, as a tensor of twice as many float32. */
  allocateDoubles(count: number): tf.Tensor {
    const room = this.allocate([2 * count]);
    this.view(room).fill(0);
    return room;
  }

  /** A tensor's memory. */
  view(tensor: tf.Tensor): Float32Array {
    return this.backend.typedArrayFromHeap(tensor) as Float32Array;
  }

  /** The memory of what `allocateDoubles` gave. */
  viewDoubles(room: tf.Tensor): Float64Array {
    const { buffer, byteOffset, length } = this.view(room);
    return new Float64Array(buffer, byteOffset, length / 2);
  }

  /** Where a tensor's values begin. */
  address(tensor: tf.Tensor): Address {
    return this.backend.getMemoryOffset(tensor.dataId);
  }
}
