import * as tf from '@tensorflow/tfjs';
import type { Padding, Pair } from '../../../../schemas/tensor.js';
import type { ConvGeometry } from '../kernels.js';
import type { Parameter } from '../parameter.js';
import type { Heap } from './heap.js';

/**
 * The gradient of a convolution's input is a convolution too: of the upstream gradient, its pixels `stride` apart, with
 * the kernel turned by 180° and its channel axes exchanged. The backend's own kernel for it is many times slower.
 */
export function convInputGradient(
  heap: Heap,
  upstream: tf.Tensor4D,
  kernel: Parameter,
  [height, width]: Pair,
  { stride, padding }: ConvGeometry,
): tf.Tensor4D {
  const turnedKernel = kernel.derived('turned', turned) as tf.Tensor4D;
  const [kernelHeight, kernelWidth] = turnedKernel.shape;
  const [, upstreamHeight, upstreamWidth] = upstream.shape;
  const top = kernelHeight - 1 - padding.top;
  const left = kernelWidth - 1 - padding.left;
  return tf.tidy(() => {
    const spread = stride[0] === 1 && stride[1] === 1 ? upstream : spreadOut(heap, upstream, stride);
    // The frame under which one output per input pixel falls out, the first one at pixel 0.
    const frame = {
      top,
      left,
      bottom: height - (upstreamHeight - 1) * stride[0] + kernelHeight - 2 - top,
      right: width - (upstreamWidth - 1) * stride[1] + kernelWidth - 2 - left,
    };
    return convolveFramed(spread, turnedKernel, frame, 1);
  });
}

/**
 * The gradient of a kernel is a convolution of the input with the upstream gradient as the kernel, the batch taking the
 * channels' place and the stride becoming a dilation.
 */
export function convKernelGradient(
  input: tf.Tensor4D,
  upstream: tf.Tensor4D,
  [kernelHeight, kernelWidth]: Pair,
  { stride, padding }: ConvGeometry,
): tf.Tensor4D {
  const [, height, width] = input.shape;
  const [, upstreamHeight, upstreamWidth] = upstream.shape;
  // Rows below the last window are cut off, so that exactly one output per kernel row is left.
  const frame = {
    top: padding.top,
    left: padding.left,
    bottom: (upstreamHeight - 1) * stride[0] + kernelHeight - height - padding.top,
    right: (upstreamWidth - 1) * stride[1] + kernelWidth - width - padding.left,
  };
  return tf.tidy(() => {
    const channelsAsBatch = tf.transpose(input, [3, 1, 2, 0]);
    const asKernel = tf.transpose(upstream, [1, 2, 0, 3]);
    return tf.transpose(convolveFramed(channelsAsBatch, asKernel, frame, stride), [1, 2, 0, 3]);
  });
}

/** A cross-correlation of stride 1; a negative padding cuts rows or columns off. */
function convolveFramed(
  input: tf.Tensor4D,
  kernel: tf.Tensor4D,
  { top, bottom, left, right }: Padding,
  dilation: Pair | 1,
): tf.Tensor4D {
  const cut = {
    top: Math.max(0, -top),
    bottom: Math.max(0, -bottom),
    left: Math.max(0, -left),
    right: Math.max(0, -right),
  };
  const [batch, height, width, channels] = input.shape;
  const inside =
    cut.top + cut.bottom + cut.left + cut.right === 0
      ? input
      : tf.slice4d(
          input,
          [0, cut.top, cut.left, 0],
          [batch, height - cut.top - cut.bottom, width - cut.left - cut.right, channels],
        );
  return tf.conv2d(
    inside,
    kernel,
    1,
    [
      [0, 0],
      [Math.max(0, top), Math.max(0, bottom)],
      [Math.max(0, left), Math.max(0, right)],
      [0, 0],
    ],
    'NHWC',
    dilation === 1 ? 1 : [...dilation],
  );
}

/** Puts pixels `stride` apart, zeros between them: [N, H, W, C] → [N, (H − 1)·stride + 1, (W − 1)·stride + 1, C]. */
function spreadOut(heap: Heap, pixels: tf.Tensor4D, [down, across]: Pair): tf.Tensor4D {
  const [batch, height, width, channels] = pixels.shape;
  const spreadHeight = (height - 1) * down + 1;
  const spreadWidth = (width - 1) * across + 1;
  const spread = heap.allocate<tf.Rank.R4>([batch, spreadHeight, spreadWidth, channels]);
  const source = heap.view(pixels);
  const target = heap.view(spread).fill(0);
  for (let row = 0, from = 0; row < batch * height; row += 1) {
    const image = Math.floor(row / height);
    const start = (image * spreadHeight + (row - image * height) * down) * spreadWidth;
    for (let x = 0; x < width; x += 1) {
      const to = (start + x * across) * channels;
      for (let c = 0; c < channels; c += 1, from += 1) target[to + c] = source[from]!;
    }
  }
  return spread;
}

/** The kernel turned by 180° with its channel axes exchanged: [kh, kw, Cout, Cin]. */
function turned(kernel: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]));
}
