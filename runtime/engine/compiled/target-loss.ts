import type { Tensor } from 'onnxruntime-node';
import { intAttribute } from '../../../compiler/export/onnx-attributes.js';
import type { TargetLoss } from '../engine.js';
import type { Graph, Value } from './graph.js';
import { float32Tensor } from './program.js';

const names = { targets: 'targets', weight: 'loss weight' };

/**
 * Adds the gradient of a target loss at the logits z [N, C]: weight·(q − t) with q = softmax(z). As Σt = Σq = 1 that is
 * qₖ·Σ_{j≠k} tⱼ − tₖ·Σ_{j≠k} qⱼ, which keeps the small gradient of a confident prediction where 1 − q rounds to zero,
 * and is zero where all targets are.
 */
export function emitTargetLoss(graph: Graph, logits: Value): Value {
  const targets = graph.input(names.targets, logits.shape, 'pass');
  // Of the classes before and those after: as one matrix of N² it would not fit where wide layers are measured.
  const running = (value: Value, reverse: 0 | 1): Value =>
    graph.apply('CumSum', [value, graph.integers([1])], value.shape, {
      attributes: [intAttribute('exclusive', 1), intAttribute('reverse', reverse)],
    });
  const ofOthers = (value: Value): Value => graph.add(running(value, 0), running(value, 1));
  const shares = graph.apply('Softmax', [logits], logits.shape);
  const slope = graph.sub(graph.mul(shares, ofOthers(targets)), graph.mul(targets, ofOthers(shares)));
  return graph.mul(slope, graph.input(names.weight, [], 'pass'));
}

/** A loss by graph input; images that fill up the batch have no target and no gradient. */
export function targetInputs({ targets, weight }: TargetLoss, batch: number, classes: number): [string, Tensor][] {
  const filled = new Float32Array(batch * classes);
  filled.set(targets);
  return [
    [names.targets, float32Tensor(filled, [batch, classes])],
    [names.weight, float32Tensor(Float32Array.of(weight), [])],
  ];
}
