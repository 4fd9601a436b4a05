import * as tf from '@tensorflow/tfjs';
import type { Padding, Pair } from '../../../../schemas/tensor.js';
import type { ConvGeometry } from '../kernels.js';
import type { Parameter } from '../parameter.js';

/** The backend's own gradient of an unpadded convolution, cut to the input inside the padding. */
export function convInputGradient(
  upstream: tf.Tensor4D,
  kernel: Parameter,
  [height, width]: Pair,
  { stride, padding }: ConvGeometry,
): tf.Tensor4D {
  const [batch] = upstream.shape;
  const channels = kernel.shape[2]!;
  return tf.tidy(() => {
    const padded: tf.Tensor4D = tf.engine().runKernel(
      tf.Conv2DBackpropInput,
      { dy: upstream, filter: kernel.tensor },
      {
        strides: [...stride],
        pad: 'valid',
        dataFormat: 'NHWC',
        inputShape: [batch, height + padding.top + padding.bottom, width + padding.left + padding.right, channels],
      },
    );
    return tf.slice4d(padded, [0, padding.top, padding.left, 0], [batch, height, width, channels]);
  });
}

/** The backend's own gradient of an unpadded convolution's kernel. */
export function convKernelGradient(
  input: tf.Tensor4D,
  upstream: tf.Tensor4D,
  [kernelHeight, kernelWidth]: Pair,
  { stride, padding }: ConvGeometry,
): tf.Tensor4D {
  return tf.tidy(() =>
    tf.engine().runKernel(
      tf.Conv2DBackpropFilter,
      { x: padded(input, padding), dy: upstream },
      {
        strides: [...stride],
        pad: 'valid',
        dataFormat: 'NHWC',
        filterShape: [kernelHeight, kernelWidth, input.shape[3], upstream.shape[3]],
      },
    ),
  );
}

function padded(input: tf.Tensor4D, { top, bottom, left, right }: Padding): tf.Tensor4D {
  return tf.pad4d(input, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
}
