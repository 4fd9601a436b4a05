import type { Tensor } from 'onnxruntime-node';
import type { Surrogate } from '../surrogate.js';
import { float32Tensor } from './program.js';

/** Names of the graph inputs with a surrogate's numbers: members of one form share a graph. */
export const surrogateInputs = { width: 'surrogate width', slope: 'surrogate slope', dampening: 'surrogate dampening' };

/** The numbers of a surrogate by graph input. */
export function surrogateNumbers(surrogate: Surrogate): [string, Tensor][] {
  const scalar = (value: number): Tensor => float32Tensor(Float32Array.of(value), []);
  switch (surrogate.form) {
    case 'triangular':
    case 'rectangular':
      return [[surrogateInputs.width, scalar(surrogate.width)]];
    case 'exponential':
      return [
        [surrogateInputs.slope, scalar(surrogate.slope)],
        [surrogateInputs.dampening, scalar(surrogate.dampening)],
      ];
    default:
      return [];
  }
}
