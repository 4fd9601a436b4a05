import { failure } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import { writeFileWhole } from '../store/write-file.js';
import { defineCommand } from './command.js';

export const exportNetwork = defineCommand({
  name: 'export',
  summary: 'Write a network for other tools: ONNX (ANNs), safetensors (ANNs and SNNs)',
  positionals: ['<network>'],
  options: {
    network: { type: 'string', demandOption: true, describe: 'ANN (.onnx, .swa, Keras) or SNN (.sws)' },
    out: { type: 'string', demandOption: true, describe: 'File to write: .onnx or .safetensors' },
  },
  examples: [
    ['export net.swa --out net.onnx', 'For ONNX Runtime and others; pixels in [0, 1] go in'],
    ['export net.sws --out net.safetensors', 'Weights, norms and thresholds by layer, maps channel last'],
  ],
  async run({ network, out }, context) {
    const [{ readNetworkFile }, { exportOnnx }, { exportSafetensors }] = await Promise.all([
      import('./read-network.js'),
      import('../../compiler/export/onnx.js'),
      import('../../compiler/export/safetensors.js'),
    ]);
    if (!/\.(?:onnx|safetensors)$/.test(out)) {
      throw failure('SW6002', { where: '--out', what: 'the name must end with .onnx or .safetensors.' });
    }
    const graph = await readNetworkFile(network, context);
    if (graph.kind === 'snn' && out.endsWith('.onnx')) {
      throw failure('SW6002', {
        where: '--out',
        what: 'ONNX has no spiking neurons; an SNN is written as .safetensors.',
      });
    }
    const bytes = graph.kind === 'ann' && out.endsWith('.onnx') ? exportOnnx(graph) : exportSafetensors(graph);
    await writeFileWhole(out, bytes);
    context.print(`${out}: ${graph.name}, ${graph.layers.length} layers`);
    return { json: { out, sha256: sha256(bytes) } };
  },
});
