import { exitCode } from '../../schemas/diagnostic.js';

/** Why work was aborted: the user asked for it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** One Ctrl-C may arrive twice, from the terminal and from a package manager that passes it on; in ms. */
const SAME_REQUEST = 1000;

/**
 * A signal that Ctrl-C (or a polite kill) aborts with an `Interrupted`, so that work can end where it may be resumed.
 * Asking again ends the process at once: artefacts are written whole or not at all, so that is safe.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let asked = 0;
  const interrupt = (): void => {
    const now = performance.now();
    if (!controller.signal.aborted) {
      asked = now;
      controller.abort(new Interrupted('interrupted'));
    } else if (now - asked > SAME_REQUEST) {
      process.exit(exitCode.interrupted);
    }
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}
