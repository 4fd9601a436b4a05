import { failure } from '../../../schemas/diagnostic.js';
import { nearestWord } from '../../../schemas/nearest-word.js';
import { corruptions, SEVERITIES } from '../corrupted.js';
import type { Dataset } from '../dataset.js';
import { corrupted } from './corrupt.js';

/**
 * The data set under the corruption that "KIND:SEVERITY" names; as it is where nothing does. Throws SW6002 where the text
 * names none, or the images have not three channels.
 */
export function withCorruption(clean: Dataset, text: string | undefined, seed: number): Dataset {
  if (text === undefined) return clean;
  const [name = '', severity] = text.split(':');
  const kind = corruptions.find((candidate) => candidate === name);
  if (kind === undefined) {
    const near = nearestWord(name, corruptions);
    throw failure('SW6002', {
      where: '--corrupt',
      what: `"${name.slice(0, 64)}" is none of ${corruptions.join(', ')}.${near === null ? '' : ` (Did you mean ${near}?)`}`,
    });
  }
  if (!(Number.isInteger(Number(severity)) && Number(severity) >= 1 && Number(severity) <= SEVERITIES)) {
    throw failure('SW6002', {
      where: '--corrupt',
      what: `the severity is a whole number from 1 to ${SEVERITIES}: ${kind}:3.`,
    });
  }
  requireColour(clean, '--corrupt');
  return corrupted(clean, kind, Number(severity), seed);
}

/** Throws SW6002 unless images are square and in colour. */
export function requireColour({ name, shape }: Dataset, where: string): void {
  if (shape[2] === 3 && shape[0] === shape[1]) return;
  throw failure('SW6002', { where, what: `corruptions are for square colour images; ${name} has ${shape.join('×')}.` });
}
