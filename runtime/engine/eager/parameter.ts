import * as tf from '@tensorflow/tfjs';

/** An array of a layer on the device, with forms derived from it (such as a turned kernel) made once per value. */
export class Parameter {
  private held: tf.Tensor;
  private readonly derivedForms = new Map<string, tf.Tensor>();

  /** Running statistics are no subject of gradients: `isTrainable` false. */
  constructor(
    values: Float32Array,
    readonly shape: readonly number[],
    readonly isTrainable = true,
  ) {
    this.held = tf.tensor(values, [...shape]);
  }

  get tensor(): tf.Tensor {
    return this.held;
  }

  get size(): number {
    return this.held.size;
  }

  write(values: Float32Array): void {
    this.replace(tf.tensor(values, [...this.shape]));
  }

  /** Takes `tensor` over as the new value. */
  replace(tensor: tf.Tensor): void {
    this.dispose();
    this.held = tensor;
  }

  /** The tensor that `derive` makes of the value, kept until the value changes. */
  derived(form: string, derive: (value: tf.Tensor) => tf.Tensor): tf.Tensor {
    let tensor = this.derivedForms.get(form);
    if (tensor === undefined) {
      tensor = derive(this.held);
      this.derivedForms.set(form, tensor);
    }
    return tensor;
  }

  dispose(): void {
    this.held.dispose();
    for (const tensor of this.derivedForms.values()) tensor.dispose();
    this.derivedForms.clear();
  }
}
