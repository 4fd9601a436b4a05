import { failure } from '../schemas/diagnostic.js';
import type { Target } from '../schemas/target.js';
import { elementCount } from '../schemas/tensor.js';
import { type CoreLimit, type CoreNeed, inputNeed, passedLimit } from './core-need.js';
import type { CorePlanner } from './core-plan.js';
import type { PlacedPopulation } from './partition.js';
import { splitText } from './split-parts.js';
import { type Split, type SplitTask, stylesFor } from './split-search.js';
import { type Span, splitEvenly, type Tile } from './tiling.js';

type LayerTask = Omit<SplitTask, 'outputs' | 'spareAxons'>;

/** Throws SW2101 where a core cannot even hold one neuron of a population. */
export function requireOneNeuronFits(task: LayerTask, planner: CorePlanner, limits: readonly CoreLimit[]): void {
  const { population, incoming, biasAxons } = task;
  const { shape, name } = population;
  const [height, width, channels] = shape;
  // The middle of the grid: neurons at the border hear fewer sources.
  const [y, x] = [Math.floor(height / 2), Math.floor(width / 2)];
  const differ = incoming.some(({ nonZero }) => nonZero !== null);
  for (let c = 0; c < (differ ? channels : 1); c += 1) {
    const neuron: Tile = { y: [y, y + 1], x: [x, x + 1], c: [c, c + 1] };
    const style = { packing: 'compact', order: 'positions', lists: 'whole', padded: 'not' } as const;
    const { need } = inputNeed(planner.plan(neuron, style, incoming), population, biasAxons, planner);
    const passed = passedLimit(need, limits);
    if (passed === null) continue;
    throw failure('SW2101', {
      where: `layer ${name}`,
      what: `even a core with one of its ${elementCount(shape).toLocaleString('en')} neurons needs ${passedText(need, passed, planner.target)}.`,
      ...(passed.resource === 'inputAxons'
        ? { fix: 'Give the layer fewer inputs (pool before it), or choose a target with more input axons per core.' }
        : {}),
    });
  }
}

/** "140 words of synapse memory, loihi1 has 128" */
function passedText(need: CoreNeed, { resource, title, unit, limit }: CoreLimit, { name }: Target): string {
  const of = unit === '' ? '' : ` ${unit} of`;
  return `${need[resource].toLocaleString('en')}${of} ${title}, ${name} has ${limit.toLocaleString('en')}`;
}

/**
 * SW2101 of a population that no even split fits; SW2103 of one whose split was asked for, with `free`, one that fits.
 * Both name the limit that the fullest core passes in the split as asked, along the other axes in the finest one.
 */
export function fitsNowhere(
  task: LayerTask,
  free: Split | null,
  planner: CorePlanner,
  limits: readonly CoreLimit[],
): Error {
  const where = `layer ${task.population.name}`;
  const closest = closestNeed(task, planner, limits);
  const what =
    closest === null
      ? `no even split keeps every limit of ${planner.target.name}.`
      : `even in ${closest.parts.map((count) => count.toLocaleString('en')).join(' × ')} parts along rows, columns and channels a core needs ${passedText(closest.need, closest.passed, planner.target)}.`;
  if (free === null) return failure('SW2101', { where, what });
  return failure('SW2103', { where, what, fix: `${askFor(task, free)}, or leave the split to the compiler.` });
}

/** SW2101 or SW2103 of a population whose neurons' spikes take more output axons than the tiles of any split have. */
export function outputsFitNowhere(
  task: LayerTask,
  outputs: Int32Array,
  free: Split | null,
  { target: { name } }: CorePlanner,
  limit: number,
): Error {
  const where = `layer ${task.population.name}`;
  const most = outputs.reduce((larger, axons) => Math.max(larger, axons), 0);
  const axons = `the spikes of one neuron take up to ${most.toLocaleString('en')} output axons, ${name} has ${limit.toLocaleString('en')} in a core`;
  if (free !== null) {
    const what = `${axons}, and in the parts asked for some core’s neurons take more.`;
    return failure('SW2103', { where, what, fix: `${askFor(task, free)}, or leave the split to the compiler.` });
  }
  return failure('SW2101', {
    where,
    what: `${axons}, and no split keeps within them.`,
    fix: 'Give the layers that hear it fewer channels, or choose a target with more output axons per core.',
  });
}

/** "--split conv4=rows:2,columns:1,channels:3 fits" */
function askFor({ population }: LayerTask, { rows, columns, channels }: Split): string {
  const parts = { rows: rows.length, columns: columns.length, channels: channels.length };
  return `--split ${splitText(population.name, parts)} fits`;
}

/** What the fullest core of the split asked for passes least, in any style; null where that core keeps all limits. */
function closestNeed(
  { population, incoming, biasAxons, parts }: LayerTask,
  planner: CorePlanner,
  limits: readonly CoreLimit[],
): { readonly parts: readonly number[]; readonly need: CoreNeed; readonly passed: CoreLimit } | null {
  const [height, width, channels] = population.shape;
  const counts = [parts.rows ?? height, parts.columns ?? width, parts.channels ?? channels] as const;
  const spans = population.shape.map((extent, k) => splitEvenly(extent, counts[k]!));
  const [y, x, c] = spans.map(widestInside) as [Span, Span, Span];
  let closest: { parts: readonly number[]; need: CoreNeed; passed: CoreLimit } | null = null;
  for (const style of stylesFor(incoming, spans[0]!, spans[1]!, planner)) {
    const { need } = inputNeed(planner.plan({ y, x, c }, style, incoming), population, biasAxons, planner);
    const passed = passedLimit(need, limits);
    if (passed === null) return null;
    const excess = need[passed.resource] / passed.limit;
    if (closest === null || excess < closest.need[closest.passed.resource] / closest.passed.limit) {
      closest = { parts: counts, need, passed };
    }
  }
  return closest;
}

/** Of the longest spans the one nearest the middle: neurons at the border hear fewer sources. */
function widestInside(spans: readonly Span[]): Span {
  const middle = (spans.length - 1) / 2;
  const longest = spans.reduce((most, [first, end]) => Math.max(most, end - first), 0);
  return spans
    .map((span, k) => ({ span, away: Math.abs(k - middle) }))
    .filter(({ span: [first, end] }) => end - first === longest)
    .reduce((nearest, entry) => (entry.away < nearest.away ? entry : nearest)).span;
}

/** Throws SW2003 where spikes must wait for longer than the target delays them. */
export function requireDelays(placed: readonly PlacedPopulation[], { name, limits }: Target): void {
  const most = limits.delayMax.value ?? Number.POSITIVE_INFINITY;
  for (const { incoming, delays } of placed) {
    delays.forEach((delay, k) => {
      if (delay <= most) return;
      throw failure('SW2003', {
        where: `projection ${incoming[k]!.projection.name}`,
        what: `its spikes must wait ${delay.toLocaleString('en')} timesteps for those of a longer path; ${name} delays a spike by up to ${most.toLocaleString('en')}.`,
      });
    });
  }
}

/** Throws SW2102 where the largest board has too few cores. */
export function requireCores(placed: readonly PlacedPopulation[], { name, limits }: Target): void {
  const chips = limits.chips.value ?? Number.POSITIVE_INFINITY;
  const perChip = limits.coresPerChip.value ?? Number.POSITIVE_INFINITY;
  const cores = placed.reduce((sum, layer) => sum + layer.cores.length, 0);
  if (cores <= chips * perChip) return;
  const largest = placed.reduce((most, layer) => (layer.cores.length > most.cores.length ? layer : most));
  const needed = Math.ceil(cores / perChip).toLocaleString('en');
  throw failure('SW2102', {
    where: `layer ${largest.population.name}`,
    what: `the network needs ${cores.toLocaleString('en')} cores, ${largest.cores.length.toLocaleString('en')} of them for this layer; ${name} has ${chips.toLocaleString('en')} chips of ${perChip.toLocaleString('en')}.`,
    fix: `${needed} chips would do (limits.chips of a target file of your own); else make the named layer smaller, or choose a larger target.`,
  });
}
