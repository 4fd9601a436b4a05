import type { TargetMesh } from '../schemas/target.js';
import type { WiredCore } from './wire.js';

/** A core's place on the board. */
export interface Slot {
  readonly chip: number;
  readonly core: number;
}

/** Messages from one core to another if every neuron fired once. */
export interface Flow {
  readonly from: number;
  readonly to: number;
  readonly messages: number;
}

/** The flows between cores, by source and then by destination. */
export function trafficOf(cores: readonly WiredCore[]): readonly Flow[] {
  return cores.flatMap(({ toCore }, from) => {
    const messages = new Map<number, number>();
    for (const to of toCore) messages.set(to, (messages.get(to) ?? 0) + 1);
    return [...messages.keys()].sort((a, b) => a - b).map((to): Flow => ({ from, to, messages: messages.get(to)! }));
  });
}

/**
 * Links that a packet crosses between two slots: dimension order (east-west, then north-south) over the mesh of all
 * chips, which stand in a row. 0 inside a tile.
 */
export function hops(a: Slot, b: Slot, { columns, coresPerTile }: TargetMesh): number {
  const tileA = Math.floor(a.core / coresPerTile);
  const tileB = Math.floor(b.core / coresPerTile);
  const eastWest = (b.chip - a.chip) * columns + (tileB % columns) - (tileA % columns);
  const northSouth = Math.floor(tileB / columns) - Math.floor(tileA / columns);
  return Math.abs(eastWest) + Math.abs(northSouth);
}

/** Links crossed in all if every neuron fired once. */
export function spikeHops(traffic: readonly Flow[], slots: readonly Slot[], mesh: TargetMesh): number {
  return traffic.reduce((sum, { from, to, messages }) => sum + messages * hops(slots[from]!, slots[to]!, mesh), 0);
}
