import type { Tensor } from 'onnxruntime-node';
import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { AnnLayer } from '../../../schemas/ann.js';
import { layerShapes } from '../../../schemas/layer-shapes.js';
import type { SnnLayer } from '../../../schemas/snn.js';
import { elementCount } from '../../../schemas/tensor.js';
import { inputName } from './emission.js';
import { float32Tensor } from './program.js';

/** The masks of a pass by graph input, 0 or 1/(1 − rate), drawn in layer order for [T·N, …], channel last. */
export function dropoutMasks(
  layers: readonly (AnnLayer | SnnLayer)[],
  batch: number,
  timesteps: number,
  random: RandomGenerator,
): [string, Tensor][] {
  const shapes = layerShapes(layers);
  return layers.flatMap((layer): [string, Tensor][] => {
    if (layer.kind !== 'dropout' || layer.rate === 0) return [];
    const shape = [timesteps * batch, ...shapes.get(layer.name)!];
    const mask = Float32Array.from({ length: elementCount(shape) }, () =>
      uniformFloat32(random) < layer.rate ? 0 : 1 / (1 - layer.rate),
    );
    return [[inputName(layer.name, 'mask'), float32Tensor(mask, shape)]];
  });
}
