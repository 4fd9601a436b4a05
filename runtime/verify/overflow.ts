import { type Diagnostic, diagnostic } from '../../schemas/diagnostic.js';
import type { Statistics } from '../../schemas/stats.js';

/** SW3008 and SW3009 as warnings where membranes saturated or inputs passed the bound in simulated samples. */
export function overflowDiagnostics({ program, samples, saturations, inputsBeyondMax }: Statistics): Diagnostic[] {
  const where = `program ${program}`;
  const times = (count: number): string =>
    `${count.toLocaleString('en-GB')} times in ${samples.toLocaleString('en-GB')} samples`;
  return [
    ...(saturations === 0
      ? []
      : [diagnostic('SW3008', 'warning', { where, what: `a membrane hit the chip’s width ${times(saturations)}.` })]),
    ...(inputsBeyondMax === 0
      ? []
      : [
          diagnostic('SW3009', 'warning', {
            where,
            what: `a step’s input passed the bound ${times(inputsBeyondMax)}.`,
          }),
        ]),
  ];
}
