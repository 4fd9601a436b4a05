import * as tf from '@tensorflow/tfjs';
import type { AddLayer } from '../../../schemas/ann.js';
import { overSteps, overTime } from './merged-time.js';
import { Parameter } from './parameter.js';
import type { DeviceLayer, Signal, Step, StepGradients, WantedGradients } from './step.js';
import { noGradients } from './step.js';

/** Weighted sum of signals of one shape, a trainable scale each; one of a single step is the same at each timestep. */
export function addLayer({ scales }: AddLayer): DeviceLayer {
  const weights = new Parameter(scales, [scales.length]);

  function forward(inputs: readonly Signal[]): Step {
    const steps = Math.max(...inputs.map((input) => input.steps));
    const output = tf.tidy(() =>
      inputs
        .map((input, index) => tf.mul(overSteps(input, steps), scaleAt(index)))
        .reduce((sum, term) => tf.add(sum, term)),
    );
    const saved = inputs.map(({ tensor }) => tensor.clone());
    return {
      output: { tensor: output, steps },
      saved,
      backward: (upstream, wanted) => backward(inputs, saved, upstream, steps, wanted),
    };
  }

  function backward(
    inputs: readonly Signal[],
    saved: readonly tf.Tensor[],
    upstream: tf.Tensor,
    steps: number,
    wanted: WantedGradients,
  ): StepGradients {
    const perInput = inputs.map((input) => overTime(upstream, steps, input.steps));
    const inputGradients = wanted.inputs
      ? perInput.map((gradient, index) => tf.tidy(() => tf.mul(gradient, scaleAt(index))))
      : [];
    const scaleGradients = wanted.parameters
      ? new Map([
          [
            'scales',
            tf.tidy(() => tf.stack(perInput.map((gradient, index) => tf.sum(tf.mul(gradient, saved[index]!))))),
          ],
        ])
      : noGradients;
    tf.dispose(perInput);
    return { inputs: inputGradients, parameters: scaleGradients };
  }

  const scaleAt = (index: number): tf.Tensor => tf.slice(weights.tensor, index, 1);

  return { parameters: new Map([['scales', weights]]), forward };
}
