import type { AnnGraph } from '../../../../schemas/ann.js';
import type { SpikewrightError } from '../../../../schemas/diagnostic.js';
import { failure } from '../../../../schemas/diagnostic.js';
import { layerShapes } from '../../../../schemas/layer-shapes.js';
import type { SnnGraph } from '../../../../schemas/snn.js';
import { elementCount } from '../../../../schemas/tensor.js';
import type { Value } from '../graph.js';
import { networkSource } from '../network-source.js';
import { paddedBatch } from '../padded-batch.js';
import { parametersOf } from '../parameters.js';
import { gradientPart } from '../pass-programs.js';
import { bytesOf, workingBytes } from '../working-memory.js';
import { PassPhases } from './pass-phases.js';
import type { Phase } from './phases.js';

/** Shards of a batch where memory does not ask for more: as many workers as that may share its work. */
const SHARDS_MAX = 16;
/** Images of a shard below which each run costs more than what it computes. */
const IMAGES_MIN = 4;

/** What a process grows by over what its tensors take, in the allocator's gaps: measured 1.31 and 1.34. */
const ALLOCATION = 1.35;

/** How a batch is cut, whoever computes the shards. */
export interface ShardSize {
  /** Images of a shard; divides the batch. */
  readonly images: number;
  /** Shards that may be at work at once. */
  readonly workers: number;
}

/**
 * Shards of a batch of `batch` images, up to SHARDS_MAX of at least IMAGES_MIN, or smaller ones where a training step would
 * not fit `budget` bytes (null: no bound). It depends on neither workers nor machine, so that results do not either;
 * where not so many shards may be at work at once, fewer workers are. Throws SW4023, with a batch that fits, where none do.
 */
export function shardSize(
  graph: AnnGraph | SnnGraph,
  batch: number,
  workers: number,
  budget: number | null,
): ShardSize {
  const divisors = Array.from({ length: batch }, (_, k) => batch - k).filter((images) => batch % images === 0);
  const least = Math.max(batch / SHARDS_MAX, Math.min(IMAGES_MIN, batch / 2));
  const largest = divisors.filter((images) => images >= least).at(-1)!;
  // A batch that cannot be cut evenly into so few is cut into single images.
  const first = largest === batch ? 1 : largest;
  if (budget === null) return { images: first, workers: Math.min(workers, batch / first) };
  for (const images of divisors.filter((divisor) => divisor <= first)) {
    const shards = batch / images;
    const { shared, perWorker } = stepMemory(graph, images, shards);
    const room = Math.floor((budget - shared) / perWorker);
    if (room >= 1) return { images, workers: Math.min(workers, room, shards) };
  }
  throw tooLarge(graph, batch, budget);
}

/** Bytes that a training step takes, in shards of `images`. */
interface StepMemory {
  /** Whoever is at work: parameters and what is held of the whole batch between phases. */
  readonly shared: number;
  /** For each shard that is at work. */
  readonly perWorker: number;
}

/**
 * A step has two passes over the batch, one on clean images that is held meanwhile, and images crafted in eval mode. Of
 * parameters there are those of the model, their momentum, two gradients, and in each worker a copy and the gradient of
 * a shard.
 */
function stepMemory(graph: AnnGraph | SnnGraph, images: number, shards: number): StepMemory {
  const phases = new PassPhases(graph);
  const form = 'triangular';
  const { forward } = phases.of({ images, shards, form, dropsOut: true, gradients: 'both' });
  const { backward } = phases.of({ images, shards, form, dropsOut: true, gradients: 'parameters' });
  const held = sum(forward.phases.map(heldBytes));
  const back = Math.max(0, ...backward.phases.map((phase, k) => heldBytes(phase) + heldBytes(backward.phases[k - 1])));
  const kind = { mode: 'eval', batch: paddedBatch(images), shards: 1, isActivation: false, dropsOut: false } as const;
  const written = networkSource(graph, 'cpu').write(kind, form, phases.timesteps);
  const crafting = workingBytes(gradientPart(written, { parameters: false, input: true }));
  const working = Math.max(crafting, ...[...forward.phases, ...backward.phases].map(({ part }) => workingBytes(part)));
  const parameters = sum([...parametersOf(graph).values()].map(({ data }) => data.byteLength));
  const pixels = 4 * elementCount(layerShapes(graph.layers).get(graph.layers[0]!.name)!) * images * shards;
  return {
    shared: ALLOCATION * (4 * parameters + 4 * pixels + shards * (2 * held + back)),
    perWorker: ALLOCATION * (working + 2 * parameters),
  };
}

function heldBytes(phase: Phase | undefined): number {
  return sum((phase?.held ?? []).map((value: Value) => bytesOf(value)));
}

function tooLarge(graph: AnnGraph | SnnGraph, batch: number, budget: number): SpikewrightError {
  const two = stepMemory(graph, 1, 2);
  const perImage = stepMemory(graph, 1, 3).shared - two.shared;
  const needed = (images: number): number => two.shared + (images - 2) * perImage + two.perWorker;
  const fitting = Math.min(batch - 1, Math.floor(2 + (budget - needed(2)) / perImage));
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-GB')} MiB`;
  return failure('SW4023', {
    where: '--memory',
    what: `a training step on ${batch} images, one at a time, takes about ${mebibytes(needed(batch))}; ${mebibytes(budget)} are allowed.`,
    fix:
      fitting < 2
        ? `Allow ${mebibytes(needed(2))} and use --batch-size 2; or use fewer timesteps, or a smaller network.`
        : `Use --batch-size ${fitting}, which fits, or fewer timesteps.`,
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
