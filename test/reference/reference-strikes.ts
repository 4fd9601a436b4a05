import { strikes } from '../../sim/fault.js';

/** Whether a fault of a rate strikes the message of an output axon, by what was drawn for its core and timestep. */
export function strikesMessage(rate: number, drawn: number, axon: number): boolean {
  return strikes(rate, drawnFrom(drawn, axon));
}

/** Number `index` of those got from a drawn one: MurmurHash3's finaliser of a Weyl sequence. */
function drawnFrom(drawn: number, index: number): number {
  let state = (drawn + Math.imul(index + 1, 0x9e3779b9)) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return state ^ (state >>> 16);
}
