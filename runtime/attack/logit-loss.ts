/**
 * What an attack raises on one sample: the loss of a row of logits under its label; writes the gradient to the logits
 * into `gradient`, which has the row's length.
 */
export type LogitLoss = (logits: Float32Array, label: number, gradient: Float32Array) => number;

/** Keeps a ratio of equal logits finite. */
const TINY = 1e-12;

/** Cross-entropy in nats. */
export const crossEntropyLoss: LogitLoss = (logits, label, gradient) => {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  const shift = largest + Math.log(sum);
  for (let k = 0; k < logits.length; k += 1) gradient[k] = Math.exp(logits[k]! - shift) - (k === label ? 1 : 0);
  return shift - logits[label]!;
};

/**
 * The difference of logits ratio −(z_y − max_{k≠y} z_k)/(z_π1 − z_π3), π the order from the largest down (Croce and Hein
 * 2020, eq. 6): unlike cross-entropy it is the same for a network whose logits are all scaled or shifted alike. Needs 3
 * classes.
 */
export const logitRatioLoss: LogitLoss = (logits, label, gradient) => {
  const [first, second, third] = largestClasses(logits, 3);
  const rival = first === label ? second! : first!;
  const margin = logits[label]! - logits[rival]!;
  const spread = logits[first!]! - logits[third!]! + TINY;
  gradient.fill(0);
  gradient[label]! -= 1 / spread;
  gradient[rival]! += 1 / spread;
  gradient[first!]! += margin / spread ** 2;
  gradient[third!]! -= margin / spread ** 2;
  return -margin / spread;
};

/** The ratio towards class `target`, −(z_y − z_t)/(z_π1 − (z_π3 + z_π4)/2) (ibid., eq. 7). Needs 4 classes. */
export function targetedRatioLoss(target: number): LogitLoss {
  return (logits, label, gradient) => {
    const [first, , third, fourth] = largestClasses(logits, 4);
    const margin = logits[label]! - logits[target]!;
    const spread = logits[first!]! - (logits[third!]! + logits[fourth!]!) / 2 + TINY;
    gradient.fill(0);
    gradient[label]! -= 1 / spread;
    gradient[target]! += 1 / spread;
    gradient[first!]! += margin / spread ** 2;
    gradient[third!]! -= margin / spread ** 2 / 2;
    gradient[fourth!]! -= margin / spread ** 2 / 2;
    return -margin / spread;
  };
}

/** z_y − max_{k≠y} z_k: negative where the sample is misclassified. */
export function marginOf(logits: Float32Array, label: number): number {
  let rival = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logits.length; k += 1) if (k !== label) rival = Math.max(rival, logits[k]!);
  return logits[label]! - rival;
}

/** The classes other than `label` from the most likely down; of equal ones the first. */
export function rivals(logits: Float32Array, label: number): number[] {
  return largestClasses(logits, logits.length).filter((k) => k !== label);
}

function largestClasses(logits: Float32Array, count: number): number[] {
  const order = Array.from(logits, (_, k) => k);
  order.sort((a, b) => logits[b]! - logits[a]! || a - b);
  return order.slice(0, count);
}
