import type { LevelName, ReportDivergence, ReportSpikeAgreement } from '../../schemas/report.js';

/** What one level did with N samples. */
export interface LevelRecord {
  /** [N, classes]. */
  readonly logits: Float32Array;
  /** By spiking layer: [T·N, neurons], time-major. */
  readonly spikes: ReadonlyMap<string, Uint8Array>;
}

/** Sums over samples, to be merged over batches in any grouping: plain data. */
export interface SpikeAgreement {
  readonly levels: readonly [LevelName, LevelName];
  readonly samples: number;
  /** Samples in which any spike differs. */
  readonly parted: number;
  /** Layers in the order of the network. */
  readonly layers: readonly LayerAgreement[];
  /** Σ and maximum of |first − second| over logits. */
  readonly logits: { readonly count: number; readonly sum: number; readonly max: number };
  readonly firstDivergence: ReportDivergence | null;
}

interface LayerAgreement {
  readonly layer: string;
  /** Spikes compared at each timestep, neurons × samples. */
  readonly comparedPerTimestep: number;
  /** By timestep. */
  readonly differing: readonly number[];
}

/**
 * Compares two levels on the same N samples; `samples` numbers them. Layers are those of `order`, which both recorded
 * under these names; of a layer's neurons the order is the same at every level.
 */
export function compareSpikes(
  levels: readonly [LevelName, LevelName],
  order: readonly string[],
  timesteps: number,
  samples: ArrayLike<number>,
  first: LevelRecord,
  second: LevelRecord,
): SpikeAgreement {
  const batch = samples.length;
  const parted = new Uint8Array(batch);
  let earliest: { readonly n: number; readonly t: number; readonly layer: string; readonly neuron: number } | null =
    null;
  const layers = order.map((layer): LayerAgreement => {
    const a = first.spikes.get(layer)!;
    const b = second.spikes.get(layer)!;
    const width = a.length / timesteps;
    const neurons = width / batch;
    const differing = new Array<number>(timesteps).fill(0);
    for (let t = 0, k = 0; t < timesteps; t += 1) {
      for (let n = 0; n < batch; n += 1) {
        for (let neuron = 0; neuron < neurons; neuron += 1, k += 1) {
          if (a[k] === b[k]) continue;
          differing[t]! += 1;
          parted[n] = 1;
          if (earliest === null || n < earliest.n || (n === earliest.n && t < earliest.t)) {
            earliest = { n, t, layer, neuron };
          }
        }
      }
    }
    return { layer, comparedPerTimestep: width, differing };
  });
  let sum = 0;
  let max = 0;
  for (const [k, logit] of first.logits.entries()) {
    const distance = Math.abs(logit - second.logits[k]!);
    sum += distance;
    max = Math.max(max, distance);
  }
  return {
    levels,
    samples: batch,
    parted: parted.reduce((count, flag) => count + flag, 0),
    layers,
    logits: { count: first.logits.length, sum, max },
    firstDivergence: divergence(earliest, samples),
  };
}

function divergence(
  earliest: { readonly n: number; readonly t: number; readonly layer: string; readonly neuron: number } | null,
  samples: ArrayLike<number>,
): ReportDivergence | null {
  if (earliest === null) return null;
  const { n, t, layer, neuron } = earliest;
  return { sample: samples[n]!, layer, neuron, timestep: t };
}

/** The agreement over both sets of samples, of the same levels and layers; `earlier`'s first divergence before `later`'s. */
export function mergeAgreements(earlier: SpikeAgreement, later: SpikeAgreement): SpikeAgreement {
  return {
    levels: earlier.levels,
    samples: earlier.samples + later.samples,
    parted: earlier.parted + later.parted,
    layers: earlier.layers.map(({ layer, comparedPerTimestep, differing }, index) => {
      const other = later.layers[index]!;
      return {
        layer,
        comparedPerTimestep: comparedPerTimestep + other.comparedPerTimestep,
        differing: differing.map((count, t) => count + other.differing[t]!),
      };
    }),
    logits: {
      count: earlier.logits.count + later.logits.count,
      sum: earlier.logits.sum + later.logits.sum,
      max: Math.max(earlier.logits.max, later.logits.max),
    },
    firstDivergence: earlier.firstDivergence ?? later.firstDivergence,
  };
}

/** As reports show it. */
export function reportAgreement({
  levels,
  samples,
  parted,
  layers,
  logits,
  firstDivergence,
}: SpikeAgreement): ReportSpikeAgreement {
  return {
    levels,
    samples,
    samplesParted: parted,
    layers: layers.map(({ layer, comparedPerTimestep, differing }) => ({
      layer,
      comparedPerTimestep,
      differing,
    })),
    logitErrorMean: logits.count === 0 ? 0 : logits.sum / logits.count,
    logitErrorMax: logits.max,
    firstDivergence,
  };
}
