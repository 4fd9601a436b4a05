import { type Diagnostic, diagnostic, failure } from '../../schemas/diagnostic.js';
import { readFileWhole } from '../store/read-file.js';
import type { MetricChange } from './compare-results.js';
import { compareResults } from './compare-results.js';
import { findRun } from './history.js';
import { identityDifferences, identityOf } from './identity.js';

/** An earlier result, from a file of JSON or, where `text` is a whole number, from the history at `path`. */
export async function readBaseline(text: string, path: string | null): Promise<unknown> {
  if (/^\d+$/.test(text)) {
    if (path === null) throw failure('SW6002', { where: '--baseline', what: 'recording is off: there is no history.' });
    return (await findRun(path, Number(text))).result;
  }
  const bytes = await readFileWhole(text);
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw failure('SW1020', { where: text, what: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * Holds a result against an earlier one. `tolerance` is the share by which a cost may grow.
 * Throws SW5035 where they were measured on different data, samples or seeds, SW5037 where either does not say on what.
 */
export function compareWithBaseline(baseline: unknown, result: unknown, tolerance: number): MetricChange[] {
  const [before, after] = [identityOf(baseline), identityOf(result)];
  if (before === null || after === null) {
    throw failure('SW5037', { where: '--baseline', what: 'it does not say on what it was measured.' });
  }
  const differences = identityDifferences(before, after);
  if (before.target !== after.target) differences.push(`targets ${before.target} and ${after.target}`);
  if (differences.length > 0) {
    throw failure('SW5035', { where: '--baseline', what: `the results have ${differences.join(', ')}.` });
  }
  return compareResults(baseline, result, tolerance);
}

/** SW5036 for each figure that is worse. */
export function regressionDiagnostics(changes: readonly MetricChange[]): Diagnostic[] {
  return changes
    .filter(({ verdict }) => verdict === 'worse')
    .map(({ name, before, after, pValue }) =>
      diagnostic('SW5036', 'error', {
        where: `figure ${name}`,
        what: `${figure(before)} before, ${figure(after)} now${pValue === null ? '' : ` (p = ${pValue.toFixed(4)})`}.`,
      }),
    );
}

function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
