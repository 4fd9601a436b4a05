import type { AnnGraph, AnnLayer } from '../../schemas/ann.js';
import type { SafeTensor } from '../../schemas/safetensors.js';
import { writeSafetensors } from '../../schemas/safetensors.js';
import type { SnnGraph, SnnLayer } from '../../schemas/snn.js';

/**
 * A network's arrays as a safetensors file, for use elsewhere: "LAYER.kernel" [kh, kw, cin, cout] or [in, out], "LAYER.bias",
 * "LAYER.gamma|beta|mean|variance", "LAYER.scales" and, of an SNN, "LAYER.threshold" []. The metadata tell what else
 * there is: `network` is the JSON of the layers without arrays, `timesteps` an SNN's T.
 */
export function exportSafetensors(graph: AnnGraph | SnnGraph): Uint8Array {
  const tensors = new Map<string, SafeTensor>();
  const layers = graph.layers.map((layer) => {
    const arrays = arraysOf(layer);
    for (const [part, tensor] of arrays) tensors.set(`${layer.name}.${part}`, tensor);
    const own = new Set(arrays.map(([part]) => part));
    return Object.fromEntries(
      Object.entries(layer).filter(([key]) => !own.has(key) && key !== 'bias' && key !== 'steps'),
    );
  });
  const network = JSON.stringify({ kind: graph.kind, name: graph.name, layers });
  const time = graph.kind === 'snn' ? { timesteps: `${graph.timesteps}` } : {};
  return writeSafetensors({ tensors, metadata: { format: 'spikewright/network 1', network, ...time } });
}

function arraysOf(layer: AnnLayer | SnnLayer): readonly (readonly [string, SafeTensor])[] {
  const tensor = (shape: readonly number[], data: Float32Array): SafeTensor => ({ dtype: 'F32', shape, data });
  const list = (data: Float32Array): SafeTensor => tensor([data.length], data);
  switch (layer.kind) {
    case 'conv2d':
    case 'dense': {
      const { kernel, bias } = layer;
      return [['kernel', tensor(kernel.shape, kernel.data)], ...(bias === null ? [] : [['bias', list(bias)] as const])];
    }
    case 'batchNorm':
      return (['gamma', 'beta', 'mean', 'variance'] as const).map((part) => [part, list(layer[part])]);
    case 'stepNorm':
      return layer.steps.flatMap((step, t) =>
        (['gamma', 'mean', 'variance'] as const).map((part) => [`${part}${t}`, list(step[part])] as const),
      );
    case 'add':
      return [['scales', list(layer.scales)]];
    case 'neuron':
      return [['threshold', tensor([], Float32Array.of(layer.threshold))]];
    default:
      return [];
  }
}
