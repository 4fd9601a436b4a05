import { axonQuota } from './axon-quota.js';
import type { CorePlan, CorePlanner, PlaceTable, ProjectionPlan } from './core-plan.js';
import { countNonZero, type IncomingProjection } from './incoming.js';
import type { TileLayout } from './layout.js';
import { fullCounts, isGapless, type ListClass, type ListForm, type WeightCounts } from './list-form.js';
import type { Reach, Span } from './tiling.js';

/** A list of synapses that the axons of one class and source channel share. */
export interface SynapseListPlan {
  readonly list: ListClass;
  readonly input: number;
  readonly form: ListForm;
  /** Words it takes in memory: with zeros at its end where population axons need all lists of its class alike. */
  readonly words: number;
}

/** The input axons that one projection gives to one core. */
export interface AxonBlock {
  readonly plan: ProjectionPlan;
  /** In the order in which they are stored. */
  readonly lists: readonly SynapseListPlan[];
  /** First list, atoms and base compartment of each axon of the block; the first is input axon `firstAxon` of the core. */
  readonly firstAxon: number;
  readonly firstList: Int32Array;
  readonly atoms: Int32Array;
  readonly base: Int32Array;
  /** The block's axon, and the atom there, of each place and source channel; axon −1 where no synapse is. */
  readonly axonOf: Int32Array;
  readonly atomOf: Uint16Array;
  /** Which reaches the pooled source rows and columns have. */
  readonly rows: ReachIndex;
  readonly columns: ReachIndex;
}

/** The reaches offsets[s − first] … offsets[s − first + 1] − 1 are those of source coordinate s. */
interface ReachIndex {
  readonly first: number;
  readonly offsets: Int32Array;
}

/** What the blocks of two tiles share that lie alike to their sources. */
type AxonTable = Omit<AxonBlock, 'plan' | 'rows' | 'columns'>;

/**
 * Numbers the input axons of the cores of one population: on each, one for each place and source channel that has a
 * synapse, but for groups of channels that must share a population axon. `biasAxons` are those that the host drives, which
 * come after all others. Tiles of the same channels that lie alike to their sources share all tables, lists among them.
 */
export class AxonNumbering {
  readonly #planner: CorePlanner;
  readonly #biasAxons: number;
  /** By everything that a tile's tables depend on. */
  readonly #known = new Map<string, readonly AxonTable[]>();

  constructor(planner: CorePlanner, biasAxons: number) {
    this.#planner = planner;
    this.#biasAxons = biasAxons;
  }

  blocks(plan: CorePlan): readonly AxonBlock[] {
    const { style, layout, projections } = plan;
    const { y, x, c } = layout.tile;
    const axes = projections.map(({ rows, columns }) => [rows.key, columns.key]);
    const styleKey = [style.packing, style.order, style.lists, style.padded];
    const key = [...styleKey, y[1] - y[0], x[1] - x[0], c[0], c[1], ...axes].join('|');
    const tables = this.#known.get(key) ?? axonTables(plan, this.#planner, this.#biasAxons);
    this.#known.set(key, tables);
    return projections.map((projection, n) => {
      const rows = reachIndex(projection.rows.reaches);
      const columns = reachIndex(projection.columns.reaches);
      return { ...tables[n]!, plan: projection, rows, columns };
    });
  }
}

function axonTables(plan: CorePlan, planner: CorePlanner, biasAxons: number): readonly AxonTable[] {
  const supply = planner.supply(biasAxons);
  const drafts = plan.projections.map((projection) => {
    const places = planner.places(plan, projection);
    return { projection, places, lists: draftLists(plan, projection.incoming, places.classes, planner) };
  });
  const groups = new Map<number, number>();
  for (const { places, lists } of drafts) {
    lists.forEach(({ length }, number) => {
      for (let first = 0; first < length; first += supply.atomsMax) {
        const size = Math.min(supply.atomsMax, length - first);
        groups.set(size, (groups.get(size) ?? 0) + places.classes[number]!.places);
      }
    });
  }
  const left = new Map(axonQuota(groups, supply).populations);
  let firstAxon = 0;
  return drafts.map(({ projection, places, lists }) => {
    const table = axonTable(projection, places, lists, supply.atomsMax, left, firstAxon);
    firstAxon += table.base.length;
    return table;
  });
}

/** A list before it is known how many words it takes. */
interface ListDraft {
  readonly input: number;
  readonly form: ListForm;
}

/** By class, the lists of the source channels that have any synapse in it. */
function draftLists(
  plan: CorePlan,
  incoming: IncomingProjection,
  classes: readonly ListClass[],
  planner: CorePlanner,
): readonly (readonly ListDraft[])[] {
  const inputs = incoming.projection.kernel.shape[2];
  const { c } = plan.layout.tile;
  return classes.map((list) => {
    const forms = new Map<number, ListForm>();
    const drafts: ListDraft[] = [];
    const full = fullCounts(list, plan.layout);
    // A dense list of a kernel with few zeros is as long whatever they are: it only must not be all zeros.
    const isWhole = incoming.nonZero === null && planner.form(plan, list, full, incoming.delayBits).indexed === 0;
    for (let input = 0; input < inputs; input += 1) {
      const counts = isWhole
        ? { ...full, all: full.all * Number(hasNonZero(incoming, list, input, c)) }
        : weightCounts(incoming, list, plan.layout, input);
      if (counts.all === 0) continue;
      const key = (counts.all * COUNT_MAX + counts.beyondRun) * COUNT_MAX + counts.beyondBlock;
      let form = forms.get(key);
      if (form === undefined) {
        form = planner.form(plan, list, counts, incoming.delayBits);
        forms.set(key, form);
      }
      drafts.push({ input, form });
    }
    return drafts;
  });
}

/** More weights than any list has. */
const COUNT_MAX = 65_536;

/** The non-zero weights of one source channel's list. */
function weightCounts(incoming: IncomingProjection, list: ListClass, layout: TileLayout, input: number): WeightCounts {
  const { row, column } = list;
  const { c } = layout.tile;
  const block = [c[0], c[0] + layout.block] as const;
  const run = isGapless(list, layout) ? row : { taps: 1, tap: row.tap };
  const after = { taps: row.taps - run.taps, tap: row.tap - run.taps * incoming.rows.stride };
  const inRun = countNonZero(incoming, run, column, input, block);
  const inBlock = inRun + countNonZero(incoming, after, column, input, block);
  const all = inBlock + countNonZero(incoming, row, column, input, [block[1], c[1]]);
  return { all, beyondRun: all - inRun, beyondBlock: all - inBlock };
}

/** Whether any weight of a list is not zero. */
function hasNonZero(incoming: IncomingProjection, { row, column }: ListClass, input: number, c: Span): boolean {
  const { kernel } = incoming.projection;
  const [, kernelWidth, inputs, outputs] = kernel.shape;
  for (let n = 0; n < row.taps; n += 1) {
    for (let m = 0; m < column.taps; m += 1) {
      const tap = (row.tap - n * incoming.rows.stride) * kernelWidth + column.tap - m * incoming.columns.stride;
      const start = (tap * inputs + input) * outputs;
      for (let k = start + c[0]; k < start + c[1]; k += 1) if (kernel.data[k] !== 0) return true;
    }
  }
  return false;
}

/** `left`: how many groups of each size are still to become population axons. */
function axonTable(
  plan: ProjectionPlan,
  places: PlaceTable,
  drafts: readonly (readonly ListDraft[])[],
  atomsMax: number,
  left: Map<number, number>,
  firstAxon: number,
): AxonTable {
  const inputs = plan.incoming.projection.kernel.shape[2];
  const firstOf: number[] = [];
  let listCount = 0;
  for (const { length } of drafts) {
    firstOf.push(listCount);
    listCount += length;
  }
  const isPadded = drafts.map(() => false);
  const axonOf = new Int32Array(places.classOf.length * inputs).fill(-1);
  const atomOf = new Uint16Array(axonOf.length);
  const firstList: number[] = [];
  const atoms: number[] = [];
  const base: number[] = [];
  const addAxon = (list: number, count: number, place: number): number => {
    firstList.push(list);
    atoms.push(count);
    return base.push(places.base[place]!) - 1;
  };
  places.classOf.forEach((number, place) => {
    const own = drafts[number]!;
    for (let first = 0; first < own.length; first += atomsMax) {
      const size = Math.min(atomsMax, own.length - first);
      const wanted = left.get(size) ?? 0;
      const shared = wanted > 0 ? addAxon(firstOf[number]! + first, size, place) : -1;
      if (wanted > 0) {
        left.set(size, wanted - 1);
        isPadded[number] = true;
      }
      for (let atom = 0; atom < size; atom += 1) {
        const at = place * inputs + own[first + atom]!.input;
        axonOf[at] = shared === -1 ? addAxon(firstOf[number]! + first + atom, 1, place) : shared;
        atomOf[at] = shared === -1 ? 0 : atom;
      }
    }
  });
  const lists = drafts.flatMap((own, number): SynapseListPlan[] => {
    const list = places.classes[number]!;
    const longest = own.reduce((most, { form }) => Math.max(most, form.words), 0);
    return own.map(({ input, form }) => ({ list, input, form, words: isPadded[number] ? longest : form.words }));
  });
  return {
    lists,
    firstAxon,
    firstList: Int32Array.from(firstList),
    atoms: Int32Array.from(atoms),
    base: Int32Array.from(base),
    axonOf,
    atomOf,
  };
}

function reachIndex(reaches: readonly Reach[]): ReachIndex {
  const first = reaches[0]?.source ?? 0;
  const extent = (reaches.at(-1)?.source ?? first - 1) - first + 1;
  const offsets = new Int32Array(extent + 1);
  for (const { source } of reaches) offsets[source - first + 1]! += 1;
  for (let k = 0; k < extent; k += 1) offsets[k + 1]! += offsets[k]!;
  return { first, offsets };
}

/**
 * Output axons that each neuron of a population with `neurons` neurons of shape [height, width, channels] spends on the
 * cores that hear it; an entry to a population axon counts as `outputAxons`.
 */
export function addOutputs(
  outputs: Int32Array,
  { plan, axonOf, atoms }: AxonBlock,
  [, width, channels]: readonly [number, number, number],
  outputAxons: number,
): void {
  const { pool } = plan.incoming.projection;
  const inputs = channels;
  let place = 0;
  for (const { source: row } of plan.rows.reaches) {
    for (const { source: column } of plan.columns.reaches) {
      for (let input = 0; input < inputs; input += 1) {
        const axon = axonOf[place * inputs + input]!;
        if (axon === -1) continue;
        const cost = atoms[axon]! > 1 ? outputAxons : 1;
        for (let y = row * pool[0]; y < (row + 1) * pool[0]; y += 1) {
          for (let x = column * pool[1]; x < (column + 1) * pool[1]; x += 1) {
            outputs[(y * width + x) * channels + input]! += cost;
          }
        }
      }
      place += 1;
    }
  }
}
