import { createColors } from 'picocolors';
import type { Diagnostic } from '../../schemas/diagnostic.js';
import { controlFree } from './control-free.js';

/** A diagnostic for people, over several lines: severity, code and place; what; why; the way out. */
export function printedDiagnostic(diagnostic: Diagnostic, colourful: boolean): string {
  const colours = createColors(colourful);
  const paint = { error: colours.red, warning: colours.yellow, note: colours.cyan }[diagnostic.severity];
  const { code, severity, where, what, why, fix } = diagnostic;
  return [
    `${paint(colours.bold(severity))} ${colours.dim(code)} ${colours.bold(controlFree(where))}`,
    `  ${controlFree(what)}`,
    ...(why === '' ? [] : [`  ${colours.dim(controlFree(why))}`]),
    ...(fix === '' ? [] : [`  ${colours.green('→')} ${controlFree(fix)}`]),
  ].join('\n');
}
