import type { AnnGraph } from '../../schemas/ann.js';
import { failure } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { writeFileWhole } from '../store/write-file.js';
import { type CommandContext, defineCommand } from './command.js';

export const exportNetwork = defineCommand({
  name: 'export',
  summary: 'Write a network for other tools: ONNX (ANNs), NIR (SNNs), safetensors (both)',
  positionals: ['<network>'],
  options: {
    network: { type: 'string', demandOption: true, describe: 'ANN (.onnx, .swa, Keras) or SNN (.sws)' },
    out: { type: 'string', demandOption: true, describe: 'File to write: .onnx, .nir or .safetensors' },
  },
  examples: [
    ['export net.swa --out net.onnx', 'For ONNX Runtime and others; pixels in [0, 1] go in'],
    ['export net.sws --out net.nir', 'For neuromorphic frameworks; norms folded, time constants in timesteps'],
    ['export net.sws --out net.safetensors', 'Weights, norms and thresholds by layer, maps channel last'],
  ],
  async run({ network, out }, context) {
    const [{ readNetworkFile }, { exportOnnx }, { exportSafetensors }] = await Promise.all([
      import('./read-network.js'),
      import('../../compiler/export/onnx.js'),
      import('../../compiler/export/safetensors.js'),
    ]);
    if (!/\.(?:onnx|nir|safetensors)$/.test(out)) {
      throw failure('SW6002', { where: '--out', what: 'the name must end with .onnx, .nir or .safetensors.' });
    }
    const graph = await readNetworkFile(network, context);
    if (out.endsWith('.nir')) return writeNir(graph, out, context);
    if (graph.kind === 'snn' && out.endsWith('.onnx')) {
      throw failure('SW6002', {
        where: '--out',
        what: 'ONNX has no spiking neurons; an SNN is written as .nir or .safetensors.',
      });
    }
    const bytes = graph.kind === 'ann' && out.endsWith('.onnx') ? exportOnnx(graph) : exportSafetensors(graph);
    await writeFileWhole(out, bytes);
    context.print(`${out}: ${graph.name}, ${graph.layers.length} layers`);
    return { json: { out, sha256: sha256(bytes) } };
  },
});

async function writeNir(graph: AnnGraph | SnnGraph, out: string, context: CommandContext) {
  if (graph.kind !== 'snn') {
    throw failure('SW6002', { where: '--out', what: 'NIR is of spiking networks; an ANN is written as .onnx.' });
  }
  const [{ nirGraph }, { writeNirFile }] = await Promise.all([
    import('../../compiler/export/nir.js'),
    import('../nir/write-file.js'),
  ]);
  const nir = nirGraph(graph);
  const bytes = await writeNirFile(nir);
  await writeFileWhole(out, bytes);
  context.print(`${out}: ${graph.name}, ${nir.nodes.size} nodes, ${nir.edges.length} edges`);
  return { json: { out, sha256: sha256(bytes) } };
}
