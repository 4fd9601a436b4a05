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
  readonly limits?: Partial<Record<'compartmentsPerCore' | 'synapseMemoryPerCore' | 'inputAxonsPerCore', number>>;
  readonly target: 'loihi1' | 'loihi2';
}

/**
 * dense-a: 1024 inputs at 10 % into 1024 neurons on 4 cores, 100 steps. conv-b: a 32×32 image in 32 channels, 64 channels
 * at half the size, 64 more, 10 classes, 12 steps. demo: the network of the command of that name. vgg11: the network of
 * that name behind its first convolution, its thresholds such that about
 * 6.5 % of all neurons fire in a step, more in the first layers than in the last, as in a trained network. chain-64 and chain-128: three convolutions of as many channels.
 */
const plans = {
  'dense-a': {
    timesteps: 100,
    input: [1, 1, 1024],
    stages: [{ shape: [1, 1, 1024], kernel: 1, threshold: null }],
    period: [5, 17],
    target: 'loihi1',
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
    target: 'loihi1',
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
    target: 'loihi1',
  },
  vgg11: {
    timesteps: 8,
    input: [32, 32, 64],
    stages: [
      { shape: [16, 16, 128], kernel: 3, pad: 1, pool: 2, threshold: 14.8 },
      { shape: [16, 16, 256], kernel: 3, pad: 1, threshold: 15.2 },
      { shape: [8, 8, 512], kernel: 3, pad: 1, pool: 2, threshold: 51.4 },
      { shape: [8, 8, 512], kernel: 3, pad: 1, threshold: 19.2 },
      { shape: [8, 8, 512], kernel: 3, pad: 1, threshold: 15.7 },
      { shape: [4, 4, 512], kernel: 3, pad: 1, pool: 2, threshold: 38.1 },
      { shape: [4, 4, 512], kernel: 3, pad: 1, threshold: 12.5 },
      { shape: [1, 1, 4096], kernel: 4, threshold: 18.4 },
      { shape: [1, 1, 4096], kernel: 1, threshold: 12.6 },
      { shape: [1, 1, 10], kernel: 1, threshold: null },
    ],
    period: [4, 8],
    target: 'loihi2',
  },
  'chain-64': chainPlan(64, [5, 5, 5.5]),
  'chain-128': chainPlan(128, [7, 7, 7.5]),
  'flat-1e6': flatPlan(1024, 15),
  'flat-1e7': flatPlan(1024, 100),
  'flat-1e8': flatPlan(2048, 240),
  'flat-1e9': flatPlan(4096, 600),
} as const satisfies Record<string, Plan>;

/** Convolutions like those in the middle of vgg11, of as many channels each, some 6.5 % of whose neurons fire in a step. */
function chainPlan(channels: number, thresholds: readonly number[]): Plan {
  return {
    timesteps: 12,
    input: [16, 16, channels],
    stages: [
      ...thresholds.map((threshold) => ({ shape: [16, 16, channels] as const, kernel: 3, pad: 1, threshold })),
      { shape: [1, 1, 10], kernel: 4, pool: 4, threshold: null },
    ],
    period: [4, 20],
    target: 'loihi2',
  };
}

/** A layer like that of dense-a, of `width` neurons from as many. */
function flatPlan(width: number, timesteps: number): Plan {
  return {
    timesteps,
    input: [1, 1, width],
    stages: [{ shape: [1, 1, width], kernel: 1, threshold: null }],
    period: [5, 17],
    limits: { synapseMemoryPerCore: 1 << 24, inputAxonsPerCore: 1 << 13 },
    target: 'loihi1',
  };
}

export type NetworkName = keyof typeof plans;

export const networkNames = Object.keys(plans) as NetworkName[];

/** Images of each network: as many are simulated in one thread, and in several, which take a while to start. */
export const imageCounts: Readonly<Record<NetworkName, readonly [one: number, several: number]>> = {
  'dense-a': [2, 256],
  'conv-b': [2, 64],
  demo: [4, 256],
  vgg11: [2, 16],
  'chain-64': [2, 64],
  'chain-128': [2, 32],
  'flat-1e6': [1, 1],
  'flat-1e7': [1, 1],
  'flat-1e8': [1, 1],
  'flat-1e9': [1, 1],
};

/** A network with random weights, compiled for its target (dense-a: with cores large enough that four hold it), and images to run it on. */
export interface Network {
  readonly program: Program;
  /** [samples, H, W, C] */
  readonly images: Float32Array;
}

/** What a membrane gains per unit of the input's pixels: the drive's mantissas are 0 to 4000. */
const driveScale = 4000;

export function buildNetwork(name: NetworkName): Network {
  const plan: Plan = plans[name];
  const random = xoroshiro128plus(1);
  const target = limited(loadTarget(plan.target), plan.limits ?? {});
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
      population(
        `layer${index}`,
        shape,
        index + 1,
        threshold === null ? null : Math.round(threshold * mantissaMax * step),
      ),
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
  const samples = Math.max(...imageCounts[name]);
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
