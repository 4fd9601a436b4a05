import { failure, SpikewrightError } from '../../../schemas/diagnostic.js';
import { firstLine } from '../backend/backend.js';
import type { Extract } from './extract.js';

const MEBIBYTE = 2 ** 20;

/** A pass that needs more memory than there is: SW4011, with the batch that would fit. */
export function outOfMemory(batch: number, needed: number, available: number): SpikewrightError {
  const fitting = Math.floor((batch * available) / needed);
  const mebibytes = (bytes: number): string => Math.ceil(bytes / MEBIBYTE).toLocaleString('en-GB');
  return failure('SW4011', {
    where: 'compiled engine',
    what: `a pass over ${images(batch)} takes about ${mebibytes(needed)} MiB; ${mebibytes(available)} MiB are available.`,
    why: 'A pass keeps what its backward pass needs, for every timestep.',
    fix: adviceFor(fitting),
  });
}

/** Whether memory ran out. */
export function isOutOfMemory(error: unknown): error is SpikewrightError {
  return error instanceof SpikewrightError && error.diagnostics[0]?.code === 'SW4011';
}

/** The same failure with the batch that was found to fit; 0 for none. */
export function withFitting(error: SpikewrightError, fitting: number): SpikewrightError {
  const { where, what } = error.diagnostics[0]!;
  return failure('SW4011', { where, what, why: '', fix: adviceFor(fitting) }, { cause: error.cause });
}

function adviceFor(fitting: number): string {
  if (fitting === 0) return 'Not even one image fits: use fewer timesteps, or a smaller network.';
  return `A batch of ${images(fitting)} would fit; training computes larger ones in shards where --memory says how much there is.`;
}

function images(count: number): string {
  return count === 1 ? '1 image' : `${count} images`;
}

/** What to throw where ONNX Runtime did not take a graph: SW4021, with the layer. */
export function rejected(error: unknown, part: Extract): SpikewrightError {
  return failure(
    'SW4021',
    { where: layerIn(error, part), what: `ONNX Runtime does not take the graph: ${firstLine(error)}` },
    { cause: error },
  );
}

/** What to throw where a run broke off: SW4022 with the layer, SW4011 where memory ran out; an error of ours as it is. */
export function brokenOff(error: unknown, part: Extract): unknown {
  const message = firstLine(error);
  if (/failed to allocate|bad_alloc|out of memory/i.test(message)) {
    const what = `no room for what it computes: ${message}`;
    return failure('SW4011', { where: layerIn(error, part), what, why: '' }, { cause: error });
  }
  if (!message.includes('Non-zero status code')) return error;
  return failure('SW4022', { where: layerIn(error, part), what: message }, { cause: error });
}

/** The layer of the node that a message of the runtime's names. */
function layerIn(error: unknown, { nodes }: Extract): string {
  const number = /#(\d+) /.exec(firstLine(error))?.[1];
  const layer = nodes.find(({ index }) => index === Number(number))?.layer;
  return layer === undefined || layer === '' ? 'compiled engine' : `layer ${layer}`;
}
