import { encode } from 'fast-png';
import { judgePairs } from '../../../runtime/verify/equivalence.js';
import { wilson } from '../../../runtime/wilson.js';
import type { LevelName, Report, ReportLayer, ReportLevel } from '../../../schemas/report.js';

/** A report with plausible figures, for looking at the page; nothing in it was measured. */
export function sampleReport(changes: Partial<Report> = {}): Report {
  const names = ['conv1', 'conv2', 'conv3', 'conv4', 'readout'];
  const layers: ReportLayer[] = names.map((name, index) => ({
    name,
    kind: index === 4 ? 'readout' : 'spiking',
    shape: index === 4 ? [1, 1, 10] : [32 >> index, 32 >> index, 16 << index],
    neurons: index === 4 ? 10 : (32 >> index) ** 2 * (16 << index),
    cores: index === 4 ? 1 : 16 >> index,
    spikesPerSample: index === 4 ? 0 : 5120.25 / (index + 1),
    activeNeuronsPercent: index === 4 ? 0 : 21.5 - 3 * index,
    spikeRatePercent: index === 4 ? 0 : 8.25 - index,
    synopsPerSample: index === 0 ? 0 : 812_345 / index,
    energyJoules: 3.1e-5 / (index + 1),
  }));
  const level = (clean: number, robust: number): ReportLevel => ({
    clean: wilson(clean, 128),
    robust: wilson(robust, 128),
  });
  const predictions = Object.fromEntries(
    (['ann', 'snn', 'spike', 'twin', 'chip'] as const).map((name, index) => [
      name,
      { clean: 3, adversarial: index % 2 ? 5 : 3 },
    ]),
  ) as Record<LevelName, { clean: number; adversarial: number }>;
  return {
    format: 'spikewright/report',
    formatVersion: 1,
    name: 'sample',
    spikewrightVersion: '0.1.0',
    seed: 1,
    dataset: 'cifar10',
    classNames: 'airplane automobile bird cat deer dog frog horse ship truck'.split(' '),
    target: 'loihi1',
    energyProfile: 'davies2018-presilicon',
    timing: 'cycle',
    timesteps: 4,
    samples: 128,
    attack: { method: 'pgd', epsilon: 2 / 255, steps: 10 },
    levels: {
      ann: level(88, 62),
      snn: level(81, 60),
      spike: level(81, 60),
      twin: level(80, 59),
      chip: level(80, 59),
    },
    strengths: [1, 4, 8].map((epsilon) => ({
      method: 'fgsm',
      epsilon: epsilon / 255,
      steps: 1,
      samples: 64,
      robust: {
        ann: wilson(60 - 4 * epsilon, 64),
        snn: wilson(52 - 4 * epsilon, 64),
        spike: wilson(52 - 4 * epsilon, 64),
        twin: wilson(50 - 4 * epsilon, 64),
        chip: wilson(50 - 4 * epsilon, 64),
      },
    })),
    transfer: (['ann', 'snn', 'twin'] as const).flatMap((source, k) =>
      (['ann', 'snn', 'spike', 'twin', 'chip'] as const).map((name, l) => {
        return { source, level: name, robust: wilson(62 + 3 * ((k + 2 * l) % 5), 128) };
      }),
    ),
    members: (['snn', 'twin'] as const).flatMap((source) =>
      ['PCW(1)', 'PCW(2)', 'STE'].map((name, k) => ({ source, name, tried: 128 - 40 * k, fooled: 40 - 15 * k })),
    ),
    comparisons: [
      { levels: ['snn', 'chip'], images: 'clean', ...judgePairs({ total: 128, firstOnly: 3, secondOnly: 2 }, 0.02) },
      {
        levels: ['snn', 'chip'],
        images: 'attacked',
        ...judgePairs({ total: 128, firstOnly: 30, secondOnly: 4 }, 0.02),
      },
      { levels: ['spike', 'twin'], images: 'clean', ...judgePairs({ total: 128, firstOnly: 0, secondOnly: 0 }, 0.05) },
    ],
    spikeAgreement: [
      {
        levels: ['spike', 'twin'],
        samples: 128,
        samplesParted: 101,
        layers: names.slice(0, 4).map((layer, index) => ({
          layer,
          comparedPerTimestep: 128 * 1024,
          differing: [0, 100, 220, 340].map((count) => count * (index + 1)),
        })),
        logitErrorMean: 0.012,
        logitErrorMax: 0.4,
        firstDivergence: { sample: 2, layer: 'conv2', neuron: 17, timestep: 1 },
      },
    ],
    blackBox: {
      queries: 200,
      samples: 128,
      curve: [100, 200].map((queries) => ({ queries, robust: wilson(90 - queries / 10, 128) })),
    },
    spikeMismatches: 0,
    readoutMismatches: 0,
    chip: {
      spikesPerSample: 11_690.57,
      activeNeuronsPercent: 17.25,
      synopsPerSample: 1_692_385,
      timestepsPerSample: 8,
      latencySeconds: 4.2e-4,
      energyJoules: 7.08e-5,
      cores: 31,
      chips: 1,
    },
    layers,
    energyByKind: [
      { kind: 'synapticOperation', joules: 4.0e-5 },
      { kind: 'neuronUpdateActive', joules: 2.5e-5 },
      { kind: 'barrier', joules: null },
    ],
    unknownFigures: { timing: ['hostReadout'], energy: ['barrier'] },
    latencies: Array.from({ length: 128 }, (_, index) => 4e-4 + 2e-6 * ((index * 37) % 29)),
    coreMap: {
      chips: 1,
      columns: 8,
      rows: 4,
      coresPerTile: 4,
      cores: Array.from({ length: 31 }, (_, core) => ({
        chip: 0,
        core,
        layers: [names[core < 16 ? 0 : core < 24 ? 1 : core < 28 ? 2 : core < 30 ? 3 : 4]!],
        compartments: { used: 1024 - 20 * core, limit: 1024 },
        synapseWords: { used: 400 * core, limit: 16_384 },
        axonsIn: { used: 64 * core, limit: 4096 },
        axonsOut: { used: 4096 - 64 * core, limit: 4096 },
        messagesIn: 120 * core,
        messagesOut: 4000.5 - 100 * core,
        synopsPerSample: 50_000 + 310 * core,
        energyJoules: 1e-6 * (1 + ((core * 7) % 31)),
        busyPercent: 20 + 2 * core,
      })),
    },
    links: [
      { link: '(0, 0) east', messages: 812.25 },
      { link: '(1, 0) south', messages: 401 },
      { link: '(2, 0) west', messages: 17 },
    ],
    finetuning: [1, 2, 3].map((epoch) => ({
      thresholds: Object.fromEntries(
        names.slice(0, 4).map((layer, index) => [layer, 0.61 + index / 10 - epoch / (90 + index)]),
      ),
      epoch,
      loss: 2.3 - 0.3 * epoch,
      cleanAccuracy: 0.4 + 0.06 * epoch,
      robustAccuracy: epoch === 2 ? null : 0.3 + 0.04 * epoch,
      learningRate: 0.001 / epoch,
    })),
    thresholds: names.slice(0, 4).map((layer, index) => ({
      layer,
      calibrated: 0.61 + index / 10,
      finetuned: 0.58 + index / 9,
      integer: 4096 * (index + 3),
    })),
    quantisation: names.map((layer, index) => ({
      layer,
      scale: 3210.5 * (index + 1),
      weightMax: 254 * 64,
      distinctWeights: 180 + index,
      weightErrorRms: 0.0042 * (index + 1),
    })),
    examples: [0, 1, 2].map((index) => ({
      index,
      label: 3,
      cleanPng: picture(index),
      adversarialPng: picture(index + 1),
      differencePng: picture(index + 2),
      predictions,
      outputs: {
        clean: Array.from({ length: 10 }, (_, k) => (k === 3 ? 4.25 : 0.5 - k / 3)),
        adversarial: Array.from({ length: 10 }, (_, k) => (k === 5 ? 2.5 : 1 - k / 4)),
      },
    })),
    provenance: {
      engine: 'eager',
      backend: 'wasm',
      node: 'v20.19.0',
      stages: ['import', 'convert', 'finetune', 'compile'].map((stage, index) => ({
        stage,
        file: `${stage}-0123456789ab/${stage}.bin`,
        sha256: `${index}`.repeat(64),
        seconds: 3.2 * (index + 1),
        options: `{"stage":"${stage}"}`,
      })),
    },
    ...changes,
  };
}

/** An 8 × 8 RGB pattern as base64 PNG. */
function picture(seed: number): string {
  const data = Uint8Array.from({ length: 8 * 8 * 3 }, (_, index) => (index * 31 + seed * 67) % 256);
  return Buffer.from(encode({ width: 8, height: 8, data, channels: 3 })).toString('base64');
}
