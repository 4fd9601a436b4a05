import * as tf from '@tensorflow/tfjs';
import type { Padding, Pair } from '../../../../schemas/tensor.js';
import type { ConvGeometry } from '../kernels.js';
import type { Parameter } from '../parameter.js';
import type { Heap } from './heap.js';

const BYTES = Float32Array.BYTES_PER_ELEMENT;

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
    return convolveFramed(spread, turnedKernel, frame);
  });
}

/** The gradient of a kernel, image by image and kernel row by kernel row (see `addKernelRow` in simd/conv.ts). */
export function convKernelGradient(
  heap: Heap,
  input: tf.Tensor4D,
  upstream: tf.Tensor4D,
  [kernelHeight, kernelWidth]: Pair,
  { stride, padding }: ConvGeometry,
): tf.Tensor4D {
  const [batch, height, width, channels] = upstream.shape;
  const channelsIn = input.shape[3];
  const gradient = heap.allocate<tf.Rank.R4>([kernelHeight, kernelWidth, channelsIn, channels]);
  heap.view(gradient).fill(0);
  const padded = padImages(heap, input, padding);
  const [, paddedHeight, paddedWidth] = padded.shape;
  const lanes = kernelWidth * channelsIn;
  const rowBytes = paddedWidth * channelsIn * BYTES;
  const [from, back, to] = [heap.address(padded), heap.address(upstream), heap.address(gradient)];
  for (let n = 0; n < batch; n += 1) {
    for (let ky = 0; ky < kernelHeight; ky += 1) {
      heap.loops.addKernelRow(
        from + (n * paddedHeight + ky) * rowBytes,
        back + n * height * width * channels * BYTES,
        to + ky * lanes * channels * BYTES,
        height,
        width,
        lanes,
        channels,
        stride[1] * channelsIn * BYTES,
        stride[0] * rowBytes,
      );
    }
  }
  padded.dispose();
  return gradient;
}

/** Images in a frame of zeros, [N, H, W, C] → [N, top + H + bottom, left + W + right, C]; always a new tensor. */
function padImages(heap: Heap, images: tf.Tensor4D, { top, bottom, left, right }: Padding): tf.Tensor4D {
  if (top === 0 && bottom === 0 && left === 0 && right === 0) return images.clone();
  const [batch, height, width, channels] = images.shape;
  const [paddedHeight, paddedWidth] = [top + height + bottom, left + width + right];
  const padded = heap.allocate<tf.Rank.R4>([batch, paddedHeight, paddedWidth, channels]);
  heap.view(padded).fill(0);
  const [from, to] = [heap.address(images), heap.address(padded)];
  const pixel = channels * BYTES;
  for (let n = 0; n < batch; n += 1) {
    const corner = to + ((n * paddedHeight + top) * paddedWidth + left) * pixel;
    heap.loops.copyRows(from + n * height * width * pixel, corner, height, width * pixel, paddedWidth * pixel);
  }
  return padded;
}

/** A cross-correlation of stride 1; a negative padding cuts rows or columns off. */
function convolveFramed(input: tf.Tensor4D, kernel: tf.Tensor4D, { top, bottom, left, right }: Padding): tf.Tensor4D {
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
  return tf.conv2d(inside, kernel, 1, [
    [0, 0],
    [Math.max(0, top), Math.max(0, bottom)],
    [Math.max(0, left), Math.max(0, right)],
    [0, 0],
  ]);
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
