import { elementCount } from '../../../schemas/tensor.js';
import type { Extract } from './extract.js';
import type { ElementType, GraphNode, Value } from './graph.js';

const elementBytes: Record<ElementType, number> = { float32: 4, bool: 1, uint8: 1 };

/**
 * The most bytes alive at once while the nodes run in their order: each result from its node to the last that reads it,
 * outputs to the end, what is only reshaped in place. Inputs are the caller's and not counted. About what the runtime
 * takes, which may work in place and in another order.
 */
export function workingBytes({ nodes, outputs }: Pick<Extract, 'nodes' | 'outputs'>): number {
  const ownerOf = reshapedFrom(nodes);
  const owner = (name: string): string => ownerOf.get(name) ?? name;
  const lastUse = new Map<string, number>();
  for (const [position, node] of nodes.entries()) {
    for (const name of [...node.inputs, ...node.outputs.map((value) => value.name)]) lastUse.set(owner(name), position);
  }
  for (const { name } of outputs) lastUse.set(owner(name), nodes.length);

  const ending = new Map<number, number>();
  let alive = 0;
  let most = 0;
  for (const [position, node] of nodes.entries()) {
    for (const value of node.outputs) {
      if (owner(value.name) !== value.name) continue;
      const bytes = bytesOf(value);
      const last = lastUse.get(value.name)!;
      alive += bytes;
      ending.set(last, (ending.get(last) ?? 0) + bytes);
    }
    most = Math.max(most, alive);
    alive -= ending.get(position) ?? 0;
  }
  return most;
}

/** By the name of a reshaped value that of the one whose memory it shares. */
function reshapedFrom(nodes: readonly GraphNode[]): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const { opType, inputs, outputs } of nodes) {
    if (opType === 'Reshape') sources.set(outputs[0]!.name, sources.get(inputs[0]!) ?? inputs[0]!);
  }
  return sources;
}

export function bytesOf({ shape, type }: Value): number {
  return elementCount(shape) * elementBytes[type];
}
