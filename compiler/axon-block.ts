import { reachesKey } from './axis-plan.js';
import { axonQuota } from './axon-quota.js';
import type { CorePlan, CorePlanner, PlaceTable, ProjectionPlan } from './core-plan.js';
import { type ListTable, listTable } from './list-table.js';
import type { Reach } from './tiling.js';

/** The input axons that one projection gives to one core. */
export interface AxonBlock {
  readonly plan: ProjectionPlan;
  readonly lists: ListTable;
  /**
   * By class of lists, the words that each takes in memory where population axons need them alike, zeros at its end
   * included; 0 where each takes what it needs.
   */
  readonly alikeWords: Int32Array;
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
  #latest: readonly AxonTable[] = [];

  constructor(planner: CorePlanner, biasAxons: number) {
    this.#planner = planner;
    this.#biasAxons = biasAxons;
  }

  blocks(plan: CorePlan): readonly AxonBlock[] {
    const { style, layout, projections } = plan;
    const { y, x, c } = layout.tile;
    const axes = projections.map(({ rows, columns }) => [reachesKey(rows.reaches, y), reachesKey(columns.reaches, x)]);
    const styleKey = [style.packing, style.order, style.lists, style.padded];
    const key = [...styleKey, y[1] - y[0], x[1] - x[0], c[0], c[1], ...axes].join('|');
    let tables = this.#known.get(key);
    if (tables === undefined) {
      const own = axonTables(plan, this.#planner, this.#biasAxons);
      tables = own.map((table, n) => sharing(table, this.#latest[n]));
      this.#known.set(key, tables);
      this.#latest = tables;
    }
    return projections.map((projection, n) => {
      const rows = reachIndex(projection.rows.reaches);
      const columns = reachIndex(projection.columns.reaches);
      return { ...tables[n]!, plan: projection, rows, columns };
    });
  }
}

/** The same table with those arrays of another that are equal to its own: parts of a layer's channels differ in few. */
function sharing(table: AxonTable, other: AxonTable | undefined): AxonTable {
  if (other === undefined) return table;
  const { lists, firstList, atoms, base, axonOf, atomOf } = table;
  return {
    ...table,
    lists: {
      ...lists,
      input: either(lists.input, other.lists.input),
      formOf: either(lists.formOf, other.lists.formOf),
    },
    firstList: either(firstList, other.firstList),
    atoms: either(atoms, other.atoms),
    base: either(base, other.base),
    axonOf: either(axonOf, other.axonOf),
    atomOf: either(atomOf, other.atomOf),
  };
}

/** `other` where it holds the same as `own`, else `own`. */
function either<A extends Int32Array | Uint16Array>(own: A, other: A): A {
  if (own.length !== other.length) return own;
  for (let k = 0; k < own.length; k += 1) if (own[k] !== other[k]) return own;
  return other;
}

function axonTables(plan: CorePlan, planner: CorePlanner, biasAxons: number): readonly AxonTable[] {
  const supply = planner.supply(biasAxons);
  const drafts = plan.projections.map((projection) => {
    const places = planner.places(plan, projection);
    return { projection, places, lists: listTable(plan, projection.incoming, places.classes, planner) };
  });
  const groups = new Map<number, number>();
  for (const { places, lists } of drafts) {
    places.classes.forEach((list, number) => {
      const end = lists.starts[number + 1]!;
      for (let first = lists.starts[number]!; first < end; first += supply.atomsMax) {
        const size = Math.min(supply.atomsMax, end - first);
        groups.set(size, (groups.get(size) ?? 0) + list.places);
      }
    });
  }
  const left = new Map(axonQuota(groups, supply).populations);
  let firstAxon = 0;
  return drafts.map(({ projection, places, lists }) => {
    const inputs = projection.incoming.projection.kernel.shape[2];
    const table = axonTable(inputs, places, lists, supply.atomsMax, left, firstAxon);
    firstAxon += table.base.length;
    return table;
  });
}

/** `left`: how many groups of each size are still to become population axons. */
function axonTable(
  inputs: number,
  places: PlaceTable,
  lists: ListTable,
  atomsMax: number,
  left: Map<number, number>,
  firstAxon: number,
): AxonTable {
  const { starts, input } = lists;
  const alikeWords = new Int32Array(lists.classes.length);
  const axonOf = new Int32Array(places.classOf.length * inputs).fill(-1);
  const atomOf = new Uint16Array(axonOf.length);
  const firstList = new Int32Array(axonOf.length);
  const atoms = new Int32Array(axonOf.length);
  const base = new Int32Array(axonOf.length);
  let axons = 0;
  for (let place = 0; place < places.classOf.length; place += 1) {
    const number = places.classOf[place]!;
    const end = starts[number + 1]!;
    for (let first = starts[number]!; first < end; first += atomsMax) {
      const size = Math.min(atomsMax, end - first);
      const wanted = left.get(size) ?? 0;
      const isShared = wanted > 0;
      if (isShared) {
        left.set(size, wanted - 1);
        alikeWords[number] = longest(lists, number);
      }
      for (let atom = 0; atom < size; atom += 1) {
        const at = place * inputs + input[first + atom]!;
        if (atom === 0 || !isShared) {
          firstList[axons] = first + atom;
          atoms[axons] = isShared ? size : 1;
          base[axons] = places.base[place]!;
          axons += 1;
        }
        axonOf[at] = axons - 1;
        atomOf[at] = isShared ? atom : 0;
      }
    }
  }
  return {
    lists,
    alikeWords,
    firstAxon,
    firstList: firstList.slice(0, axons),
    atoms: atoms.slice(0, axons),
    base: base.slice(0, axons),
    axonOf,
    atomOf,
  };
}

/** Words of the longest list of a class. */
function longest({ starts, formOf, forms }: ListTable, number: number): number {
  let words = 0;
  for (let k = starts[number]!; k < starts[number + 1]!; k += 1) words = Math.max(words, forms[formOf[k]!]!.words);
  return words;
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
