import { type Proportion, wilson } from '../../runtime/wilson.js';

/** A statement of the paper, what was measured of it, and whether that bears it out. */
export interface Effect {
  readonly effect: string;
  readonly measured: string;
  readonly verdict: 'shown' | 'not shown' | 'contradicted';
}

/** What judging needs of an evaluation. */
export interface Judged {
  readonly clean: Proportion;
  readonly robust: Proportion;
  readonly byMember?: readonly { readonly name: string; readonly robust: Proportion }[];
}

/** No worse means: less than this share worse. */
const margin = 0.01;

/** The networks compared, and which evaluation is theirs under the ensemble. */
const networks = [
  ['adversarially trained ANN, converted, trainable thresholds', 'at-trainable-by-member'],
  ['adversarially trained ANN, converted, fixed thresholds', 'at-fixed-ensemble'],
  ['HIRE-style: natural ANN, converted and finetuned alike', 'hire-style-ensemble'],
] as const;

/** A row for each network: its accuracy on clean images and under the ensemble. */
export function networkRows(evaluations: Readonly<Record<string, Judged>>) {
  return networks.map(([network, evaluation]) => {
    const { clean, robust } = evaluations[evaluation]!;
    return { network, clean, robust };
  });
}

/** The paper's effects from the evaluations by their names; intervals are at 95 %. */
export function judgeEffects(evaluations: Readonly<Record<string, Judged>>): readonly Effect[] {
  const robust = (name: string): Proportion => evaluations[name]!.robust;
  const adversarial = robust('at-trainable-by-member');
  const rows = evaluations['at-trainable-by-member']!.byMember!;
  const strongest = rows.reduce((least, row) => (row.robust.correct < least.robust.correct ? row : least));
  return [
    judge(
      'conversion of the adversarially trained network beats that of the natural one by more than 10 points under the ensemble',
      difference(adversarial, robust('hire-style-ensemble')),
      0.1,
    ),
    judge(
      `trainable thresholds are no worse than fixed ones under the ensemble (margin ${100 * margin} point)`,
      difference(adversarial, robust('at-fixed-ensemble')),
      -margin,
    ),
    judge(
      `the ensemble is stronger than its strongest member alone (${strongest.name})`,
      fewer(strongest.robust, adversarial),
      0,
    ),
    judge(
      'iterative beats single-step: PGD-20 is stronger than FGSM',
      difference(robust('at-trainable-fgsm'), robust('at-trainable-pgd20')),
      0,
    ),
    judge(
      'iterative beats single-step: PGD-20 is stronger than RFGSM',
      difference(robust('at-trainable-rfgsm'), robust('at-trainable-pgd20')),
      0,
    ),
  ];
}

interface Difference {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * First share minus second with its 95 % interval from the two Wilson intervals (Newcombe 1998, Statistics in Medicine
 * 17:873–890, method 10). It takes the samples as independent; on the same images they are paired, and it is too wide.
 */
export function difference(first: Proportion, second: Proportion): Difference {
  const [p, q] = [first.correct / first.total, second.correct / second.total];
  return {
    value: p - q,
    low: p - q - Math.hypot(p - first.low, second.high - q),
    high: p - q + Math.hypot(first.high - p, q - second.low),
  };
}

/**
 * First share minus second where both are of the same images and none counts for the second alone, as with the images that
 * a member and the ensemble that contains it leave standing: the images between them are a share with its Wilson interval.
 */
export function fewer(all: Proportion, part: Proportion): Difference {
  const { correct, total, low, high } = wilson(all.correct - part.correct, all.total);
  return { value: correct / total, low, high };
}

function judge(effect: string, { value, low, high }: Difference, least: number): Effect {
  const points = (share: number): string => (100 * share).toFixed(1);
  return {
    effect,
    measured: `${points(value)} points [${points(low)}, ${points(high)}]`,
    verdict: low > least ? 'shown' : high < least ? 'contradicted' : 'not shown',
  };
}
