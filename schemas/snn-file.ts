import { failure } from './diagnostic.js';
import { magicName } from './file-kind.js';
import { spikewright } from './generated/messages.js';
import { checkLayers, requireWhole } from './layer-check.js';
import { readSnnLayer, wireLayer } from './layer-codec.js';
import { type FileParts, joinParts } from './message-parts.js';
import type { SnnGraph } from './snn.js';
import { GRAPH_VERSION, readRoot, sealRoot } from './wire.js';

/** The most timesteps a sample may have. */
export const TIMESTEPS_MAX = 65_536;

/** The bytes of an SNN file (.sws); equal graphs give equal bytes. */
export function encodeSnn(graph: SnnGraph): Uint8Array {
  return joinParts(snnParts(graph));
}

/** The same bytes without copying the kernels. */
export function snnParts(graph: SnnGraph): FileParts {
  const message = {
    format: magicName('snn'),
    version: GRAPH_VERSION,
    name: graph.name,
    timesteps: graph.timesteps,
    layers: graph.layers.map(wireLayer),
  };
  return sealRoot((writer) => spikewright.SnnFile.encode(message, writer));
}

/**
 * Reads an SNN file and checks all that an SnnGraph promises; `where` names the file in messages.
 * Throws SW1002…SW1007.
 */
export function decodeSnn(bytes: Uint8Array, where: string): SnnGraph {
  const message = readRoot(spikewright.SnnFile, 'snn', GRAPH_VERSION, bytes, where);
  requireWhole(message.timesteps, [1, TIMESTEPS_MAX], `${where}, timesteps`);
  const layers = message.layers.map(readSnnLayer);
  checkLayers(layers, where);
  for (const layer of layers) {
    if (layer.kind === 'stepNorm' && layer.steps.length !== message.timesteps) {
      const what = `has norms for ${layer.steps.length} timesteps, the network has ${message.timesteps}.`;
      throw failure('SW1005', { where: `layer ${layer.name}`, what });
    }
  }
  return { kind: 'snn', name: message.name, timesteps: message.timesteps, layers };
}
