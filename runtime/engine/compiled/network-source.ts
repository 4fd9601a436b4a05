import type { AnnGraph } from '../../../schemas/ann.js';
import { sha256 } from '../../../schemas/hash.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import type { Device } from './emission.js';
import { networkGraph } from './network-graph.js';
import type { PassSource } from './pass-programs.js';

/** A network of layers, for its passes on that device. */
export function networkSource(network: AnnGraph | SnnGraph, device: Device): PassSource {
  return {
    structure: structureOf(network),
    timesteps: network.kind === 'snn' ? network.timesteps : 1,
    write: ({ mode, batch, shards, dropsOut }, form, timesteps) =>
      networkGraph(network, { mode, batch, shards, dropsOut, form, timesteps, device }),
  };
}

/** Text that is equal for networks that differ in the values of their arrays alone. */
function structureOf(network: AnnGraph | SnnGraph): string {
  const text = JSON.stringify({ ...network, name: '' }, (key, value: unknown) => {
    if (key === 'threshold') return 0;
    return ArrayBuffer.isView(value) ? (value as Float32Array).length : value;
  });
  return sha256(Buffer.from(text));
}
