import type { RunAttack } from '../schemas/run.js';
import { type Attack, autoAttack, pgd, TARGETS } from './attack/attack.js';
import type { Member } from './attack/worst-case.js';
import { ensemble } from './engine/surrogate.js';

/** The attack that a run or the command line asks for; the random step of RFGSM is half of epsilon. */
export function chosenAttack({
  kind,
  epsilon,
  steps,
  queries,
}: Pick<RunAttack, 'kind' | 'epsilon' | 'steps' | 'queries'>): Attack {
  switch (kind) {
    case 'fgsm':
      return { method: 'fgsm', epsilon };
    case 'rfgsm':
      return { method: 'rfgsm', epsilon, alpha: epsilon / 2 };
    case 'pgd':
      return pgd(epsilon, steps);
    case 'apgd-ce':
    case 'apgd-dlr':
    case 'fab':
      return { method: kind, epsilon, steps };
    case 'apgd-t':
    case 'fab-t':
      return { method: kind, epsilon, steps, targets: TARGETS };
    case 'square':
      return { method: 'square', epsilon, queries };
    case 'autoattack':
      return autoAttack(epsilon, steps, queries);
  }
}

/** All 19 gradient models, or the training surrogate alone; an ANN has one gradient. */
export function chosenMembers(isEnsemble: boolean): readonly Member[] {
  return isEnsemble ? ensemble : ensemble.slice(0, 1);
}

/** An attack in words, equal where the attack is: "pgd, ε = 0.0078, 20 steps". */
export function attackText({
  kind,
  epsilon,
  steps,
  queries,
  ensemble,
}: Pick<RunAttack, 'kind' | 'epsilon' | 'steps' | 'queries' | 'ensemble'>): string {
  const parts = [kind, `ε = ${Number(epsilon.toPrecision(6))}`];
  if (!['fgsm', 'rfgsm', 'square'].includes(kind)) parts.push(`${steps} steps`);
  if (kind === 'square' || kind === 'autoattack') parts.push(`${queries} queries`);
  if (ensemble) parts.push('ensemble');
  return parts.join(', ');
}

/** The attack itself, without those that are tried beside it: what its outcome follows from. */
export function mainAttack({
  others: _,
  otherSamples: __,
  ...main
}: RunAttack): Omit<RunAttack, 'others' | 'otherSamples'> {
  return main;
}
