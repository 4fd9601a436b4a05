/** On what a result was measured: results are comparable where these are equal. */
export interface ResultIdentity {
  readonly dataset: string;
  /** sha256 of the data set's name, split and labels. */
  readonly data: string;
  /** The first so many images. */
  readonly samples: number;
  readonly seed: number;
  readonly target: string;
  /** Method, radius, steps, queries and members of the attack, in words. */
  readonly attack: string;
  /** sha256 of the program. */
  readonly program: string;
}

/** The identity that a result states under this key; null where it states none. */
export function identityOf(result: unknown): ResultIdentity | null {
  if (typeof result !== 'object' || result === null || !('identity' in result)) return null;
  const { identity } = result;
  if (typeof identity !== 'object' || identity === null) return null;
  const { dataset, data, samples, seed, target, attack, program } = identity as Partial<
    Record<keyof ResultIdentity, unknown>
  >;
  const isText = (value: unknown): value is string => typeof value === 'string';
  const isCount = (value: unknown): value is number => typeof value === 'number';
  if (!isText(dataset) || !isText(data) || !isText(target) || !isText(attack) || !isText(program)) return null;
  if (!isCount(samples) || !isCount(seed)) return null;
  return { dataset, data, samples, seed, target, attack, program };
}

/** What keeps two results from being compared sample by sample, in words; empty where nothing does. */
export function identityDifferences(a: ResultIdentity, b: ResultIdentity): string[] {
  const differences: string[] = [];
  if (a.dataset !== b.dataset) differences.push(`data sets ${a.dataset} and ${b.dataset}`);
  else if (a.data !== b.data) differences.push(`different contents of ${a.dataset}`);
  if (a.samples !== b.samples) differences.push(`${a.samples} and ${b.samples} samples`);
  if (a.attack !== b.attack) differences.push(`attacks ${a.attack} and ${b.attack}`);
  if (a.seed !== b.seed) differences.push(`seeds ${a.seed} and ${b.seed}`);
  return differences;
}
