import { setImmediate } from 'node:timers/promises';

/** How a caller watches and stops a long stage. */
export interface Hooks {
  /** Told after each batch: units done and in all, and a few words on how it stands (may be left out). */
  readonly progress?: ((done: number, total: number, note?: string) => void) | undefined;
  /** Aborting makes the stage end at the next batch and reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * To be awaited once per batch: lets the event loop turn, so that an interrupt is heard, and throws the signal's reason
 * where there was one.
 */
export async function breathe({ signal }: Hooks): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
