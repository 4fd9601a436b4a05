import * as tf from '@tensorflow/tfjs';
import type { Pair } from '../../../../schemas/tensor.js';
import type { PoolGeometry } from '../kernels.js';

/** The backend's own gradient of an average pool. */
export function averagePoolGradient(
  upstream: tf.Tensor4D,
  [height, width]: Pair,
  { size, stride }: PoolGeometry,
): tf.Tensor4D {
  const [batch, , , channels] = upstream.shape;
  return tf.tidy(() =>
    tf
      .engine()
      .runKernel(
        tf.AvgPoolGrad,
        { dy: upstream, input: tf.zeros([batch, height, width, channels]) },
        { filterSize: [...size], strides: [...stride], pad: 'valid' },
      ),
  );
}
