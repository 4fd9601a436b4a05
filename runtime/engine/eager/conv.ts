import * as tf from '@tensorflow/tfjs';
import type { ConvLayer } from '../../../schemas/ann.js';
import type { Pair } from '../../../schemas/tensor.js';
import type { Kernels } from './kernels.js';
import { Parameter } from './parameter.js';
import type { DeviceLayer, Signal, Step, StepGradients, WantedGradients } from './step.js';
import { noGradients } from './step.js';

/** Cross-correlation [steps·N, H, W, Cin] → [steps·N, H', W', Cout], with bias where the layer has one. */
export function convLayer({ kernel, bias, stride, padding }: ConvLayer, kernels: Kernels): DeviceLayer {
  const weights = new Parameter(kernel.data, kernel.shape);
  const parameters = new Map([['kernel', weights]]);
  if (bias !== null) parameters.set('bias', new Parameter(bias, [bias.length]));
  const geometry = { stride, padding };
  const kernelSize: Pair = [kernel.shape[0]!, kernel.shape[1]!];

  function forward([{ tensor: input, steps }]: readonly [Signal]): Step {
    const image = input as tf.Tensor4D;
    const output = convolve(image, weights.tensor as tf.Tensor4D, geometry, parameters.get('bias')?.tensor);
    const saved = image.clone();
    return { output: { tensor: output, steps }, saved: [saved], backward: (...args) => backward(saved, ...args) };
  }

  function backward(input: tf.Tensor4D, upstream: tf.Tensor, wanted: WantedGradients): StepGradients {
    const gradient = upstream as tf.Tensor4D;
    const inputs = wanted.inputs
      ? [kernels.convInputGradient(gradient, weights, [input.shape[1], input.shape[2]], geometry)]
      : [];
    if (!wanted.parameters) return { inputs, parameters: noGradients };
    const gradients = new Map<string, tf.Tensor>([
      ['kernel', kernels.convKernelGradient(input, gradient, kernelSize, geometry)],
    ]);
    if (bias !== null) gradients.set('bias', tf.sum(gradient, [0, 1, 2]));
    return { inputs, parameters: gradients };
  }

  return { parameters, forward: (inputs) => forward(inputs as readonly [Signal]) };
}

/** Cross-correlation plus bias. Pads by itself where a backend's own paddings do not fit: not all take explicit ones. */
function convolve(
  input: tf.Tensor4D,
  kernel: tf.Tensor4D,
  { stride, padding }: { stride: Pair; padding: ConvLayer['padding'] },
  bias: tf.Tensor | undefined,
): tf.Tensor4D {
  return tf.tidy(() => {
    const { top, bottom, left, right } = padding;
    const strides: [number, number] = [...stride];
    const unpadded = top === 0 && bottom === 0 && left === 0 && right === 0;
    const output = isSame(padding, kernel.shape, stride)
      ? tf.conv2d(input, kernel, strides, 'same')
      : tf.conv2d(
          unpadded
            ? input
            : tf.pad4d(input, [
                [0, 0],
                [top, bottom],
                [left, right],
                [0, 0],
              ]),
          kernel,
          strides,
          'valid',
        );
    return bias === undefined ? output : tf.add(output, bias);
  });
}

/** Whether a padding is what the backends call 'same': as many outputs as inputs, the odd row or column at the end. */
function isSame({ top, bottom, left, right }: ConvLayer['padding'], kernel: readonly number[], stride: Pair): boolean {
  const [height, width] = kernel as readonly [number, number];
  const before = [Math.floor((height - 1) / 2), Math.floor((width - 1) / 2)];
  return (
    stride[0] === 1 &&
    stride[1] === 1 &&
    top === before[0] &&
    left === before[1] &&
    top + bottom === height - 1 &&
    left + right === width - 1
  );
}
