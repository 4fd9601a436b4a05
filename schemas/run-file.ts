import { failure } from './diagnostic.js';
import { readJson } from './json-file.js';
import type { RunConfig } from './run.js';

/**
 * Reads a run configuration from its JSON text and fills in the defaults.
 * Throws SW1020…SW1024: no JSON, unknown or missing keys, bad values, contradictions.
 */
export function readRun(text: string, where: string): RunConfig {
  const config = readJson<RunConfig>('run', text, where);
  const { normalisation, finetune } = config;
  if (normalisation !== null && normalisation.mean.length !== normalisation.std.length) {
    throw failure('SW1024', {
      where: `${where}, normalisation`,
      what: `mean has ${normalisation.mean.length} channels, std ${normalisation.std.length}.`,
    });
  }
  if (finetune.alpha > finetune.epsilon) {
    throw failure('SW1024', {
      where: `${where}, finetune.alpha`,
      what: `the first step ${finetune.alpha} is larger than the radius ${finetune.epsilon}.`,
    });
  }
  return config;
}
