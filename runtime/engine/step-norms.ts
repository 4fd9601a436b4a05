import type { BatchNormLayer } from '../../schemas/ann.js';
import type { StepNormLayer } from '../../schemas/snn.js';

/** The norms of single timesteps as layers of their own; shifts are there, are 0, and are not trained. */
export function stepNorms({ name, inputs, steps, epsilon, momentum }: StepNormLayer): readonly BatchNormLayer[] {
  return steps.map((step) => {
    return { kind: 'batchNorm', name, inputs, ...step, beta: new Float32Array(step.gamma.length), epsilon, momentum };
  });
}

/** The steps whose norms a pass uses: all, or without time the last, where membranes have settled. */
export function stepsUsed<T>(all: readonly T[], isTimeless: boolean): readonly T[] {
  return isTimeless ? all.slice(-1) : all;
}
