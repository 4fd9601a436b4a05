import type { LevelName } from '../../schemas/report.js';
import type { Proportion } from '../wilson.js';
import { wilson } from '../wilson.js';
import type { LevelPredictions } from './levels.js';

/** In how many samples two levels predict the same class, whether or not it is right. */
export interface Agreement {
  readonly levels: readonly [LevelName, LevelName];
  /** On the clean images. */
  readonly clean: Proportion;
  /** On the images that were crafted against the twin. */
  readonly adversarial: Proportion;
}

/** Neighbours on the way to the chip, and both ends of the compiler's work. */
const pairs: readonly (readonly [LevelName, LevelName])[] = [
  ['ann', 'snn'],
  ['snn', 'spike'],
  ['spike', 'twin'],
  ['twin', 'chip'],
  ['snn', 'chip'],
];

/** Agreement of every pair of which both levels were measured. */
export function agreements(predictions: Readonly<Record<LevelName, LevelPredictions | null>>): Agreement[] {
  return pairs.flatMap(([first, second]) => {
    const a = predictions[first];
    const b = predictions[second];
    if (a === null || b === null) return [];
    const on = (set: 'clean' | 'twin'): Proportion => equalShare(a[set]!, b[set]!);
    return [{ levels: [first, second], clean: on('clean'), adversarial: on('twin') }];
  });
}

function equalShare(a: Uint8Array, b: Uint8Array): Proportion {
  return wilson(
    a.reduce((count, label, n) => count + (label === b[n] ? 1 : 0), 0),
    a.length,
  );
}
