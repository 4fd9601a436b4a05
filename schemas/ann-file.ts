import type { AnnGraph } from './ann.js';
import { magicName } from './file-kind.js';
import { spikewright } from './generated/messages.js';
import { checkLayers } from './layer-check.js';
import { readAnnLayer, wireLayer } from './layer-codec.js';
import { joinParts } from './message-parts.js';
import { GRAPH_VERSION, readRoot, sealRoot } from './wire.js';

/** The bytes of an ANN file (.swa); equal graphs give equal bytes. */
export function encodeAnn(graph: AnnGraph): Uint8Array {
  const message = {
    format: magicName('ann'),
    version: GRAPH_VERSION,
    name: graph.name,
    layers: graph.layers.map(wireLayer),
  };
  return joinParts(sealRoot((writer) => spikewright.AnnFile.encode(message, writer)));
}

/**
 * Reads an ANN file and checks all that an AnnGraph promises; `where` names the file in messages.
 * Throws SW1002…SW1007.
 */
export function decodeAnn(bytes: Uint8Array, where: string): AnnGraph {
  const message = readRoot(spikewright.AnnFile, 'ann', GRAPH_VERSION, bytes, where);
  const layers = message.layers.map(readAnnLayer);
  checkLayers(layers, where);
  return { kind: 'ann', name: message.name, layers };
}
