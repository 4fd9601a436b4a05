import { tinyTarget } from '../../sim/tiny-target.js';
import { scene } from '../../sim/trace/scene.js';

/** A program for images of one pixel: the drive of neuron k is the pixel times k, so that images of 0 fire nothing. */
export const onePixelProgram = {
  ...scene,
  targetJson: JSON.stringify(tinyTarget()),
  drives: [
    {
      ...scene.drives[0]!,
      kernel: { shape: [1, 1, 1, 3] as const, data: Float32Array.of(0, 1, 2) },
      grid: { mantissaMax: 4095, exponent: 0 },
    },
  ],
};
