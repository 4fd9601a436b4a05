import { failure } from '../../schemas/diagnostic.js';
import type { MapShape } from '../../schemas/tensor.js';

/** A layer's options as Keras wrote them; nothing in it is known to be of any type. */
export type KerasConfig = Readonly<Record<string, unknown>>;

/** A layer and the layers that it reads. */
export interface KerasNode {
  readonly name: string;
  readonly className: string;
  readonly config: KerasConfig;
  readonly inputs: readonly string[];
}

/** Layers of a model, and values in a nested list, that are looked at: more are taken for damage. */
const LAYERS_MAX = 10_000;
const EXTENT_MAX = 65_536;

/**
 * The layers of a Keras model in the order of their file, inputs before their readers. `topology` is what
 * `model.to_json()` gives, in the forms of Keras 2, Keras 3 and tfjs-layers. Throws SW1040 and SW1041.
 */
export function kerasNodes(
  topology: unknown,
  where: string,
): { readonly name: string; readonly shape: MapShape; readonly nodes: readonly KerasNode[] } {
  const outer = record(topology, where, 'the model');
  const model = record(outer.model_config ?? outer, where, 'the model');
  const config = record(model.config, where, 'the model');
  const list = Array.isArray(model.config) ? model.config : config.layers;
  if (!Array.isArray(list) || list.length === 0 || list.length > LAYERS_MAX) {
    throw failure('SW1040', { where, what: 'it has no list of layers.' });
  }
  const isSequential = model.class_name === 'Sequential';
  const nodes: KerasNode[] = [];
  for (const [number, entry] of list.entries()) {
    const layer = record(entry, where, `layer number ${number}`);
    const own = record(layer.config, where, `layer number ${number}`);
    const name = own.name ?? layer.name;
    const className = layer.class_name;
    if (typeof name !== 'string' || typeof className !== 'string') {
      throw failure('SW1040', { where, what: `layer number ${number} has no name and class.` });
    }
    const before = nodes.at(-1);
    const inputs = isSequential
      ? before === undefined
        ? []
        : [before.name]
      : inboundNames(layer.inbound_nodes, name, where);
    // A sequential model may leave its input layer out and let the first layer tell the shape.
    if (isSequential && before === undefined && className !== 'InputLayer') {
      nodes.push({ name: '/input', className: 'InputLayer', config: own, inputs: [] });
      nodes.push({ name, className, config: own, inputs: ['/input'] });
      continue;
    }
    nodes.push({ name, className, config: own, inputs });
  }
  const inputs = nodes.filter(({ className }) => className === 'InputLayer');
  if (inputs.length !== 1)
    throw failure('SW1041', { where, what: `it has ${inputs.length} inputs; one image is read.` });
  return { name: typeof config.name === 'string' ? config.name : 'keras', shape: imageShape(inputs[0]!, where), nodes };
}

function imageShape({ config, name }: KerasNode, where: string): MapShape {
  const given = config.batch_input_shape ?? config.batch_shape ?? config.batchInputShape;
  const extents = Array.isArray(given) ? given.slice(1) : [];
  const isSound = extents.length === 3 && extents.every((n) => Number.isInteger(n) && n >= 1 && n <= EXTENT_MAX);
  if (isSound) return extents as unknown as MapShape;
  throw failure('SW1041', {
    where: `${where}, layer ${name}`,
    what: `its shape is ${JSON.stringify(given)?.slice(0, 64)}; [batch, height, width, channels] with fixed extents is needed.`,
  });
}

/** Names of the layers whose outputs a layer reads; of one that is used once. */
function inboundNames(nodes: unknown, name: string, where: string): readonly string[] {
  if (!Array.isArray(nodes) || nodes.length === 0) return [];
  if (nodes.length > 1) throw failure('SW1041', { where: `${where}, layer ${name}`, what: 'is used more than once.' });
  const [node] = nodes;
  // Keras 3: {args, kwargs}, tensors told by their history; Keras 2 and tfjs: [[name, node, tensor, options], …].
  const found = isRecord(node)
    ? histories(node.args)
    : Array.isArray(node)
      ? node.map((call) => (call as unknown[])?.[0])
      : [];
  if (found.every((from) => typeof from === 'string')) return found;
  throw failure('SW1040', { where: `${where}, layer ${name}`, what: 'does not say what it reads.' });
}

function histories(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.slice(0, LAYERS_MAX).flatMap(histories);
  if (!isRecord(value) || !isRecord(value.config)) return [];
  const { keras_history: history } = value.config;
  return Array.isArray(history) ? [history[0]] : [];
}

function record(value: unknown, where: string, what: string): KerasConfig {
  if (isRecord(value) || Array.isArray(value)) return value as KerasConfig;
  throw failure('SW1040', { where, what: `${what} has no configuration.` });
}

function isRecord(value: unknown): value is KerasConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
