import type { AnnGraph, AnnLayer, InputLayer } from '../../schemas/ann.js';
import { diagnostic, failure, type Result } from '../../schemas/diagnostic.js';
import { checkLayers, checkNormalisation } from '../../schemas/layer-check.js';
import { type LayerShape, layerShape } from '../../schemas/layer-shapes.js';
import { nearestWord } from '../../schemas/nearest-word.js';
import type { KerasNode } from './keras-config.js';
import { kerasNodes } from './keras-config.js';
import { kerasLayers } from './keras-layers.js';
import type { Normalisation } from './onnx-network.js';
import type { StateTensor } from './state-dict.js';

/** A Keras model apart from its file: what `model.to_json()` gives, and its weights in the order of each layer. */
export interface KerasModel {
  readonly topology: unknown;
  /** By layer name, in Keras's order (kernel, bias; gamma, beta, moving mean, moving variance). */
  readonly weights: ReadonlyMap<string, readonly StateTensor[]>;
}

/**
 * Imports a Keras image classifier, `Sequential` or functional: image [N, H, W, C] in, logits [N, classes] out. A softmax at
 * the end is left out, since networks here end with logits. `normalisation` is that of the image, which Keras models of
 * pixels in [0, 1] leave to the caller. Gives the graph, and a note where no normalisation is known.
 * Throws SW1005…SW1007, SW1040 (damaged) and SW1041 (a layer or option that networks here have not).
 */
export function importKeras(model: KerasModel, where: string, normalisation: Normalisation | null): Result<AnnGraph> {
  const { name, shape, nodes } = kerasNodes(model.topology, where);
  const plain = { mean: Array<number>(shape[2]).fill(0), std: Array<number>(shape[2]).fill(1) };
  if (normalisation !== null)
    checkNormalisation(shape[2], normalisation.mean, normalisation.std, 'normalisation option');
  const input: InputLayer = { kind: 'input', name: 'input', shape, ...plain, ...normalisation };
  const network = new KerasNetwork(model, input, where);
  for (const node of nodes) network.add(node, node === nodes.at(-1));
  const layers = network.finish();
  checkLayers(layers, where);
  const note = diagnostic('SW1035', 'note', { where, what: 'a Keras model does not say how its image is normalised.' });
  return { value: { kind: 'ann', name, layers }, diagnostics: normalisation === null ? [note] : [] };
}

class KerasNetwork {
  private readonly layers: AnnLayer[];
  private readonly shapes = new Map<string, LayerShape>();
  /** What stands for the output of each Keras layer. */
  private readonly outputs = new Map<string, string>();
  private last = '';

  constructor(
    private readonly model: KerasModel,
    input: InputLayer,
    private readonly where: string,
  ) {
    this.layers = [input];
    this.shapes.set(input.name, input.shape);
  }

  /** `isLast` holds for the model's last layer, the only one whose softmax may be left out. */
  add(node: KerasNode, isLast: boolean): void {
    const { name, className, config } = node;
    const where = `${this.where}, layer ${name}`;
    this.last = name;
    if (className === 'InputLayer') {
      this.outputs.set(name, 'input');
      return;
    }
    const inputs = node.inputs.map((from) => {
      const found = this.outputs.get(from);
      if (found === undefined)
        throw failure('SW1040', { where, what: `reads from "${from}", which is no layer before it.` });
      return found;
    });
    if (inputs.length === 0) throw failure('SW1040', { where, what: 'reads from no layer.' });
    const build = Object.hasOwn(kerasLayers, className) ? kerasLayers[className] : undefined;
    if (build === undefined) {
      const near = nearestWord(className, Object.keys(kerasLayers));
      throw failure('SW1041', {
        where,
        what: `layer class "${className.slice(0, 64)}" is not supported.${near === null ? '' : ` (Did you mean ${near}?)`}`,
      });
    }
    const given = this.model.weights.get(name) ?? [];
    let used = 0;
    const weight = (shape: readonly number[]): Float32Array => {
      const tensor = given[used];
      used += 1;
      if (tensor === undefined || tensor.shape.join() !== shape.join()) {
        const found = tensor === undefined ? 'is missing' : `has shape [${tensor.shape.join(', ')}]`;
        throw failure('SW1040', { where, what: `weight number ${used} of shape [${shape.join(', ')}] ${found}.` });
      }
      return tensor.data;
    };
    const shapes = inputs.map((input) => this.shapes.get(input)!);
    let output = inputs[0]!;
    for (const layer of build({ where, config, shapes, inputs, name, isLast, weight })) {
      const from = layer.kind === 'input' ? [] : layer.inputs;
      this.shapes.set(
        layer.name,
        layerShape(
          layer,
          from.map((input) => this.shapes.get(input)!),
        ),
      );
      this.layers.push(layer);
      output = layer.name;
    }
    if (used < given.length)
      throw failure('SW1040', { where, what: `${given.length - used} of its weights are unknown.` });
    this.outputs.set(name, output);
  }

  finish(): readonly AnnLayer[] {
    const logits = this.outputs.get(this.last) ?? 'input';
    const before = this.layers.findLastIndex(({ name }) => name === logits);
    // What the last layer does not read is none of the classifier's.
    return [...reachable(this.layers.slice(0, before + 1)), { kind: 'output', name: 'output', inputs: [logits] }];
  }
}

function reachable(layers: readonly AnnLayer[]): readonly AnnLayer[] {
  const wanted = new Set([layers.at(-1)?.name]);
  const kept = layers.toReversed().filter((layer) => {
    if (!wanted.has(layer.name)) return layer.kind === 'input';
    if (layer.kind !== 'input') for (const name of layer.inputs) wanted.add(name);
    return true;
  });
  return kept.toReversed();
}
