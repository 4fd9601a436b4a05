import type { TargetMesh } from '../schemas/target.js';
import { tilePlace } from '../targets/board-grid.js';
import type { WiredCore } from './wire.js';

/** A core's place on the board. */
export interface Slot {
  readonly chip: number;
  readonly core: number;
}

/** Messages from one core to another per sample: their neurons' output axons, each times its neuron's rate. */
export interface Flow {
  readonly from: number;
  readonly to: number;
  readonly messages: number;
}

/**
 * The flows between cores, by source and then by destination; `rates` are the spikes of one neuron per sample, by layer
 * number, 1 for every layer where nothing was measured.
 */
export function trafficOf(cores: readonly WiredCore[], rates: readonly number[]): readonly Flow[] {
  const axons = new Float64Array(cores.length);
  const flows: Flow[] = [];
  for (const [from, { toCore, layer }] of cores.entries()) {
    const heard: number[] = [];
    for (const to of toCore) {
      if (axons[to] === 0) heard.push(to);
      axons[to]! += 1;
    }
    for (const to of heard.sort((a, b) => a - b)) {
      flows.push({ from, to, messages: axons[to]! * rates[layer]! });
      axons[to] = 0;
    }
  }
  return flows;
}

/**
 * Links that a packet crosses between two slots: dimension order (east-west, then north-south) over the mesh of all
 * chips. 0 inside a tile.
 */
export function hops(a: Slot, b: Slot, mesh: TargetMesh): number {
  const [from, to] = [tilePlace(a.chip, a.core, mesh), tilePlace(b.chip, b.core, mesh)];
  return Math.abs(to.column - from.column) + Math.abs(to.row - from.row);
}

/** Links that all messages of a sample cross. */
export function spikeHops(traffic: readonly Flow[], slots: readonly Slot[], mesh: TargetMesh): number {
  return traffic.reduce((sum, { from, to, messages }) => sum + messages * hops(slots[from]!, slots[to]!, mesh), 0);
}
