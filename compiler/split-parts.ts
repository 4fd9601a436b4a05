import { failure } from '../schemas/diagnostic.js';
import type { IntegerSpikeGraph } from '../schemas/spike.js';

/** Into how many parts a layer is to be cut along each axis; null leaves that to the search. */
export interface SplitParts {
  readonly rows: number | null;
  readonly columns: number | null;
  readonly channels: number | null;
}

/** Splits asked for, by layer. */
export type AskedSplits = ReadonlyMap<string, SplitParts>;

export const anyParts: SplitParts = { rows: null, columns: null, channels: null };

const axes = ['rows', 'columns', 'channels'] as const;

/**
 * Reads splits as the command line has them, "LAYER=rows:2,columns:2,channels:3", each axis at most once and at least one.
 * Throws SW2104 for anything else, and for a layer named twice.
 */
export function parseSplits(texts: readonly string[]): AskedSplits {
  const splits = new Map<string, SplitParts>();
  for (const text of texts) {
    const at = text.lastIndexOf('=');
    const layer = text.slice(0, Math.max(0, at));
    if (layer === '') throw notUnderstood(text, 'it names no layer');
    if (splits.has(layer)) throw notUnderstood(text, `layer ${layer} is split twice`);
    let parts = anyParts;
    for (const part of text.slice(at + 1).split(',')) {
      const match = /^(rows|columns|channels):([1-9]\d{0,6})$/.exec(part);
      const axis = match?.[1] as (typeof axes)[number] | undefined;
      if (axis === undefined) throw notUnderstood(text, `"${part}" is no axis with a number of parts`);
      if (parts[axis] !== null) throw notUnderstood(text, `${axis} are split twice`);
      parts = { ...parts, [axis]: Number(match![2]) };
    }
    splits.set(layer, parts);
  }
  return splits;
}

function notUnderstood(text: string, reason: string): Error {
  return failure('SW2104', { where: `--split ${text.slice(0, 200)}`, what: `${reason}.` });
}

/** The text of `parseSplits`. */
export function splitText(layer: string, parts: SplitParts): string {
  const named = axes.flatMap((axis) => (parts[axis] === null ? [] : [`${axis}:${parts[axis]}`]));
  return `${layer}=${named.join()}`;
}

/** Throws SW2104 where a split names no layer of the graph, or asks for more parts than an axis is long. */
export function requireSplits(splits: AskedSplits, { populations }: IntegerSpikeGraph): void {
  for (const [layer, parts] of splits) {
    const where = `--split ${splitText(layer, parts)}`;
    const shape = populations.find(({ name }) => name === layer)?.shape;
    if (shape === undefined) {
      const names = populations.map(({ name }) => name).join(', ');
      throw failure('SW2104', { where, what: `the network has no layer of that name; it has ${names}.` });
    }
    axes.forEach((axis, k) => {
      if ((parts[axis] ?? 1) <= shape[k]!) return;
      const extent = `${shape[k]!.toLocaleString('en')} ${axis}`;
      throw failure('SW2104', {
        where,
        what: `${parts[axis]!.toLocaleString('en')} parts are asked for of ${extent}.`,
      });
    });
  }
}
