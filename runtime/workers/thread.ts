import { parentPort, workerData } from 'node:worker_threads';
import type { Reply, Request, Runner, Task, ThreadStart } from './task.js';
import { packError } from './task.js';

/** The entry of a worker thread: starts its task at once, then answers one input at a time, in the order in which they come. */
const { module, name, setup } = workerData as ThreadStart;
const port = parentPort!;
const starting = start();
const tellStarted = (): void => tell({ isStarted: true });
// A start that failed is told with the first input.
starting.then(tellStarted, tellStarted);

let answered = Promise.resolve();
port.on('message', (request: Request) => {
  answered = answered.then(() => answer(request));
});

async function answer({ index, input }: Request): Promise<void> {
  try {
    const runner = await starting;
    const begin = performance.now();
    const output = await runner.run(input);
    tell({ index, output, milliseconds: performance.now() - begin });
  } catch (error) {
    tell({ index, error: packError(error) });
  }
}

function tell(reply: Reply): void {
  port.postMessage(reply);
}

async function start(): Promise<Runner<unknown, unknown>> {
  const exported: Record<string, unknown> = await import(module);
  return (exported[name] as Task<unknown, unknown, unknown>).start(setup);
}
