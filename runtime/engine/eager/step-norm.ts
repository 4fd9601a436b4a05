import * as tf from '@tensorflow/tfjs';
import type { StepNormLayer } from '../../../schemas/snn.js';
import { stepNorms, stepsUsed } from '../step-norms.js';
import type { Kernels } from './kernels.js';
import { overTime } from './merged-time.js';
import { normLayer } from './norm.js';
import type { DeviceLayer, ForwardContext, Signal, Step } from './step.js';
import { noGradients } from './step.js';

/** A norm for each timestep, with parameters gamma0, mean0, variance0 … */
export function stepNormLayer(layer: StepNormLayer, kernels: Kernels): DeviceLayer {
  const norms = stepNorms(layer).map((norm) => normLayer(norm, kernels));
  const parameters = new Map(
    norms.flatMap((norm, t) => [...norm.parameters].map(([own, parameter]) => [`${own}${t}`, parameter] as const)),
  );

  function forward({ tensor, steps }: Signal, context: ForwardContext): Step {
    const isTimeless = context.surrogate.form === 'activation';
    const used = stepsUsed([...norms.entries()], isTimeless);
    const parts = steps === 1 ? used.map(() => tensor.clone()) : tf.split(tensor, steps);
    const own = { ...context, timesteps: 1 };
    const each = used.map(([, norm], k) => norm.forward([{ tensor: parts[k]!, steps: 1 }], own));
    const outputs = each.map(({ output }) => output.tensor);
    const output = tf.concat(outputs);
    tf.dispose([...parts, ...outputs]);
    return {
      output: { tensor: output, steps: used.length },
      saved: each.flatMap(({ saved }) => [...saved]),
      backward(upstream, wanted) {
        const ups = tf.split(upstream, used.length);
        const found = each.map((step, k) => step.backward(ups[k]!, wanted));
        tf.dispose(ups);
        const inputs = found.flatMap((gradients) => [...gradients.inputs]);
        const below = inputs.length === 0 ? [] : [tf.tidy(() => overTime(tf.concat(inputs), used.length, steps))];
        tf.dispose(inputs);
        if (!wanted.parameters) return { inputs: below, parameters: noGradients };
        const gradients = new Map<string, tf.Tensor>();
        for (const [k, [t]] of used.entries()) {
          for (const [name, value] of found[k]!.parameters) {
            if (name === 'beta') value.dispose();
            else gradients.set(`${name}${t}`, value);
          }
        }
        return { inputs: below, parameters: gradients };
      },
    };
  }

  return { parameters, forward: (inputs, context) => forward(inputs[0]!, context) };
}
