import type { Surrogate } from '../../../runtime/engine/surrogate.js';

/** How the golden files call a member of the ensemble: form and parameter, the latter with one decimal at least. */
export function goldenName(surrogate: Surrogate): string {
  const decimal = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
  switch (surrogate.form) {
    case 'triangular':
      return `PCW.${decimal(surrogate.width)}`;
    case 'exponential':
      return `${surrogate.dampening === 1 ? 'EXP' : 'EXP-D'}.${decimal(surrogate.slope)}`;
    case 'rectangular':
      return `RECT.${decimal(surrogate.width)}`;
    case 'straightThrough':
      return 'STE.1.0';
    case 'rate':
      return 'BPTR';
    case 'activation':
      return 'RELU';
  }
}
