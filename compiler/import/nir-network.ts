import { failure, type SpikewrightError } from '../../schemas/diagnostic.js';
import { type LayerShape, layerShape } from '../../schemas/layer-shapes.js';
import type { SnnLayer } from '../../schemas/snn.js';
import type { MapShape } from '../../schemas/tensor.js';
import type { NirArray, NirGraph, NirNode } from '../nir-graph.js';

/** A node at its turn: what it hears is there already. */
export interface NodeInTurn extends NirNode {
  readonly name: string;
  /** The layer that it hears; a sum has been made of several. Empty of the Input. */
  readonly input: string;
}

export interface NetworkLimits {
  readonly dt: number;
  /** Weights that kernels may have together, those added by groups and dilations included. */
  readonly sizeMax: number;
  readonly where: string;
}

/** The epsilon of a norm that only scales and shifts: 1 + this is 1. */
const NO_EPSILON = 2 ** -126;

/** Gathers layers while nodes are read in topological order. */
export class NirNetwork {
  /** Node names, each after all that it hears. */
  readonly order: readonly string[];
  readonly dt: number;
  #left: number;
  readonly #where: string;
  readonly #layers: SnnLayer[] = [];
  readonly #shapes = new Map<string, LayerShape>();
  /** The layer that a node's value is. */
  readonly #layerOf = new Map<string, string>();
  readonly #sources: ReadonlyMap<string, readonly string[]>;
  readonly #readers: ReadonlyMap<string, readonly string[]>;

  constructor(
    private readonly graph: NirGraph,
    { dt, sizeMax, where }: NetworkLimits,
  ) {
    this.dt = dt;
    this.#left = sizeMax;
    this.#where = where;
    const ends = neighbours(graph, where);
    this.#sources = ends.sources;
    this.#readers = ends.readers;
    this.order = inOrder(graph, ends, where);
  }

  node(name: string): NodeInTurn {
    const heard = (this.#sources.get(name) ?? []).map((source) => this.#layerOf.get(source)!);
    const { type, parameters } = this.graph.nodes.get(name)!;
    if (type !== 'Input' && heard.length === 0) throw this.fault(name, 'it hears nothing');
    if (heard.length > 1) {
      const scales = new Float32Array(heard.length).fill(1);
      const sum = this.#unique(`${name}.sum`);
      this.#append({ kind: 'add', name: sum, inputs: heard, scales });
      return { name, type, parameters, input: sum };
    }
    return { name, type, parameters, input: heard[0] ?? '' };
  }

  /** Appends a node's layer. */
  add(node: NodeInTurn, layer: SnnLayer): void {
    const name = this.#unique(layer.name);
    this.#append({ ...layer, name });
    this.#layerOf.set(node.name, name);
  }

  /** A node whose value is that of its input. */
  pass(node: NodeInTurn): void {
    this.#layerOf.set(node.name, node.input);
  }

  /** Name of a layer that multiplies the node's input; the input itself at a gain of 1. */
  scaled(node: NodeInTurn, gain: number): string {
    if (gain === 1) return node.input;
    const name = this.#unique(`${node.name}.gain`);
    this.#append({ kind: 'add', name, inputs: [node.input], scales: Float32Array.of(gain) });
    return name;
  }

  /** gain·x + shift by channel; of the image, where nothing else hears it, its normalisation. */
  channelwise(node: NodeInTurn, gain: Float64Array, shift: Float64Array): void {
    const input = this.#layers[0];
    const isImage = this.#layers.length === 1 && input?.kind === 'input' && gain.every((value) => value > 0);
    const heard = this.#sources.get(node.name)!;
    if (isImage && !this.hasNormalisation && this.#readers.get(heard[0]!)!.length === 1) {
      const std = Array.from(gain, (value) => shortest(1 / value));
      const mean = Array.from(shift, (value, channel) => shortest(-value / gain[channel]!) + 0);
      this.#layers[0] = { ...input, mean, std };
      this.pass(node);
      return;
    }
    this.add(node, {
      kind: 'batchNorm',
      name: node.name,
      inputs: [node.input],
      gamma: Float32Array.from(gain),
      beta: Float32Array.from(shift),
      mean: new Float32Array(gain.length),
      variance: new Float32Array(gain.length).fill(1),
      epsilon: NO_EPSILON,
      momentum: 0.1,
    });
  }

  get hasNormalisation(): boolean {
    const [input] = this.#layers;
    return input?.kind === 'input' && (input.mean.some((mean) => mean !== 0) || input.std.some((std) => std !== 1));
  }

  shapeOf(layer: string): LayerShape {
    return this.#shapes.get(layer)!;
  }

  /** Throws SW1051 unless a node's input is a feature map. */
  mapOf(node: NodeInTurn): MapShape {
    const shape = this.shapeOf(node.input);
    if (shape.length === 3) return shape;
    throw this.fault(node.name, `a ${node.type} hears a map [C, H, W]; here it hears a vector`);
  }

  /** A parameter as an array. Throws SW1051 where it is missing or a text. */
  array(node: NodeInTurn, parameter: string): NirArray {
    const value = node.parameters.get(parameter);
    if (typeof value === 'object') return value;
    throw this.fault(node.name, value === undefined ? `it has no ${parameter}` : `its ${parameter} is "${value}"`);
  }

  /** The one value of a parameter that is alike for all neurons. Throws SW1051 where they differ. */
  uniform(node: NodeInTurn, parameter: string): number {
    const { data } = this.array(node, parameter);
    const [first] = data;
    if (first !== undefined && data.every((value) => value === first)) return first;
    throw this.fault(node.name, `its ${parameter} differs between neurons; one value for all is read`);
  }

  /** Takes from what kernels may have together. Throws SW1051 beyond it. */
  requireSize(node: NodeInTurn, weights: number): void {
    this.#left -= weights;
    if (!(this.#left >= 0)) throw this.fault(node.name, 'without groups and dilation its kernel would be too large');
  }

  /** The layers, the output last. Throws SW1051 where there is none. */
  finish(): readonly SnnLayer[] {
    const output = this.#layers.findIndex(({ kind }) => kind === 'output');
    if (output === -1) throw failure('SW1051', { where: this.#where, what: 'no Output hears the Input.' });
    return [...this.#layers.toSpliced(output, 1), this.#layers[output]!];
  }

  fault(node: string, what: string): SpikewrightError {
    return failure('SW1051', { where: `${this.#where}, node ${node}`, what: `${what}.` });
  }

  #append(layer: SnnLayer): void {
    const inputs = layer.kind === 'input' ? [] : layer.inputs;
    this.#shapes.set(
      layer.name,
      layerShape(
        layer,
        inputs.map((name) => this.#shapes.get(name)!),
      ),
    );
    this.#layers.push(layer);
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let k = 2; this.#shapes.has(name); k += 1) name = `${wanted} ${k}`;
    return name;
  }
}

/** The shortest decimal that a number may have been written as, within the error of two divisions. */
export function shortest(value: number): number {
  return Number(value.toPrecision(14));
}

interface Neighbours {
  readonly sources: ReadonlyMap<string, readonly string[]>;
  readonly readers: ReadonlyMap<string, readonly string[]>;
}

function neighbours({ nodes, edges }: NirGraph, where: string): Neighbours {
  const sources = new Map<string, string[]>();
  const readers = new Map<string, string[]>();
  const put = (map: Map<string, string[]>, key: string, value: string): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [value]);
    else known.push(value);
  };
  for (const [from, to] of edges) {
    for (const end of [from, to]) {
      if (nodes.has(end)) continue;
      throw failure('SW1051', { where, what: `an edge ends at "${end.slice(0, 100)}", and no node has that name.` });
    }
    put(readers, from, to);
    put(sources, to, from);
  }
  return { sources, readers };
}

/** The nodes that the Input reaches and that lead to the Output, by Kahn's algorithm. Throws SW1051 on a cycle. */
function inOrder({ nodes }: NirGraph, { sources, readers }: Neighbours, where: string): readonly string[] {
  const ends = (type: string): string => {
    const names = [...nodes].filter(([, node]) => node.type === type).map(([name]) => name);
    if (names.length === 1) return names[0]!;
    throw failure('SW1051', { where, what: `it has ${names.length} nodes of type ${type}; one is read.` });
  };
  const before = reached(ends('Output'), sources);
  const input = ends('Input');
  if (!before.has(input)) throw failure('SW1051', { where, what: 'no path leads from its Input to its Output.' });
  const missing = new Map([...before].map((name) => [name, (sources.get(name) ?? []).length]));
  const ordered: string[] = [];
  const ready = [...before].filter((name) => missing.get(name) === 0);
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(next);
    for (const reader of readers.get(next) ?? []) {
      if (!missing.has(reader)) continue;
      missing.set(reader, missing.get(reader)! - 1);
      if (missing.get(reader) === 0) ready.push(reader);
    }
  }
  if (ordered.length === before.size) return [input, ...ordered.filter((name) => name !== input)];
  const isStuck = (name: string): boolean => (missing.get(name) ?? 0) > 0;
  // What is stuck hears something that is stuck, too: going back ends in the loop.
  const seen = new Set<string>();
  let stuck = [...before].find(isStuck)!;
  while (!seen.has(stuck)) {
    seen.add(stuck);
    stuck = (sources.get(stuck) ?? []).find(isStuck)!;
  }
  throw failure('SW1051', {
    where: `${where}, node ${stuck}`,
    what: 'it hears itself; networks with loops are not read.',
  });
}

function reached(start: string, next: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set<string>([start]);
  for (const name of found) for (const other of next.get(name) ?? []) found.add(other);
  return found;
}
