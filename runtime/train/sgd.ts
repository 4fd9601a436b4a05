import type { Model, ParameterMap } from '../engine/engine.js';

/** Below this a threshold is held up (method: model). */
export const THRESHOLD_MIN = 0.03;

/** Thrown where a gradient holds values that are no numbers. */
export class DivergedGradient extends Error {
  override readonly name = 'DivergedGradient';

  constructor(readonly parameter: string) {
    super(`the gradient of ${parameter} holds values that are no numbers`);
  }
}

/** Settings that stay the same over a run. */
export interface SgdOptions {
  /** Share of the previous update that is kept, in [0, 1). */
  readonly momentum: number;
  /** L2 pull on every trained parameter, thresholds and norm affines included, ≥ 0. */
  readonly weightDecay: number;
  /** Leaves thresholds as they are; they are trained unless said. */
  readonly fixedThresholds?: boolean | undefined;
}

/**
 * Stochastic gradient descent with momentum (the form of Sutskever et al. 2013 that PyTorch uses):
 * m ← momentum·m + (g + weightDecay·p), p ← p − rate·m. Thresholds are then held at THRESHOLD_MIN or above, so that every
 * later forward pass sees a valid one. Running statistics have no gradient and are left to the forward passes.
 */
export class Sgd {
  /** Momentum m by parameter name. */
  readonly velocity: ParameterMap;

  constructor(
    private readonly options: SgdOptions,
    velocity: ParameterMap = new Map(),
  ) {
    this.velocity = velocity;
  }

  /**
   * Moves the parameters of `model` that `gradients` names by one step of `rate`. Throws a DivergedGradient, having moved
   * nothing, where one holds values that are no numbers.
   */
  async step(model: Model, gradients: ParameterMap, rate: number): Promise<void> {
    for (const [name, gradient] of gradients) {
      if (!areNumbers(gradient)) throw new DivergedGradient(name);
    }
    const parameters = await model.readParameters();
    const moved: ParameterMap = new Map();
    for (const [name, gradient] of gradients) {
      if (this.options.fixedThresholds === true && name.endsWith('.threshold')) continue;
      const values = parameters.get(name);
      if (values === undefined) throw new RangeError(`gradient of ${name}, which is no parameter of the model`);
      moved.set(name, this.move(name, values, gradient, rate));
    }
    model.writeParameters(moved);
  }

  private move(name: string, values: Float32Array, gradient: Float32Array, rate: number): Float32Array {
    const { momentum, weightDecay } = this.options;
    let velocity = this.velocity.get(name);
    if (velocity === undefined) {
      velocity = new Float32Array(values.length);
      this.velocity.set(name, velocity);
    }
    const least = name.endsWith('.threshold') ? THRESHOLD_MIN : Number.NEGATIVE_INFINITY;
    for (let k = 0; k < values.length; k += 1) {
      const update = momentum * velocity[k]! + gradient[k]! + weightDecay * values[k]!;
      velocity[k] = update;
      values[k] = Math.max(least, values[k]! - rate * update);
    }
    return values;
  }
}

/** Whether all values are finite. A loop, since networks have many millions of them. */
function areNumbers(values: Float32Array): boolean {
  for (let k = 0; k < values.length; k += 1) if (!Number.isFinite(values[k])) return false;
  return true;
}

/** The sum of two gradients of the same parameters. */
export function addGradients(a: ParameterMap, b: ParameterMap): ParameterMap {
  const sum: ParameterMap = new Map();
  for (const [name, values] of a) {
    const other = b.get(name);
    sum.set(name, other === undefined ? values : values.map((value, k) => value + other[k]!));
  }
  for (const [name, values] of b) if (!a.has(name)) sum.set(name, values);
  return sum;
}

/**
 * The learning rate before step `done` of `total`: it rises in a line from 0 over the first `warmup` share of the steps
 * and then falls along half a cosine to 0 (Loshchilov and Hutter 2017, without restarts).
 */
export function cosineRate(peak: number, done: number, total: number, warmup = 0): number {
  const rising = warmup * total;
  if (done < rising) return (peak * (done + 1)) / (rising + 1);
  return (peak / 2) * (1 + Math.cos((Math.PI * (done - rising)) / Math.max(1, total - rising)));
}
