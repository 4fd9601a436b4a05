import type { LevelName, ReportProportion } from '../../schemas/report.js';
import { shareText } from './number-text.js';

/** The levels in the order of the pipeline, as tables name them. */
export const levels: readonly { readonly name: LevelName; readonly title: string; readonly meaning: string }[] = [
  { name: 'ann', title: 'ANN', meaning: 'the network that was loaded' },
  { name: 'snn', title: 'SNN', meaning: 'converted and finetuned, floating point' },
  { name: 'spike', title: 'Spike graph', meaning: 'norms folded into weights and biases, floating point' },
  { name: 'twin', title: 'Twin', meaning: 'folded and quantised, dense integers' },
  { name: 'chip', title: 'Chip', meaning: 'the compiled program on the simulated chip' },
];

/** "PGD" of "pgd". */
export function methodName(method: string): string {
  return method.toUpperCase();
}

/** ε in units of one grey level of 255. */
export function epsilonText(epsilon: number): string {
  const levelsOf255 = epsilon * 255;
  return `${Number(levelsOf255.toFixed(3))}/255`;
}

/** "63.2 % [58.9, 67.3]". */
export function proportionText({ correct, total, low, high }: ReportProportion): string {
  const share = total === 0 ? 'none' : shareText(correct / total);
  return `${share} [${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]`;
}
