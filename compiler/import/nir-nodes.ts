import type { NeuronLayer } from '../../schemas/snn.js';
import { elementCount, type Pair } from '../../schemas/tensor.js';
import type { NirArray } from '../nir-graph.js';
import { type NirNetwork, type NodeInTurn, shortest } from './nir-network.js';

/** Reads a node: appends its layers to the network. Throws SW1051 where they cannot be. */
type NodeReader = (node: NodeInTurn, network: NirNetwork) => void;

/** The node types that are read. */
export const nirNodes: Readonly<Record<string, NodeReader>> = {
  Input: readInput,
  Output: readOutput,
  Affine: readAffine,
  Linear: readAffine,
  Conv2d: readConv,
  AvgPool2d: readPool,
  SumPool2d: readPool,
  Flatten: readFlatten,
  Scale: readScale,
  IF: readNeuron,
  LIF: readNeuron,
  CubaLIF: readNeuron,
};

function readInput(node: NodeInTurn, network: NirNetwork): void {
  const extents = [...network.array(node, 'shape').data];
  const [channels = 0, height = 1, width = 1] = extents.length === 3 ? extents : [extents[0], 1, 1];
  if (extents.length !== 1 && extents.length !== 3) {
    throw network.fault(node.name, `its shape is [${extents.join(', ')}]; [C, H, W] and [n] are read`);
  }
  const per = (value: number): number[] => new Array<number>(channels).fill(value);
  if (extents.some((extent) => !Number.isInteger(extent) || extent < 1) || channels > 1 << 20) {
    throw network.fault(node.name, `its shape is [${extents.join(', ')}]`);
  }
  network.add(node, { kind: 'input', name: node.name, shape: [height, width, channels], mean: per(0), std: per(1) });
  if (extents.length === 1) {
    const flat = { ...node, name: node.name, input: node.name };
    network.add(flat, { kind: 'flatten', name: `${node.name}.flat`, inputs: [node.name], order: 'chw' });
  }
}

function readOutput(node: NodeInTurn, network: NirNetwork): void {
  network.add(node, { kind: 'output', name: node.name, inputs: [node.input] });
}

function readAffine(node: NodeInTurn, network: NirNetwork): void {
  const { shape, data } = network.array(node, 'weight');
  const [outputs = 0, inputs = 0] = shape;
  if (shape.length !== 2) throw network.fault(node.name, `its weight has ${shape.length} axes; [out, in] is read`);
  const bias = node.type === 'Linear' ? null : biasOf(node, network, outputs);
  const kernel = new Float32Array(data.length);
  for (let output = 0; output < outputs; output += 1) {
    for (let input = 0; input < inputs; input += 1) kernel[input * outputs + output] = data[output * inputs + input]!;
  }
  const tensor = { shape: [inputs, outputs], data: kernel };
  network.add(node, { kind: 'dense', name: node.name, inputs: [node.input], kernel: tensor, bias });
}

function readConv(node: NodeInTurn, network: NirNetwork): void {
  const { shape, data } = network.array(node, 'weight');
  const [outputs = 0, groupInputs = 0, height = 0, width = 0] = shape;
  if (shape.length !== 4)
    throw network.fault(node.name, `its weight has ${shape.length} axes; [out, in, H, W] is read`);
  const groups = network.uniform(node, 'groups');
  const inputs = network.mapOf(node)[2];
  if (!Number.isInteger(groups) || groups < 1 || groupInputs * groups !== inputs || outputs % groups !== 0) {
    throw network.fault(node.name, `${groups} groups of ${groupInputs} channels on a map of ${inputs}`);
  }
  const bias = biasOf(node, network, outputs);
  const stride = pairOf(node, network, 'stride', 1);
  const dilation = pairOf(node, network, 'dilation', 1);
  const extent = [(height - 1) * dilation[0] + 1, (width - 1) * dilation[1] + 1] as const;
  const padding = convolutionPadding(node, network, extent, stride);
  if (groupInputs === 1 && outputs === groups && height * width * stride[0] * stride[1] === 1 && isUnpadded(padding)) {
    const shift = bias === null ? new Float64Array(outputs) : Float64Array.from(network.array(node, 'bias').data);
    network.channelwise(node, Float64Array.from(data), shift);
    return;
  }
  network.requireSize(node, extent[0] * extent[1] * inputs * outputs);
  const kernel = new Float32Array(extent[0] * extent[1] * inputs * outputs);
  const groupOutputs = outputs / groups;
  for (let output = 0, k = 0; output < outputs; output += 1) {
    const firstInput = Math.floor(output / groupOutputs) * groupInputs;
    for (let input = 0; input < groupInputs; input += 1) {
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1, k += 1) {
          const tap = y * dilation[0] * extent[1] + x * dilation[1];
          kernel[(tap * inputs + firstInput + input) * outputs + output] = data[k]!;
        }
      }
    }
  }
  const tensor = { shape: [...extent, inputs, outputs], data: kernel };
  network.add(node, { kind: 'conv2d', name: node.name, inputs: [node.input], kernel: tensor, bias, stride, padding });
}

function convolutionPadding(node: NodeInTurn, network: NirNetwork, extent: Pair, stride: Pair) {
  const given = node.parameters.get('padding');
  if (given === 'same') {
    if (stride[0] !== 1 || stride[1] !== 1) throw network.fault(node.name, 'padding "same" needs a stride of 1');
    const [top, left] = [Math.floor((extent[0] - 1) / 2), Math.floor((extent[1] - 1) / 2)];
    return { top, left, bottom: extent[0] - 1 - top, right: extent[1] - 1 - left };
  }
  const [y, x] = given === 'valid' ? [0, 0] : pairOf(node, network, 'padding', 0);
  return { top: y, bottom: y, left: x, right: x };
}

function isUnpadded(padding: Readonly<Record<'top' | 'bottom' | 'left' | 'right', number>>): boolean {
  return Object.values(padding).every((width) => width === 0);
}

function readPool(node: NodeInTurn, network: NirNetwork): void {
  const size = pairOf(node, network, 'kernel_size', 1);
  const stride = pairOf(node, network, 'stride', 1);
  const padding = pairOf(node, network, 'padding', 0);
  if (padding[0] + padding[1] > 0) throw network.fault(node.name, 'a pool with padding is not read');
  const sum = node.type === 'SumPool2d' ? size[0] * size[1] : 1;
  const input = network.scaled(node, sum);
  network.add(node, { kind: 'avgPool', name: node.name, inputs: [input], size, stride });
}

function readFlatten(node: NodeInTurn, network: NirNetwork): void {
  const shape = network.shapeOf(node.input);
  if (shape.length === 1) {
    network.pass(node);
    return;
  }
  const start = network.uniform(node, 'start_dim');
  const end = network.uniform(node, 'end_dim');
  const declared = node.parameters.get('input_type');
  // With a batch axis the first that counts is the second.
  const axes = typeof declared === 'object' && declared.data.length === 4 ? 4 : 3;
  if (start !== axes - 3 || (end !== -1 && end !== axes - 1)) {
    throw network.fault(node.name, `it flattens axes ${start} to ${end} of ${axes}; all of a map is read`);
  }
  network.add(node, { kind: 'flatten', name: node.name, inputs: [node.input], order: 'chw' });
}

function readScale(node: NodeInTurn, network: NirNetwork): void {
  const { data } = network.array(node, 'scale');
  const [first] = data;
  if (first !== undefined && data.every((value) => value === first)) {
    const scales = Float32Array.of(first);
    network.add(node, { kind: 'add', name: node.name, inputs: [node.input], scales });
    return;
  }
  const shape = network.shapeOf(node.input);
  const channels = shape.at(-1)!;
  const positions = data.length / channels;
  const gain = Float64Array.from({ length: channels }, (_, channel) => data[channel * positions] ?? 0);
  if (data.length !== elementCount(shape) || data.some((value, k) => value !== gain[Math.floor(k / positions)])) {
    throw network.fault(node.name, 'its scale differs within a channel');
  }
  network.channelwise(node, gain, new Float64Array(channels));
}

function readNeuron(node: NodeInTurn, network: NirNetwork): void {
  for (const rest of ['v_leak', 'v_reset'] as const) {
    const value = node.parameters.has(rest) ? network.uniform(node, rest) : 0;
    if (value !== 0) throw network.fault(node.name, `its ${rest} is ${value}; 0 is read`);
  }
  const { leak, gain } = dynamics(node, network);
  const neuron: NeuronLayer = {
    kind: 'neuron',
    name: node.name,
    inputs: [network.scaled(node, gain)],
    leak,
    reset: 'hard',
    threshold: nextAbove(network.uniform(node, 'v_threshold'), network.array(node, 'v_threshold')),
  };
  network.add(node, neuron);
}

/** Euler steps of the membrane: v ← leak·v + gain·I. */
function dynamics(node: NodeInTurn, network: NirNetwork): { readonly leak: number; readonly gain: number } {
  const { dt } = network;
  const r = network.uniform(node, 'r');
  if (node.type === 'IF') return { leak: 1, gain: r };
  const isCurrentBased = node.type === 'CubaLIF';
  const tau = network.uniform(node, isCurrentBased ? 'tau_mem' : 'tau');
  const leak = shortest(1 - dt / tau);
  if (!(leak > 0 && leak <= 1)) {
    throw network.fault(node.name, `its time constant is ${tau} at timesteps of ${dt}; it must be longer than one`);
  }
  const gain = r === tau ? dt : (r * dt) / tau;
  if (!isCurrentBased) return { leak, gain };
  const synapse = network.uniform(node, 'tau_syn');
  if (synapse !== dt) {
    throw network.fault(node.name, `its tau_syn is ${synapse}; currents that outlast a timestep of ${dt} are not read`);
  }
  return { leak, gain: gain * (node.parameters.has('w_in') ? network.uniform(node, 'w_in') : 1) };
}

/** The smallest number above a threshold, in the precision in which the file holds it. */
function nextAbove(value: number, { data }: NirArray): number {
  if (!(value > 0)) return value;
  if (data instanceof Float32Array) {
    const bits = new Int32Array(new Float32Array([value]).buffer);
    bits[0]! += 1;
    return new Float32Array(bits.buffer)[0]!;
  }
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0]! += 1n;
  return new Float64Array(bits.buffer)[0]!;
}

/** Null where it is zero. Throws SW1051 on another length. */
function biasOf(node: NodeInTurn, network: NirNetwork, outputs: number): Float32Array | null {
  const { data } = network.array(node, 'bias');
  if (data.length !== outputs) throw network.fault(node.name, `${data.length} biases for ${outputs} outputs`);
  return data.every((value) => value === 0) ? null : Float32Array.from(data);
}

/** One number for both axes, or one each. */
function pairOf(node: NodeInTurn, network: NirNetwork, parameter: string, least: number): Pair {
  const { data } = network.array(node, parameter);
  const [height, width = height] = data;
  const isPair = (data.length === 1 || data.length === 2) && data.every(Number.isInteger);
  if (!isPair || height === undefined || width === undefined || !(Math.min(height, width) >= least)) {
    throw network.fault(node.name, `its ${parameter} is [${data.slice(0, 4).join(', ')}]`);
  }
  return [height, width];
}
