import * as tf from '@tensorflow/tfjs';
import type { AnnGraph } from '../../../schemas/ann.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import type { Wanted } from '../engine.js';
import { deviceLayer } from './device-layer.js';
import type { Kernels } from './kernels.js';
import type { Parameter } from './parameter.js';
import type { DeviceLayer, ForwardContext, Signal, Step } from './step.js';

/** A layer at its place in the graph. */
interface Node {
  readonly name: string;
  readonly kind: string;
  readonly layer: DeviceLayer;
  /** Indices of the nodes it reads; the input layer reads the image, which is no node. */
  readonly inputs: readonly number[];
  /** How many nodes read its output. */
  readonly readers: number;
  /** Whether a trainable parameter lies in this layer or before it. */
  readonly isTrainable: boolean;
}

/** A forward pass on the device: one step per layer, until `release`. */
export interface Trace {
  readonly logits: tf.Tensor;
  readonly steps: readonly Step[];
}

/** Gradients on the device; the caller disposes them. */
export interface TensorGradients {
  /** By full name, `${layer}.${parameter}`. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  readonly image: tf.Tensor | null;
}

/** A graph's layers on the device, run in topological order and back. Synchronous: the backend in use must be theirs. */
export class Network {
  /** By full name, `${layer}.${parameter}`, in layer order. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  private readonly nodes: readonly Node[];

  constructor(graph: AnnGraph | SnnGraph, kernels: Kernels) {
    const indices = new Map(graph.layers.map(({ name }, index) => [name, index]));
    const nodes: Node[] = [];
    for (const description of graph.layers) {
      const { name, kind } = description;
      const layer = deviceLayer(description, kernels);
      const inputs = description.kind === 'input' ? [] : description.inputs.map((input) => indices.get(input)!);
      const isTrainable =
        [...layer.parameters.values()].some((parameter) => parameter.isTrainable) ||
        inputs.some((input) => nodes[input]!.isTrainable);
      const readers = graph.layers.reduce(
        (sum, other) => sum + (other.kind === 'input' ? 0 : other.inputs.filter((input) => input === name).length),
        0,
      );
      nodes.push({ name, kind, layer, inputs, readers, isTrainable });
    }
    this.nodes = nodes;
    this.parameters = new Map(
      nodes.flatMap(({ name, layer }) => [...layer.parameters].map(([own, value]) => [`${name}.${own}`, value])),
    );
  }

  /** Runs [N, H, W, C]; `watch` sees each layer's output before it may be freed. Leaves `image` alone. */
  forward(
    image: tf.Tensor,
    context: ForwardContext,
    watch?: (name: string, kind: string, output: Signal) => void,
  ): Trace {
    const steps: Step[] = [];
    const readersLeft = this.nodes.map(({ readers }) => readers);
    for (const { name, kind, layer, inputs } of this.nodes) {
      const signals = inputs.length === 0 ? [{ tensor: image, steps: 1 }] : inputs.map((input) => steps[input]!.output);
      const step = layer.forward(signals, context);
      steps.push(step);
      watch?.(name, kind, step.output);
      if (!context.differentiable) tf.dispose([...step.saved]);
      for (const input of inputs) {
        readersLeft[input] = readersLeft[input]! - 1;
        if (readersLeft[input] === 0) steps[input]!.output.tensor.dispose();
      }
    }
    // Layers that nobody reads, the output apart: dead ends of the graph.
    this.nodes.forEach(({ readers }, index) => {
      if (readers === 0 && index !== this.nodes.length - 1) steps[index]!.output.tensor.dispose();
    });
    return { logits: steps.at(-1)!.output.tensor, steps };
  }

  /** Walks a differentiable trace back from dL/dlogits [N, classes]. Leaves trace and `upstream` alone. */
  backward({ steps }: Trace, upstream: tf.Tensor, wanted: Wanted): TensorGradients {
    const gradients: (tf.Tensor | null)[] = this.nodes.map(() => null);
    gradients[this.nodes.length - 1] = upstream.clone();
    const parameters = new Map<string, tf.Tensor>();
    let image: tf.Tensor | null = null;
    for (let index = this.nodes.length - 1; index >= 0; index -= 1) {
      const node = this.nodes[index]!;
      const gradient = gradients[index]!;
      if (gradient === null) continue;
      const below = node.inputs.map((input) => this.nodes[input]!.isTrainable);
      const wantInputs = wanted.input || (wanted.parameters && below.some((isTrainable) => isTrainable));
      const found = steps[index]!.backward(gradient, { parameters: wanted.parameters, inputs: wantInputs });
      gradient.dispose();
      for (const [name, value] of found.parameters) parameters.set(`${node.name}.${name}`, value);
      if (node.inputs.length === 0) image = found.inputs[0] ?? null;
      for (const [position, input] of node.inputs.entries()) {
        const value = found.inputs[position];
        if (value !== undefined) accumulate(gradients, input, value);
      }
    }
    return { parameters, image };
  }

  /** Frees what a trace holds. */
  release({ logits, steps }: Trace): void {
    logits.dispose();
    for (const { saved } of steps) tf.dispose([...saved]);
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}

function accumulate(gradients: (tf.Tensor | null)[], index: number, value: tf.Tensor): void {
  const sum = gradients[index]!;
  if (sum === null) {
    gradients[index] = value;
    return;
  }
  gradients[index] = tf.add(sum, value);
  sum.dispose();
  value.dispose();
}
