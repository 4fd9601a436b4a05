import type { RunAttack } from '../schemas/run.js';
import { type Attack, pgd } from './attack/attack.js';

/** The attack that a run or the command line asks for; the random step of RFGSM is half of epsilon. */
export function chosenAttack({ kind, epsilon, steps }: Pick<RunAttack, 'kind' | 'epsilon' | 'steps'>): Attack {
  switch (kind) {
    case 'fgsm':
      return { method: 'fgsm', epsilon };
    case 'rfgsm':
      return { method: 'rfgsm', epsilon, alpha: epsilon / 2 };
    case 'pgd':
      return pgd(epsilon, steps);
  }
}
