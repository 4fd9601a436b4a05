import { addTo } from './linear.js';
import { inSharedUnits } from './neuron.js';
import type { EncodedBatch, GradientSink, TwinPopulation } from './twin.js';

/**
 * The twin with every neuron replaced by a ReLU and no time axis: same weights, drives and (over T averaged) biases.
 * Values are in units of the trained network, [N, neurons] per population; those of the readout are the logits.
 */
export async function activationForward(
  populations: readonly TwinPopulation[],
  drives: EncodedBatch,
  batch: number,
): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const { plan, tables, maps } of populations) {
    const { rows } = tables.population.bias;
    // Whole numbers are summed before they are divided: what cancels a drive exactly must leave exactly 0, where the unit turns.
    const sums = new Float64Array(plan.neurons);
    for (let at = 0; at < tables.bias.length; at += 1) sums[at % plan.neurons]! += tables.bias[at]!;
    const current = Float64Array.from({ length: batch * plan.neurons }, (_, k) => sums[k % plan.neurons]! / rows);
    for (const index of plan.drives) {
      const drive = drives[index]!;
      for (let k = 0; k < current.length; k += 1) current[k]! += drive[k]!;
    }
    for (const [index, { source, unit }] of plan.projections.entries()) {
      const sums = await maps[index]!.apply(values[source]!, batch);
      for (let k = 0; k < current.length; k += 1) current[k]! += sums[k]! * unit;
    }
    const isReadout = plan.population.kind === 'readout';
    values.push(
      Float32Array.from(current, (a, k) => {
        const value = a * tables.perUnit[k % plan.neurons]!;
        return isReadout ? value : Math.max(0, value);
      }),
    );
  }
  return values;
}

/** The gradient of `activationForward` for the upstream gradient at the logits [N, classes]. */
export async function activationBackward(
  populations: readonly TwinPopulation[],
  values: readonly Float32Array[],
  upstream: Float32Array,
  batch: number,
  sink: GradientSink,
): Promise<void> {
  const gradients: (Float32Array | null)[] = values.map(() => null);
  for (const [index, { plan, maps }] of [...populations.entries()].reverse()) {
    const value = values[index]!;
    const atInput =
      plan.population.kind === 'readout'
        ? upstream
        : (gradients[index] ?? new Float32Array(value.length)).map((gradient, k) => (value[k]! > 0 ? gradient : 0));
    const shared = inSharedUnits(atInput, plan.population);
    for (const [k, { source }] of plan.projections.entries()) {
      gradients[source] = addTo(gradients[source] ?? null, await maps[k]!.applyTransposed(shared, batch));
    }
    if (plan.drives.length > 0) await sink(plan, shared);
  }
}
