import type { Tensor } from 'onnxruntime-node';
import type { Value } from './graph.js';
import { float32Tensor } from './program.js';

/**
 * Memory that passes keep their values in, used again by later passes: fresh memory of that size takes the operating
 * system about as long to hand out as an element-wise operation takes to fill it.
 */
export class TensorPool {
  /** Free tensors, those that came back the longest ago first. */
  private free: Tensor[] = [];
  private freeBytes = 0;
  private usedBytes = 0;
  private mostUsedBytes = 0;

  /** A float32 tensor of that shape with any content. */
  take({ shape }: Value): Tensor {
    const index = this.free.findIndex(
      ({ dims }) => dims.length === shape.length && dims.every((extent, axis) => extent === shape[axis]),
    );
    const [found] = index === -1 ? [] : this.free.splice(index, 1);
    const tensor = found ?? float32Tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
    if (found !== undefined) this.freeBytes -= bytesOf(found);
    this.usedBytes += bytesOf(tensor);
    this.mostUsedBytes = Math.max(this.mostUsedBytes, this.usedBytes);
    return tensor;
  }

  /** Takes tensors back that nothing reads any more; holds on to no more memory than was once in use. */
  giveBack(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) {
      if (tensor.location !== 'cpu') {
        // Memory of a device is the runtime's, which holds it for later runs itself.
        tensor.dispose();
        continue;
      }
      this.usedBytes -= bytesOf(tensor);
      this.freeBytes += bytesOf(tensor);
      this.free.push(tensor);
    }
    while (this.usedBytes + this.freeBytes > this.mostUsedBytes) this.freeBytes -= bytesOf(this.free.shift()!);
  }
}

function bytesOf({ size }: Tensor): number {
  return size * Float32Array.BYTES_PER_ELEMENT;
}
