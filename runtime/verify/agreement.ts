import type { LevelName } from '../../schemas/report.js';
import type { Proportion } from '../wilson.js';
import { wilson } from '../wilson.js';
import type { LevelPredictions } from './levels.js';

/** In how many samples two levels predict the same class, whether or not it is right. */
export interface Agreement {
  readonly levels: readonly [LevelName, LevelName];
  /** On the clean images, which all levels share. */
  readonly clean: Proportion;
  /** On adversarial images, where both levels saw the same (twin and chip); else null. */
  readonly adversarial: Proportion | null;
}

/** Neighbours on the way to the chip, and both ends of the compiler's work. */
const pairs: readonly (readonly [LevelName, LevelName])[] = [
  ['ann', 'snn'],
  ['snn', 'twin'],
  ['twin', 'chip'],
  ['snn', 'chip'],
];

/** Agreement of every pair of which both levels were measured. */
export function agreements(predictions: Readonly<Record<LevelName, LevelPredictions | null>>): Agreement[] {
  return pairs.flatMap(([first, second]) => {
    const a = predictions[first];
    const b = predictions[second];
    if (a === null || b === null) return [];
    const sameImages = first === 'twin' && second === 'chip';
    return [
      {
        levels: [first, second],
        clean: equalShare(a.clean, b.clean),
        adversarial: sameImages ? equalShare(a.adversarial, b.adversarial) : null,
      },
    ];
  });
}

function equalShare(a: Uint8Array, b: Uint8Array): Proportion {
  return wilson(
    a.reduce((count, label, n) => count + (label === b[n] ? 1 : 0), 0),
    a.length,
  );
}
