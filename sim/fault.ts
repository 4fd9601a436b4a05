import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { boardTiles } from '../targets/board-grid.js';
import { coresInUse } from './board.js';
import { type LinkPlace, linkDirections } from './mesh.js';

/** Kinds of faults that strike at a rate, and what each strikes. */
const rateFaults = {
  bitflip: 'bits of the weights in synapse memory, flipped for good',
  dead: 'neurons that never fire',
  stuck: 'neurons that fire in every timestep',
  drop: 'messages between cores that are lost',
  delay: 'messages between cores that act a timestep late',
} as const;

type RateFaultKind = keyof typeof rateFaults;

/**
 * What is broken on the simulated chips: things struck at random, each with probability `rate`; one core that does
 * nothing and hears nothing; or one link out of tile (column, row), in one direction. A core is a place in `program.cores`.
 */
export type Fault =
  | { readonly kind: RateFaultKind; readonly rate: number }
  | { readonly kind: 'core'; readonly core: number }
  | ({ readonly kind: 'link' } & LinkPlace);

/** How faults are written, for help and messages. */
export const faultForm =
  'bitflip, dead, stuck, drop or delay with rates, such as drop:0.001,0.01; core:CHIP/CORE; link:COLUMN,ROW,east (west, south, north)';

/**
 * Reads faults such as "drop:0.001,0.01" (one for each rate), "core:0/12" or "link:3,0,east". Throws SW3023 for another
 * form or a rate beyond [0, 1], SW3024 for a core that the Program does not use or a link that its board has not.
 */
export function parseFaults(text: string, program: Program, target: Target): readonly Fault[] {
  const where = `fault "${text}"`;
  const colon = text.indexOf(':');
  const [kind, of] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon > 0 && Object.hasOwn(rateFaults, kind)) {
    return of.split(',').map((part) => ({ kind: kind as RateFaultKind, rate: parseRate(part, where) }));
  }
  if (colon > 0 && kind === 'core') {
    const core = program.cores.findIndex((image) => of === `${image.chip}/${image.core}`);
    if (core === -1) {
      throw failure('SW3024', { where, what: `the program uses no core ${of}; it uses ${coresInUse(program)}.` });
    }
    return [{ kind, core }];
  }
  const link = /^(\d{1,6}),(\d{1,6}),([a-z]+)$/.exec(of);
  const direction = linkDirections.find((name) => name === link?.[3]);
  if (colon < 0 || kind !== 'link' || link === null || direction === undefined) {
    throw failure('SW3023', { where, what: `a fault is ${faultForm}.` });
  }
  const [column, row] = [Number(link[1]), Number(link[2])];
  const { columns, rows } = boardTiles(program.chips, target.mesh);
  const leaves = { east: column === columns - 1, west: column === 0, south: row === rows - 1, north: row === 0 };
  if (column >= columns || row >= rows || leaves[direction]) {
    const what = `no link leads there; the board has columns 0 to ${columns - 1} and rows 0 to ${rows - 1}.`;
    throw failure('SW3024', { where, what });
  }
  return [{ kind, column, row, direction }];
}

function parseRate(text: string, where: string): number {
  const rate = /^\d*\.?\d+(e-?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN;
  if (rate >= 0 && rate <= 1) return rate;
  throw failure('SW3023', { where, what: `“${text}” is no rate from 0 to 1.` });
}

/** "drop", "core 0/12", "link (3, 0) east": how tables and reports name a fault without its rate. */
export function faultName(fault: Fault, program: Program): string {
  if (fault.kind === 'core') {
    const { chip, core } = program.cores[fault.core]!;
    return `core ${chip}/${core}`;
  }
  if (fault.kind === 'link') return `link (${fault.column}, ${fault.row}) ${fault.direction}`;
  return fault.kind;
}

/** A whole number of 32 bits (of either sign) that depends on what is asked alone: a seeded hash, handed in by the caller. */
export type FaultDraw = (purpose: string, ...indices: readonly number[]) => number;

/** True with probability `rate`, by what `draw` gives for one question. */
export function strikes(rate: number, drawn: number): boolean {
  return (drawn >>> 0) / 2 ** 32 < rate;
}
