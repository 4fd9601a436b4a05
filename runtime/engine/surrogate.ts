/**
 * How the gradient passes a spike: h'(z) at z = v⁻ − θ (method: ensemble table), or one of the two modes without a
 * pseudo-derivative.
 *
 * - `triangular` PCW(γ): max(0, γ − |z|)/γ²
 * - `exponential` EXP(β) with dampening d: d·exp(−β·|z|)
 * - `rectangular` RECT(γ): 1/γ where |z| < γ/2
 * - `straightThrough`: 1
 * - `rate` (BPTR): forward exact; the gradient passes to each step's input where the neuron's mean rate over T is > 0
 * - `activation`: neurons become ReLUs, no time axis, same weights and norms
 */
export type Surrogate =
  | { readonly form: 'triangular'; readonly width: number }
  | { readonly form: 'exponential'; readonly slope: number; readonly dampening: number }
  | { readonly form: 'rectangular'; readonly width: number }
  | { readonly form: 'straightThrough' }
  | { readonly form: 'rate' }
  | { readonly form: 'activation' };

/** PCW(1), the training surrogate. */
export const trainingSurrogate: Surrogate = { form: 'triangular', width: 1 };

/** The paper's 19 gradient models in its order. */
export const ensemble: readonly { readonly name: string; readonly surrogate: Surrogate }[] = [
  ...[1, 2, 3, 0.5, 0.25].map((width) => ({
    name: `PCW(${width})`,
    surrogate: { form: 'triangular', width } as const,
  })),
  ...[0.5, 1, 2].map((slope) => ({
    name: `EXP-D(${slope})`,
    surrogate: { form: 'exponential', slope, dampening: 0.3 } as const,
  })),
  ...[0.5, 1, 2].map((slope) => ({
    name: `EXP(${slope})`,
    surrogate: { form: 'exponential', slope, dampening: 1 } as const,
  })),
  ...[0.25, 0.5, 1, 2, 4].map((width) => ({
    name: `RECT(${width})`,
    surrogate: { form: 'rectangular', width } as const,
  })),
  { name: 'STE', surrogate: { form: 'straightThrough' } },
  { name: 'BPTR', surrogate: { form: 'rate' } },
  { name: 'activation', surrogate: { form: 'activation' } },
];
