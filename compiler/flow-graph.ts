import type { Flow } from './route.js';

/**
 * Who exchanges messages with whom, whichever way they go, in compressed rows: the partners of core k and the messages
 * between them are entries offsets[k] … offsets[k + 1] − 1. A core's messages to itself cross no link and are left out.
 */
export interface FlowGraph {
  readonly cores: number;
  readonly offsets: Int32Array;
  readonly partner: Int32Array;
  readonly messages: Float64Array;
}

/** The flows both ways; flows of equal ends stay separate entries. */
export function flowGraph(cores: number, traffic: readonly Flow[]): FlowGraph {
  const crossing = traffic.filter(({ from, to, messages }) => from !== to && messages > 0);
  const offsets = new Int32Array(cores + 1);
  for (const { from, to } of crossing) {
    offsets[from + 1]! += 1;
    offsets[to + 1]! += 1;
  }
  for (let core = 0; core < cores; core += 1) offsets[core + 1]! += offsets[core]!;
  const next = offsets.slice(0, cores);
  const partner = new Int32Array(2 * crossing.length);
  const messages = new Float64Array(2 * crossing.length);
  const put = (core: number, other: number, count: number): void => {
    partner[next[core]!] = other;
    messages[next[core]!] = count;
    next[core]! += 1;
  };
  for (const { from, to, messages: count } of crossing) {
    put(from, to, count);
    put(to, from, count);
  }
  return { cores, offsets, partner, messages };
}

/**
 * Orders of the cores in which partners come closer and closer together: each core moves to the weighted mean of its
 * partners' ranks and its own, then ranks are taken anew, `rounds` times; ties keep the order before. The given order is
 * the first, the others follow.
 */
export function relaxedOrders({ cores, offsets, partner, messages }: FlowGraph, rounds: number): readonly Int32Array[] {
  let order: Int32Array = Int32Array.from({ length: cores }, (_, core) => core);
  const rank = Float64Array.from(order);
  const orders = [order];
  for (let round = 0; round < rounds; round += 1) {
    const wanted = Float64Array.from(rank);
    for (let core = 0; core < cores; core += 1) {
      let sum = 0;
      let weight = 0;
      for (let k = offsets[core]!; k < offsets[core + 1]!; k += 1) {
        sum += messages[k]! * rank[partner[k]!]!;
        weight += messages[k]!;
      }
      if (weight > 0) wanted[core] = (rank[core]! + sum / weight) / 2;
    }
    order = order.toSorted((a, b) => wanted[a]! - wanted[b]!);
    order.forEach((core, position) => {
      rank[core] = position;
    });
    orders.push(order);
  }
  return orders;
}
