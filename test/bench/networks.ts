import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { compileIntegerGraph } from '../../compiler/compile.js';
import type { Program } from '../../schemas/program.js';
import type { Drive, IntegerSpikeGraph, Population, Projection } from '../../schemas/spike.js';
import type { Target } from '../../schemas/target.js';
import type { MapShape } from '../../schemas/tensor.js';
import { elementCount } from '../../schemas/tensor.js';
import { loadTarget } from '../../targets/load.js';

/** A network to measure with: how it is built, and how hard its input neurons are driven. */
interface Plan {
  readonly timesteps: number;
  /** The driven population. */
  readonly input: MapShape;
  /** Convolutions from one population to the next: output grid, kernel, stride, pooling before it, threshold. */
  readonly stages: readonly {
    readonly shape: MapShape;
    readonly kernel: number;
    readonly stride?: number;
    readonly pad?: number;
    readonly pool?: number;
    /** In weights of the largest magnitude; null of the readout. */
    readonly threshold: number | null;
  }[];
  /** Timesteps between the spikes of an input neuron: uniform between these. */
  readonly period: readonly [least: number, most: number];
  readonly limits?: Partial<Record<'compartmentsPerCore' | 'synapseMemoryPerCore', number>>;
}

/**
 * dense-a: 1024 inputs at 10 % into 1024 neurons on 4 cores, 100 steps. conv-b: a 32×32 image in 32 channels, 64 channels
 * at half the size, 64 more, 10 classes, 12 steps. demo: the network of the command of that name.
 */
const plans = {
  'dense-a': {
    timesteps: 100,
    input: [1, 1, 1024],
    stages: [{ shape: [1, 1, 1024], kernel: 1, threshold: null }],
    period: [5, 17],
    limits: { compartmentsPerCore: 256, synapseMemoryPerCore: 1 << 20 },
  },
  'conv-b': {
    timesteps: 12,
    input: [32, 32, 32],
    stages: [
      { shape: [16, 16, 64], kernel: 3, stride: 2, pad: 1, threshold: 8 },
      { shape: [16, 16, 64], kernel: 3, pad: 1, threshold: 7 },
      { shape: [1, 1, 10], kernel: 8, pool: 2, threshold: null },
    ],
    period: [4, 20],
  },
  demo: {
    timesteps: 4,
    input: [32, 32, 16],
    stages: [
      { shape: [16, 16, 48], kernel: 3, pad: 1, pool: 2, threshold: 8 },
      { shape: [8, 8, 96], kernel: 3, pad: 1, pool: 2, threshold: 10 },
      { shape: [1, 1, 10], kernel: 4, pool: 2, threshold: null },
    ],
    period: [2, 20],
  },
} as const satisfies Record<string, Plan>;

export const networkNames = Object.keys(plans) as (keyof typeof plans)[];

/** A network with random weights, compiled for loihi1 (dense-a: for cores large enough that four hold it), and images to run it on. */
export interface Network {
  readonly program: Program;
  /** [samples, H, W, C] */
  readonly images: Float32Array;
}

/** What a membrane gains per unit of the input's pixels: the drive's mantissas are 0 to 4000. */
const driveScale = 4000;

export function buildNetwork(name: keyof typeof plans, samples: number): Network {
  const plan: Plan = plans[name];
  const random = xoroshiro128plus(1);
  const target = limited(loadTarget('loihi1'), plan.limits ?? {});
  const { mantissaMax, step } = target.arithmetic.weight;
  const populations: Population<Int32Array>[] = [population('input', plan.input, 0, driveScale)];
  const projections: Projection<Int32Array>[] = [];
  for (const [index, { shape, kernel, stride = 1, pad = 0, pool = 1, threshold }] of plan.stages.entries()) {
    const from = populations.at(-1)!;
    const taps = [kernel, kernel, from.shape[2], shape[2]] as const;
    const weights = Int32Array.from({ length: elementCount(taps) }, () => {
      return step * uniformInt(random, -mantissaMax, mantissaMax);
    });
    populations.push(
      population(`layer${index}`, shape, index + 1, threshold === null ? null : threshold * mantissaMax * step),
    );
    projections.push({
      name: `into layer${index}`,
      from: from.name,
      to: `layer${index}`,
      delay: 1,
      pool: [pool, pool],
      kernel: { shape: taps, data: weights },
      stride: [stride, stride],
      padding: { top: pad, left: pad, bottom: pad, right: pad },
    });
  }
  const graph: IntegerSpikeGraph = {
    kind: 'spike',
    name,
    timesteps: plan.timesteps,
    populations,
    projections,
    drives: [identityDrive(plan.input)],
    membraneMax: target.arithmetic.membraneMax,
  };
  const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };
  const images = Float32Array.from({ length: samples * elementCount(plan.input) }, () => {
    return 1 / uniformInt(random, ...plan.period);
  });
  return { program: compileIntegerGraph(graph, target, { provenance }).program, images };
}

function limited(target: Target, changes: NonNullable<Plan['limits']>): Target {
  const figures = Object.entries(changes).map(([limit, value]) => {
    const figure = target.limits[limit as keyof typeof changes];
    return [limit, { value, unit: figure.unit, source: 'the workload', note: 'not the chip’s' }];
  });
  return { ...target, limits: { ...target.limits, ...Object.fromEntries(figures) } };
}

/** Threshold null: a readout. */
function population(name: string, shape: MapShape, phase: number, threshold: number | null): Population<Int32Array> {
  const table = (value: number) => ({ rows: 1, columns: 1, data: Int32Array.of(value) });
  return {
    name,
    kind: threshold === null ? 'readout' : 'spiking',
    shape,
    phase,
    reset: 'hard',
    decay: table(0),
    threshold: table(threshold ?? 0),
    bias: table(0),
    scale: 1,
  };
}

/** Each pixel drives its own neuron: a 1×1 convolution with the identity. */
function identityDrive(inputShape: MapShape): Drive {
  const channels = inputShape[2];
  const data = new Float32Array(channels * channels);
  for (let c = 0; c < channels; c++) data[c * (channels + 1)] = 1;
  return {
    population: 'input',
    inputShape,
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
    kernel: { shape: [1, 1, channels, channels], data },
    bias: new Float32Array(channels),
    stride: [1, 1],
    padding: { top: 0, bottom: 0, left: 0, right: 0 },
    scale: driveScale,
    grid: { mantissaMax: 4095, exponent: 0 },
  };
}
