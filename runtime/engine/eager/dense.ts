import * as tf from '@tensorflow/tfjs';
import type { DenseLayer } from '../../../schemas/ann.js';
import { Parameter } from './parameter.js';
import type { DeviceLayer, Signal, Step, StepGradients, WantedGradients } from './step.js';
import { noGradients } from './step.js';

/** [steps·N, in] → [steps·N, out]: x·kernel + bias. */
export function denseLayer({ kernel, bias }: DenseLayer): DeviceLayer {
  const weights = new Parameter(kernel.data, kernel.shape);
  const parameters = new Map([['kernel', weights]]);
  if (bias !== null) parameters.set('bias', new Parameter(bias, [bias.length]));

  function forward([{ tensor: input, steps }]: readonly [Signal]): Step {
    const product = tf.matMul(input as tf.Tensor2D, weights.tensor as tf.Tensor2D);
    const added = parameters.get('bias');
    const output = added === undefined ? product : tf.add(product, added.tensor);
    if (output !== product) product.dispose();
    const saved = input.clone() as tf.Tensor2D;
    return { output: { tensor: output, steps }, saved: [saved], backward: (...args) => backward(saved, ...args) };
  }

  // Matrices are transposed beforehand: the wasm backend multiplies them fast only as they lie.
  function backward(input: tf.Tensor2D, upstream: tf.Tensor, wanted: WantedGradients): StepGradients {
    const gradient = upstream as tf.Tensor2D;
    const inputs = wanted.inputs
      ? [tf.matMul(gradient, weights.derived('transposed', (value) => tf.transpose(value)) as tf.Tensor2D)]
      : [];
    if (!wanted.parameters) return { inputs, parameters: noGradients };
    const gradients = new Map<string, tf.Tensor>([['kernel', tf.tidy(() => tf.matMul(tf.transpose(input), gradient))]]);
    if (bias !== null) gradients.set('bias', tf.sum(gradient, 0));
    return { inputs, parameters: gradients };
  }

  return { parameters, forward: (inputs) => forward(inputs as readonly [Signal]) };
}
