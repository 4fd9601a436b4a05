import fc from 'fast-check';
import type { Figure, Target, TargetLimits } from '../../schemas/target.js';

const small = (min: number, max: number) => fc.integer({ min, max });

const figure = (value: number): Figure => ({ value, unit: '1', source: 'made up: no chip' });

/** Chips whose cores have compartments to spare and few bytes and output axons: padding saves the ones, relays the others. */
export function crowdedTarget(ideal: Target): fc.Arbitrary<Target> {
  const limits = fc.record({ synapseMemoryPerCore: small(600, 2000), outputAxonsPerCore: small(12, 40) });
  return limits.map(({ synapseMemoryPerCore, outputAxonsPerCore }): Target => {
    const own = { compartmentsPerCore: figure(200), coresPerChip: figure(8), chips: figure(10_000) };
    return {
      ...ideal,
      limits: {
        ...ideal.limits,
        ...own,
        synapseMemoryPerCore: figure(synapseMemoryPerCore),
        outputAxonsPerCore: figure(outputAxonsPerCore),
      },
    };
  });
}

/** Chips whose axons reach one neuron or a few, so that dense layers take a core for each few, and room for their sources. */
export function scatteringTarget(ideal: Target): fc.Arbitrary<Target> {
  const limits = fc.record({ outputAxonsPerCore: fc.constantFrom(400, 4000), coresPerChip: small(8, 40) });
  return limits.map(({ outputAxonsPerCore, coresPerChip }): Target => {
    const own = { wordsPerAxon: figure(1), synapsesPerEntry: figure(1), chips: figure(10_000) };
    return {
      ...ideal,
      limits: {
        ...ideal.limits,
        ...own,
        outputAxonsPerCore: figure(outputAxonsPerCore),
        coresPerChip: figure(coresPerChip),
      },
    };
  });
}

/**
 * Chips with the arithmetic of `ideal` and cores so small that layers spread over many of them and over chips: with and
 * without population axons, with bases that reach everywhere or hardly anywhere, with delays and entries of few bits.
 */
export function crampedTarget(ideal: Target, membraneMax: number): fc.Arbitrary<Target> {
  const limits = fc.record({
    coresPerChip: small(1, 8),
    compartmentsPerCore: small(2, 40),
    synapseMemoryPerCore: fc.constantFrom(256, 512, 2048, 16_384),
    inputAxonsPerCore: fc.constantFrom(24, 64, 300),
    outputAxonsPerCore: fc.constantFrom(6, 12, 40, 400),
    synapseFormatsPerCore: small(6, 8),
    synapsesPerEntry: small(3, 63),
    wordsPerAxon: fc.constantFrom(16, 60, 1000),
    axonBaseMax: fc.constantFrom(0, 3, 10, 100),
  });
  const populationAxon = fc.option(fc.record({ atomsMax: small(2, 9), outputAxons: small(1, 2) }), { nil: null });
  return fc.record({ limits, populationAxon }).map(({ limits: figures, populationAxon: axon }): Target => {
    const own = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, figure(value)]));
    return {
      ...ideal,
      limits: {
        ...ideal.limits,
        ...(own as Partial<TargetLimits>),
        chips: figure(10_000),
        populationAxon:
          axon === null ? null : { atomsMax: figure(axon.atomsMax), outputAxons: figure(axon.outputAxons) },
      },
      arithmetic: { ...ideal.arithmetic, membraneMax },
    };
  });
}
