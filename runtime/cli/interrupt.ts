import { exitCode } from '../../schemas/diagnostic.js';

/** Why work was aborted: the user asked for it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * A signal that Ctrl-C (or a polite kill) aborts with an `Interrupted`, so that work can end where it may be resumed.
 * A second one ends the process at once: artefacts are written whole or not at all, so that is safe.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCode.interrupted);
    controller.abort(new Interrupted('interrupted'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}
