import type { AnnGraph } from '../../schemas/ann.js';
import { type Diagnostic, diagnostic, failure, type Result } from '../../schemas/diagnostic.js';
import { checkLayers, checkNormalisation } from '../../schemas/layer-check.js';
import { nearestWord } from '../../schemas/nearest-word.js';
import { readModel } from './onnx-model.js';
import { type Normalisation, OnnxNetwork } from './onnx-network.js';
import { operators } from './onnx-operators.js';

/** What the importer is told beside the model. */
export interface OnnxImportOptions {
  /** The input normalisation of a model that has none of its own. */
  readonly normalisation?: Normalisation;
}

/**
 * Imports an ONNX image classifier: input [N, C, H, W] of pixels in [0, 1], output [N, classes]. Maps become NHWC and
 * kernels HWIO; Sub, Div, Mul and Add of constants on the image become its normalisation. Nodes that the output does not
 * depend on are dropped. `where` names the file in messages.
 *
 * Gives the graph, and a note where no normalisation is known.
 * Throws SW1002…SW1007 and SW1030…SW1036; in time and memory proportional to the bytes.
 */
export function importOnnx(bytes: Uint8Array, where: string, options: OnnxImportOptions = {}): Result<AnnGraph> {
  const model = readModel(bytes, where);
  const network = new OnnxNetwork(model, bytes.length, where);
  for (const node of model.nodes) {
    if (!Object.hasOwn(operators, node.opType)) {
      const near = nearestWord(node.opType, Object.keys(operators));
      throw failure('SW1032', {
        where: node.where,
        what: `operator "${node.opType.slice(0, 64)}" is not supported.${near === null ? '' : ` (Did you mean ${near}?)`}`,
      });
    }
    operators[node.opType]!(node, network);
  }
  const { normalisation, diagnostics } = settleNormalisation(network, options.normalisation ?? null, where);
  const layers = network.finish(normalisation);
  checkLayers(layers, where);
  return { value: { kind: 'ann', name: model.name, layers }, diagnostics };
}

/** The normalisation found in the model or given; a model's own and a given one exclude each other (SW1036). */
function settleNormalisation(
  network: OnnxNetwork,
  given: Normalisation | null,
  where: string,
): { normalisation: Normalisation; diagnostics: readonly Diagnostic[] } {
  const { inputShape } = network.model;
  const channels = inputShape[2];
  const identity = { mean: Array<number>(channels).fill(0), std: Array<number>(channels).fill(1) };
  const found = network.normalisation ?? identity;
  const isFound = found.mean.some((value) => value !== 0) || found.std.some((value) => value !== 1);
  if (given === null) {
    const note = diagnostic('SW1035', 'note', { where, what: 'the model does not normalise its input.' });
    return { normalisation: found, diagnostics: isFound ? [] : [note] };
  }
  checkNormalisation(channels, given.mean, given.std, 'normalisation option');
  if (isFound) {
    throw failure('SW1036', {
      where,
      what: `the model normalises its input itself (mean ${found.mean.slice(0, 8).join(', ')}; deviation ${found.std.slice(0, 8).join(', ')}), and another normalisation was given.`,
    });
  }
  return { normalisation: given, diagnostics: [] };
}
