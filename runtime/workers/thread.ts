import { parentPort, workerData } from 'node:worker_threads';
import type { Request, Runner, Task, ThreadStart } from './task.js';
import { packError } from './task.js';

/** The entry of a worker thread: starts its task at once, then answers one input at a time, in the order in which they come. */
const { module, name, setup } = workerData as ThreadStart;
const port = parentPort!;
const starting = start();
// A start that failed is told with the first input.
starting.catch(() => undefined);

let answered = Promise.resolve();
port.on('message', (request: Request) => {
  answered = answered.then(() => answer(request));
});

async function answer({ index, input }: Request): Promise<void> {
  try {
    const runner = await starting;
    port.postMessage({ index, output: await runner.run(input) });
  } catch (error) {
    port.postMessage({ index, error: packError(error) });
  }
}

async function start(): Promise<Runner<unknown, unknown>> {
  const exported: Record<string, unknown> = await import(module);
  return (exported[name] as Task<unknown, unknown, unknown>).start(setup);
}
