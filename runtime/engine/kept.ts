import type { Kept, Wanted } from './engine.js';

/** Throws an Error where parameter gradients are wanted of a pass that kept what the input's needs alone. */
export function requireKept(kept: Kept, wanted: Wanted): void {
  if (kept === 'input' && wanted.parameters) throw new Error('this pass keeps nothing for gradients of parameters');
}
