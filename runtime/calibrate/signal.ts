import type { AnnGraph, AnnLayer, BatchNormLayer, InputLayer } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import type { LayerShape } from '../../schemas/layer-shapes.js';
import { layerShapes } from '../../schemas/layer-shapes.js';
import type { NeuronLayer, SnnGraph } from '../../schemas/snn.js';
import type { MapShape } from '../../schemas/tensor.js';

/** What a layer puts out over time, and how it is computed from what fires or is shown. `width` is of one sample. */
export type Signal = ImageSignal | SpikeSignal | LinearSignal | NormSignal | SumSignal;

/** The image as it is shown, the same at every timestep. */
export interface ImageSignal {
  readonly kind: 'image';
  readonly width: number;
}

export interface SpikeSignal {
  readonly kind: 'spikes';
  readonly neuron: string;
  readonly width: number;
}

/** Layers without time and without norm, as a network of their own that runs on any engine. */
export interface LinearSignal {
  readonly kind: 'linear';
  readonly from: Signal;
  readonly network: AnnGraph;
  readonly width: number;
}

export interface NormSignal {
  readonly kind: 'norm';
  readonly from: Signal;
  readonly norm: BatchNormLayer;
  readonly width: number;
}

export interface SumSignal {
  readonly kind: 'sum';
  readonly parts: readonly Signal[];
  readonly scales: Float32Array;
  readonly width: number;
}

/** What calibration has to know of a layer before what comes after it: a norm's statistics, a neuron layer's threshold. */
export type Measurement = NormMeasurement | NeuronMeasurement;

export interface NormMeasurement {
  readonly kind: 'norm';
  readonly signal: NormSignal;
}

export interface NeuronMeasurement {
  readonly kind: 'neuron';
  readonly neuron: NeuronLayer;
  readonly input: Signal;
  readonly channels: number;
}

/** The measurements of any network in an order in which each needs only those before it. */
export function planMeasurements(graph: SnnGraph): readonly Measurement[] {
  const shapes = layerShapes(graph.layers);
  const readers = new Map<string, number>();
  for (const layer of graph.layers) {
    if (layer.kind === 'input') continue;
    for (const name of layer.inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const signals = new Map<string, Signal>();
  const chains = new Map<string, Chain>();
  const measurements: Measurement[] = [];
  for (const layer of graph.layers) {
    const shape = shapes.get(layer.name)!;
    const width = shape.reduce((product, extent) => product * extent, 1);
    switch (layer.kind) {
      case 'input': {
        const chain = { from: { kind: 'image', width } as const, layers: [layer] };
        chains.set(layer.name, chain);
        signals.set(layer.name, closed(chain, shape));
        break;
      }
      case 'neuron': {
        const input = signals.get(layer.inputs[0])!;
        measurements.push({ kind: 'neuron', neuron: layer, input, channels: shape.at(-1)! });
        signals.set(layer.name, { kind: 'spikes', neuron: layer.name, width });
        break;
      }
      case 'batchNorm': {
        const signal: NormSignal = { kind: 'norm', from: signals.get(layer.inputs[0])!, norm: layer, width };
        measurements.push({ kind: 'norm', signal });
        signals.set(layer.name, signal);
        break;
      }
      case 'add': {
        const parts = layer.inputs.map((name) => signals.get(name)!);
        signals.set(layer.name, { kind: 'sum', parts, scales: layer.scales, width });
        break;
      }
      case 'poisson':
      case 'stepNorm':
        throw failure('SW4031', { where: `layer ${layer.name}`, what: `is a ${layer.kind} layer.` });
      case 'dropout':
      case 'grid':
      case 'output':
        signals.set(layer.name, signals.get(layer.inputs[0])!);
        break;
      default: {
        const [before] = layer.inputs;
        const sole = readers.get(before) === 1 ? chains.get(before) : undefined;
        const chain = sole ?? opened(before, signals.get(before)!, shapes.get(before)!);
        const longer = { from: chain.from, layers: [...chain.layers, layer] };
        chains.set(layer.name, longer);
        signals.set(layer.name, closed(longer, shape));
      }
    }
  }
  return measurements;
}

/** Consecutive linear layers, each read by the next alone, behind an input layer. */
interface Chain {
  readonly from: Signal;
  readonly layers: readonly AnnLayer[];
}

/** A chain that reads the output of the layer `name`; a vector is one pixel whose channels are its features. */
function opened(name: string, from: Signal, shape: LayerShape): Chain {
  const isVector = shape.length === 1;
  const map: MapShape = isVector ? [1, 1, shape[0]] : shape;
  const input: InputLayer = {
    kind: 'input',
    name: isVector ? `${name}/map` : name,
    shape: map,
    mean: new Array<number>(map[2]).fill(0),
    std: new Array<number>(map[2]).fill(1),
  };
  if (!isVector) return { from, layers: [input] };
  return { from, layers: [input, { kind: 'flatten', name, inputs: [input.name], order: 'hwc' }] };
}

/** The chain as a network whose logits are its last layer's values, channels fastest. */
function closed({ from, layers }: Chain, shape: LayerShape): LinearSignal {
  const last = layers[layers.length - 1]!.name;
  const whole: AnnLayer[] = [...layers];
  const output = `${last}/output`;
  if (shape.length === 3) whole.push({ kind: 'flatten', name: `${last}/flat`, inputs: [last], order: 'hwc' });
  whole.push({ kind: 'output', name: output, inputs: [whole[whole.length - 1]!.name] });
  const width = shape.reduce((product, extent) => product * extent, 1);
  return { kind: 'linear', from, network: { kind: 'ann', name: output, layers: whole }, width };
}

/** The signal and all that it is computed from, each once. */
export function signalsOf(signal: Signal): ReadonlySet<Signal> {
  const found = new Set<Signal>([signal]);
  for (const next of found) {
    if (next.kind === 'sum') for (const part of next.parts) found.add(part);
    else if (next.kind === 'linear' || next.kind === 'norm') found.add(next.from);
  }
  return found;
}

/** What a measurement reads; a norm's affine map is applied on the way where a neuron layer reads the norm itself. */
export function measuredSignal(measurement: Measurement): Signal {
  if (measurement.kind === 'norm') return measurement.signal.from;
  return measurement.input.kind === 'norm' ? measurement.input.from : measurement.input;
}

/** The neuron layers whose spikes a measurement reads, directly or through norms and sums. */
export function neuronsRead(measurement: Measurement): readonly string[] {
  const signals = [...signalsOf(measuredSignal(measurement))];
  return signals.flatMap((signal) => (signal.kind === 'spikes' ? [signal.neuron] : []));
}
