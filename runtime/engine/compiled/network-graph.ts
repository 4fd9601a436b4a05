import type { AnnGraph } from '../../../schemas/ann.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import type { EmissionContext, LayerEmission } from './emission.js';
import type { Value } from './graph.js';
import { Graph } from './graph.js';
import { emitLayer } from './layer-emission.js';
import { Signal } from './signal.js';
import { emitTargetLoss } from './target-loss.js';

/** Names of graph inputs that every pass has its own of, whatever its loss. */
export const passInputs = { image: 'image' };

/** A network's forward and backward pass in one graph, to be cut and compiled as far as asked for. */
export interface NetworkGraph {
  readonly graph: Graph;
  /** [N, classes]. */
  readonly logits: Value;
  /** The gradient at the logits: of a target loss, or handed in where a backward pass stands alone. */
  readonly upstream: Value;
  /** New running statistics by parameter name; empty in eval mode. */
  readonly updates: ReadonlyMap<string, Value>;
  /** Gradients by parameter name, in the order in which the backward pass finds them. */
  readonly gradients: ReadonlyMap<string, Value>;
  /** Gradient at the image, [N, H, W, C]. */
  readonly imageGradient: Value;
  /** The spikes of neuron layers as bytes, [T·N, …] channel last, by layer name; empty in activation mode. */
  readonly spikes: ReadonlyMap<string, Value>;
}

/** Writes a network's passes for a batch of fixed size. */
export function networkGraph({ layers }: AnnGraph | SnnGraph, given: Omit<EmissionContext, 'graph'>): NetworkGraph {
  const graph = new Graph();
  const context = { ...given, graph };
  const inputLayer = layers[0]!;
  if (inputLayer.kind !== 'input') throw new Error('a network begins with its input layer');
  const image = graph.input(passInputs.image, [given.batch, ...inputLayer.shape], 'pass');

  const emissions = new Map<string, LayerEmission>();
  const updates = new Map<string, Value>();
  const spikes = new Map<string, Value>();
  for (const layer of layers) {
    const inputs =
      layer.kind === 'input'
        ? [Signal.merged(graph, image, 1)]
        : layer.inputs.map((name) => emissions.get(name)!.output);
    graph.layer = layer.name;
    const emission = emitLayer(layer, context, inputs);
    emissions.set(layer.name, emission);
    for (const [own, value] of emission.updates ?? []) updates.set(`${layer.name}.${own}`, value);
    if (layer.kind === 'neuron' && given.form !== 'activation') {
      const bytes = emission.output.map((part) => graph.asBytes(channelLast(graph, part)));
      spikes.set(layer.name, bytes.merged);
    }
  }
  const last = layers.at(-1)!;
  const logits = emissions.get(last.name)!.output.merged;

  const upstream = emitTargetLoss(graph, logits);

  graph.startBackward();
  const upstreams = new Map([[last.name, Signal.merged(graph, upstream, 1)]]);
  const gradients = new Map<string, Value>();
  let imageGradient: Value | null = null;
  for (const layer of layers.toReversed()) {
    const atOutput = upstreams.get(layer.name);
    if (atOutput === undefined) continue;
    graph.layer = layer.name;
    const found = emissions.get(layer.name)!.backward(atOutput);
    for (const [own, value] of found.parameters) gradients.set(`${layer.name}.${own}`, value);
    if (layer.kind === 'input') {
      imageGradient = found.inputs[0]!.merged;
      continue;
    }
    for (const [position, name] of layer.inputs.entries()) {
      const gradient = found.inputs[position]!;
      const sum = upstreams.get(name);
      upstreams.set(name, sum === undefined ? gradient : addSignals(context, sum, gradient));
    }
  }
  if (imageGradient === null) throw new Error('the output does not depend on the image');
  return { graph, logits, upstream, updates, gradients, imageGradient, spikes };
}

/** Of as many steps. */
function addSignals({ graph, device }: EmissionContext, a: Signal, b: Signal): Signal {
  const others = b.blocks(device);
  return Signal.ofBlocks(
    graph,
    a.blocks(device).map((part, k) => graph.add(part, others[k]!)),
    a.steps,
  );
}

/** [N, C, H, W] → [N, H, W, C]; vectors as they are. */
function channelLast(graph: Graph, value: Value): Value {
  return value.shape.length === 4 ? graph.transpose(value, [0, 2, 3, 1]) : value;
}
