import type { Classifier } from '../engine/engine.js';
import type { Hooks } from '../hooks.js';
import type { Measured } from '../train/accuracy.js';
import { overBatches } from '../train/accuracy.js';
import type { Proportion } from '../wilson.js';
import { wilson } from '../wilson.js';
import type { MemberResult, WorstCaseOptions } from './worst-case.js';
import { memberTally, mergeTallies, worstCase } from './worst-case.js';

/** What attacking many images came to. */
export interface Robustness {
  /** Share of images still classified as labelled. */
  readonly robust: Proportion;
  /** One per image: 1 where it is misclassified. */
  readonly fooled: Uint8Array;
  /** One per image: forward passes spent on it. */
  readonly queries: Uint32Array;
  /** Images that each member was tried on, and those that it fooled; members come in the order of the ensemble. */
  readonly members: readonly MemberResult[];
}

/** Attacks the measured images by the worst case over an ensemble. */
export async function robustness(
  classifier: Classifier,
  measured: Measured,
  options: Omit<WorstCaseOptions, 'batchSize'>,
  hooks: Hooks = {},
): Promise<Robustness> {
  const total = measured.indices.length;
  const fooled = new Uint8Array(total);
  const queries = new Uint32Array(total);
  let members = options.members.map(({ name }) => ({ name, tried: 0, fooled: 0 }));
  let first = 0;
  await overBatches(measured, hooks, async (batch) => {
    const { signal } = hooks;
    const found = await worstCase(classifier, batch, { ...options, batchSize: measured.batchSize }, { signal });
    fooled.set(found.fooled, first);
    queries.set(found.queries, first);
    members = mergeTallies(members, memberTally(found, options.members));
    first += batch.labels.length;
  });
  return { robust: robustShare(fooled), fooled, queries, members: members.filter(({ tried }) => tried > 0) };
}

/** The robustness under each member alone, on every image, and under all of them together. */
export interface MemberTable {
  readonly rows: readonly { readonly name: string; readonly robust: Proportion }[];
  readonly all: Proportion;
}

/** Attacks every image with every member, none left out: as many times the work as there are members. */
export async function robustnessByMember(
  classifier: Classifier,
  measured: Measured,
  options: Omit<WorstCaseOptions, 'batchSize'>,
  hooks: Hooks = {},
): Promise<MemberTable> {
  const fooled = new Uint8Array(measured.indices.length);
  const rows: { name: string; robust: Proportion }[] = [];
  const { length } = options.members;
  for (const [number, member] of options.members.entries()) {
    const alone = await robustness(
      classifier,
      measured,
      { ...options, members: [member] },
      {
        signal: hooks.signal,
        progress: (done, total) => hooks.progress?.(number * total + done, length * total, member.name),
      },
    );
    for (const [n, flag] of alone.fooled.entries()) fooled[n]! |= flag;
    rows.push({ name: member.name, robust: alone.robust });
  }
  return { rows, all: robustShare(fooled) };
}

/** Budgets at which the Square attack's curve is read. */
const BUDGETS = [100, 200, 500, 1000, 2000, 5000];

/** Robust accuracy after so many queries of one attack with a budget of `queries`, at the usual budgets up to it. */
export function queryCurve(
  found: Pick<Robustness, 'fooled' | 'queries'>,
  queries: number,
): { readonly queries: number; readonly robust: Proportion }[] {
  return [...BUDGETS.filter((budget) => budget < queries), queries].map((budget) => ({
    queries: budget,
    robust: robustShare(found.fooled.map((flag, n) => (flag === 1 && found.queries[n]! <= budget ? 1 : 0))),
  }));
}

function robustShare(fooled: Uint8Array): Proportion {
  return wilson(
    fooled.reduce((sum, flag) => sum + 1 - flag, 0),
    fooled.length,
  );
}
