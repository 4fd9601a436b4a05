import type { AnnGraph, AnnLayer, BatchNormLayer } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import { layerShapes } from '../../schemas/layer-shapes.js';
import type { NeuronLayer, SnnGraph } from '../../schemas/snn.js';
import type { MapShape } from '../../schemas/tensor.js';

/** What lies between two neuron layers of a chain: a linear map without time, then perhaps a norm. */
export interface Segment {
  /** From the spikes (or the image) before it to the norm's input, flattened; runs on any engine as it is. */
  readonly linear: AnnGraph;
  readonly norm: BatchNormLayer | null;
  readonly neuron: NeuronLayer;
  /** The last axis of the neuron layer's shape. */
  readonly channels: number;
}

/**
 * Cuts a chain into its segments, one per neuron layer, from the input on.
 * Throws SW4009 where the network is no chain, or a norm is not the last linear layer before its neurons.
 */
export function cutSegments(graph: SnnGraph): readonly Segment[] {
  const shapes = layerShapes(graph.layers);
  const segments: Segment[] = [];
  let layers: AnnLayer[] = [];
  let norm: BatchNormLayer | null = null;
  let before = '';
  for (const layer of graph.layers) {
    if (layer.kind === 'input') {
      layers = [layer];
      before = layer.name;
      continue;
    }
    if (layer.kind === 'add' || layer.inputs[0] !== before) {
      throw unfit(layer.name, 'the network branches here; thresholds are calibrated along a chain');
    }
    before = layer.name;
    if (layer.kind === 'neuron') {
      const shape = shapes.get(layer.name)!;
      const linear = closed(layers, shape.length === 3);
      segments.push({ linear, norm, neuron: layer, channels: shape[shape.length - 1]! });
      layers = openedAt(layer.name, shape.length === 3 ? shape : [1, 1, shape[0]], shape.length === 1);
      norm = null;
    } else if (norm !== null && layer.kind !== 'dropout') {
      throw unfit(layer.name, `it stands between the norm ${norm.name} and the neurons`);
    } else if (layer.kind === 'batchNorm') {
      norm = layer;
    } else {
      layers.push(layer);
    }
  }
  return segments;
}

/** A segment's first layers: spikes of `shape` as an image; a vector is one pixel whose channels are its features. */
function openedAt(name: string, shape: MapShape, isVector: boolean): AnnLayer[] {
  const input: AnnLayer = {
    kind: 'input',
    name: `${name}/spikes`,
    shape,
    mean: new Array<number>(shape[2]).fill(0),
    std: new Array<number>(shape[2]).fill(1),
  };
  if (!isVector) return [{ ...input, name }];
  return [input, { kind: 'flatten', name, inputs: [input.name], order: 'hwc' }];
}

/** The layers as a network of their own whose logits are the last one's values, channels fastest. */
function closed(layers: readonly AnnLayer[], isMap: boolean): AnnGraph {
  const last = layers[layers.length - 1]!.name;
  const whole: AnnLayer[] = [...layers];
  const output = `${last}/output`;
  if (isMap) whole.push({ kind: 'flatten', name: `${last}/flat`, inputs: [last], order: 'hwc' });
  whole.push({ kind: 'output', name: output, inputs: [whole[whole.length - 1]!.name] });
  return { kind: 'ann', name: output, layers: whole };
}

function unfit(layer: string, what: string): Error {
  return failure('SW4009', { where: `layer ${layer}`, what });
}
