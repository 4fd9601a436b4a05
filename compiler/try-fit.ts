import { SpikewrightError } from '../schemas/diagnostic.js';
import type { SnnGraph } from '../schemas/snn.js';
import type { Target } from '../schemas/target.js';
import { lower } from './lower.js';
import { partition } from './partition.js';
import { quantise } from './quantise.js';
import { relay } from './relay.js';

/** The cores that a network takes on a target, its splits left to the search; null where it does not fit. */
export function coresOn(snn: SnnGraph, target: Target): number | null {
  try {
    const { graph } = quantise(relay(lower(snn), target).graph, target, null).value;
    return partition(graph, target, new Map()).placed.reduce((sum, { cores }) => sum + cores.length, 0);
  } catch (error) {
    if (error instanceof SpikewrightError) return null;
    throw error;
  }
}
