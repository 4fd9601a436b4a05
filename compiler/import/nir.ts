import { type Diagnostic, diagnostic, failure, type Result } from '../../schemas/diagnostic.js';
import { checkLayers } from '../../schemas/layer-check.js';
import { nearestWord } from '../../schemas/nearest-word.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { NirGraph } from '../nir-graph.js';
import { NirNetwork } from './nir-network.js';
import { nirNodes } from './nir-nodes.js';

/** What NIR does not hold. */
export interface NirImportOptions {
  /** T; null takes what the file notes, if it does. */
  readonly timesteps: number | null;
  /** Length of a timestep in the file's unit of time; an exported network counts time in timesteps: 1. */
  readonly dt: number;
}

/**
 * A spiking network from a NIR graph, of a file of `size` bytes: Input [C, H, W] or [n], Affine, Linear, Conv2d, IF, LIF, CubaLIF, AvgPool2d, SumPool2d,
 * Flatten, Scale, Output; several edges into a node are a sum.
 *
 * NIR's neurons are differential equations, taken by Euler steps of `dt`: τ·dv/dt = v_leak − v + r·I becomes
 * v ← (1 − dt/τ)·v + (r·dt/τ)·I, a leak of 1 − dt/τ and a gain of r·dt/τ on the input; dv/dt = r·I of an IF becomes
 * v ← v + r·I, its r being per timestep. v > v_threshold becomes v ≥ the next number above it. A CubaLIF's current must be
 * gone after one timestep (tau_syn = dt). Of neurons in one node all parameters must be alike, v_leak and v_reset 0: hard
 * reset is all that NIR has. A 1 × 1 convolution of each channel by itself becomes a norm, or, right behind the image
 * where nothing else hears it, its normalisation.
 *
 * Throws SW1051 (a network that cannot be expressed), SW1052 (no timesteps), SW1005…SW1007.
 */
export function importNir(graph: NirGraph, size: number, where: string, options: NirImportOptions): Result<SnnGraph> {
  const timesteps = options.timesteps ?? notedTimesteps(graph);
  if (timesteps === null) throw failure('SW1052', { where, what: 'the file says nothing of timesteps.' });
  const network = new NirNetwork(graph, { dt: options.dt, sizeMax: 8 * size + (1 << 24), where });
  for (const name of network.order) {
    const { type } = graph.nodes.get(name)!;
    if (!Object.hasOwn(nirNodes, type)) {
      const near = nearestWord(type, Object.keys(nirNodes));
      const hint = near === null ? '' : ` (Did you mean ${near}?)`;
      throw failure('SW1051', {
        where: `${where}, node ${name}`,
        what: `nodes of type "${type.slice(0, 64)}" are not read.${hint}`,
      });
    }
    nirNodes[type]!(network.node(name), network);
  }
  const layers = network.finish();
  checkLayers(layers, where);
  const notes: Diagnostic[] = network.hasNormalisation
    ? []
    : [diagnostic('SW1035', 'note', { where, what: 'the network does not normalise its input.' })];
  return {
    value: { kind: 'snn', name: where.replace(/^.*\//, '').replace(/\.nir$/, ''), timesteps, layers },
    diagnostics: notes,
  };
}

function notedTimesteps({ metadata }: NirGraph): number | null {
  const noted = metadata.get('timesteps');
  const value = typeof noted === 'object' ? noted.data[0] : undefined;
  return value !== undefined && Number.isInteger(value) && value >= 1 ? value : null;
}
