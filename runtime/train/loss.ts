/** The mean of a loss over a batch and its gradient to the logits [N, classes]. */
export interface Loss {
  /** In nats. */
  readonly value: number;
  readonly gradient: Float32Array;
}

/** The gradients of a loss that reads two sets of logits [N, classes]. */
export interface PairLoss {
  /** Mean over the batch, in nats. */
  readonly value: number;
  readonly adversarialGradient: Float32Array;
  readonly cleanGradient: Float32Array;
}

/** Mean cross-entropy −log softmax(logits)[label]; its gradient is (softmax − onehot)/N. */
export function crossEntropy(logits: Float32Array, labels: ArrayLike<number>): Loss {
  const count = labels.length;
  const classes = logits.length / count;
  const gradient = new Float32Array(logits.length);
  const logs = new Float64Array(classes);
  let value = 0;
  for (let n = 0; n < count; n += 1) {
    logSoftmax(logits, n * classes, logs);
    const label = labels[n]!;
    value -= logs[label]!;
    for (let k = 0; k < classes; k += 1)
      gradient[n * classes + k] = (Math.exp(logs[k]!) - (k === label ? 1 : 0)) / count;
  }
  return { value: value / count, gradient };
}

/**
 * KL(f(x̃) ‖ f(x)) as the method writes it: per sample Σₖ pₖ·(log pₖ − log qₖ) with target p = softmax(clean) and
 * q = softmax(adversarial), averaged over the batch of `count`. With lₖ = log pₖ − log qₖ the gradients are qⱼ − pⱼ
 * (adversarial) and pⱼ·(lⱼ − Σₖ pₖ·lₖ) (clean), each over N.
 */
export function klDivergence(adversarial: Float32Array, clean: Float32Array, count: number): PairLoss {
  const classes = clean.length / count;
  const adversarialGradient = new Float32Array(clean.length);
  const cleanGradient = new Float32Array(clean.length);
  const logsP = new Float64Array(classes);
  const logsQ = new Float64Array(classes);
  let sum = 0;
  for (let n = 0; n < count; n += 1) {
    const start = n * classes;
    logSoftmax(clean, start, logsP);
    logSoftmax(adversarial, start, logsQ);
    let divergence = 0;
    for (let k = 0; k < classes; k += 1) divergence += Math.exp(logsP[k]!) * (logsP[k]! - logsQ[k]!);
    for (let k = 0; k < classes; k += 1) {
      const p = Math.exp(logsP[k]!);
      adversarialGradient[start + k] = (Math.exp(logsQ[k]!) - p) / count;
      cleanGradient[start + k] = (p * (logsP[k]! - logsQ[k]! - divergence)) / count;
    }
    sum += divergence;
  }
  return { value: sum / count, adversarialGradient, cleanGradient };
}

/** The terms and gradients of CE(clean) + beta·KL(adversarial ‖ clean). */
export interface RobustLoss extends PairLoss {
  readonly crossEntropy: number;
  readonly divergence: number;
}

/** The objective of finetuning and of TRADES: CE(f(x), y) + beta·KL(f(x̃) ‖ f(x)), gradient through both. */
export function robustLoss(
  clean: Float32Array,
  adversarial: Float32Array,
  labels: ArrayLike<number>,
  beta: number,
): RobustLoss {
  const fit = crossEntropy(clean, labels);
  const pull = klDivergence(adversarial, clean, labels.length);
  return {
    value: fit.value + beta * pull.value,
    crossEntropy: fit.value,
    divergence: pull.value,
    adversarialGradient: pull.adversarialGradient.map((slope) => beta * slope),
    cleanGradient: fit.gradient.map((slope, k) => slope + beta * pull.cleanGradient[k]!),
  };
}

/** Keep MART's logarithm and its weights above 0 (Wang et al. 2020, official code). */
const MART = { margin: 1.0001, weight: 1.0000001, tiny: 1e-12 };

/**
 * MART's loss (Wang et al. 2020), averaged over the batch: the boosted cross-entropy of the examples,
 * −log q_y − log(1.0001 − max_{k≠y} q_k), plus `lambda` times KL(p ‖ q) weighed by 1 − p_y, with p = softmax(clean) and
 * q = softmax(adversarial). Gradient through both.
 */
export function martLoss(
  clean: Float32Array,
  adversarial: Float32Array,
  labels: ArrayLike<number>,
  lambda: number,
): PairLoss {
  const count = labels.length;
  const classes = clean.length / count;
  const adversarialGradient = new Float32Array(clean.length);
  const cleanGradient = new Float32Array(clean.length);
  const logsP = new Float64Array(classes);
  const logsQ = new Float64Array(classes);
  let sum = 0;
  for (let n = 0; n < count; n += 1) {
    const start = n * classes;
    logSoftmax(clean, start, logsP);
    logSoftmax(adversarial, start, logsQ);
    const label = labels[n]!;
    let rival = label === 0 ? 1 : 0;
    let divergence = 0;
    for (let k = 0; k < classes; k += 1) {
      if (k !== label && logsQ[k]! > logsQ[rival]!) rival = k;
      divergence += Math.exp(logsP[k]!) * (logsP[k]! - logsQ[k]!);
    }
    const rivalShare = Math.exp(logsQ[rival]!);
    const left = MART.margin - rivalShare + MART.tiny;
    const trueShare = Math.exp(logsP[label]!);
    const weight = MART.weight - trueShare;
    sum += -logsQ[label]! - Math.log(left) + lambda * weight * divergence;
    for (let k = 0; k < classes; k += 1) {
      const p = Math.exp(logsP[k]!);
      const q = Math.exp(logsQ[k]!);
      const fit = q - (k === label ? 1 : 0);
      const margin = (rivalShare * ((k === rival ? 1 : 0) - q)) / left;
      adversarialGradient[start + k] = (fit + margin + lambda * weight * (q - p)) / count;
      const pull = weight * p * (logsP[k]! - logsQ[k]! - divergence);
      const trust = divergence * trueShare * ((k === label ? 1 : 0) - p);
      cleanGradient[start + k] = (lambda * (pull - trust)) / count;
    }
  }
  return { value: sum / count, adversarialGradient, cleanGradient };
}

/** The most likely class of each of `count` samples; the first of equals. */
export function predictions(logits: Float32Array, count: number): Uint8Array {
  const classes = logits.length / count;
  const predicted = new Uint8Array(count);
  for (let n = 0; n < count; n += 1) {
    let best = 0;
    for (let k = 1; k < classes; k += 1) if (logits[n * classes + k]! > logits[n * classes + best]!) best = k;
    predicted[n] = best;
  }
  return predicted;
}

/** How many of the samples are predicted as labelled. */
export function countCorrect(logits: Float32Array, labels: ArrayLike<number>): number {
  return predictions(logits, labels.length).reduce((sum, label, n) => sum + (label === labels[n] ? 1 : 0), 0);
}

/** Writes log softmax of `logs.length` logits from `start` on; subtracting the largest keeps exp from overflowing. */
function logSoftmax(logits: Float32Array, start: number, logs: Float64Array): void {
  const classes = logs.length;
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < classes; k += 1) largest = Math.max(largest, logits[start + k]!);
  let sum = 0;
  for (let k = 0; k < classes; k += 1) sum += Math.exp(logits[start + k]! - largest);
  const shift = largest + Math.log(sum);
  for (let k = 0; k < classes; k += 1) logs[k] = logits[start + k]! - shift;
}
