import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { MapShape } from '../../schemas/tensor.js';

/** What ONNX Runtime computes for one image [H, W, C]: the first output, flat. */
export async function runOnnx(model: Uint8Array, shape: MapShape, image: ArrayLike<number>): Promise<Float32Array> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const [height, width, channels] = shape;
    const turned = new Float32Array(image.length);
    for (let pixel = 0; pixel < height * width; pixel++) {
      for (let c = 0; c < channels; c++) turned[c * height * width + pixel] = image[pixel * channels + c]!;
    }
    const input = new Tensor('float32', turned, [1, channels, height, width]);
    const results = await session.run({ [session.inputNames[0]!]: input });
    return results[session.outputNames[0]!]!.data as Float32Array;
  } finally {
    await session.release();
  }
}
