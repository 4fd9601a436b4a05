import type { Figure, Target, TargetArithmetic, TargetMesh, TargetTiming } from '../../schemas/target.js';

export function figure(value: number, unit: string): Figure {
  return { value, unit, source: 'made for tests' };
}

export function unknownFigure(unit: string): Figure {
  return { value: null, unit, note: 'not published' };
}

/** Durations that are easy to tell apart in a sum; the barrier takes 1 µs whatever the number of tiles. */
const timing: TargetTiming = {
  clock: 'asynchronous',
  axonIn: figure(2, 'ns'),
  synapticOperation: figure(3, 'ns'),
  neuronUpdateActive: figure(8, 'ns'),
  neuronUpdateInactive: figure(5, 'ns'),
  spikeOut: figure(10, 'ns'),
  withinTile: figure(4, 'ns'),
  hopEastWest: figure(20, 'ns'),
  hopNorthSouth: figure(30, 'ns'),
  chipToChip: figure(100, 'ns'),
  barrier: [{ tiles: 1, time: figure(1, 'us') }],
  hostSampleLoad: figure(7, 'us'),
  hostSampleReset: figure(5, 'us'),
  hostReadout: figure(3, 'us'),
};

const arithmetic: TargetArithmetic = {
  compare: '>=',
  resets: ['hard', 'soft'],
  membraneMax: 8_388_607,
  inputMax: null,
  decayBits: 12,
  weight: { mantissaMax: 127, step: 1, exponentMax: 7, bits: 8 },
  threshold: { mantissaMax: 131_071, step: 1 },
  bias: { mantissaMax: 4095, exponentMax: 7 },
  biasGate: true,
  perStepTables: true,
  windowReset: true,
};

/** One chip of 4 × 2 tiles of 2 cores; up to 3 chips. Energies are powers of ten in pJ, so that a sum shows its counts. */
export function tinyTarget(
  changes: {
    readonly arithmetic?: Partial<TargetArithmetic>;
    readonly timing?: Partial<TargetTiming>;
    readonly mesh?: Partial<TargetMesh>;
    readonly limits?: Partial<Target['limits']>;
  } = {},
): Target {
  return {
    formatVersion: 1,
    name: 'tiny',
    description: 'A chip for tests',
    limits: {
      chips: figure(3, 'chips'),
      coresPerChip: figure(16, 'cores'),
      compartmentsPerCore: figure(64, 'compartments'),
      synapseMemoryPerCore: figure(4096, 'B'),
      inputAxonsPerCore: figure(64, 'axons'),
      outputAxonsPerCore: figure(256, 'axons'),
      compartmentProfilesPerCore: figure(8, 'profiles'),
      thresholdProfilesPerCore: figure(8, 'profiles'),
      synapseFormatsPerCore: figure(6, 'formats'),
      synapsesPerEntry: figure(60, 'synapses'),
      entryHeaderBits: figure(10, 'bit'),
      wordsPerAxon: figure(256, 'words'),
      axonBaseMax: figure(63, 'compartments'),
      populationAxon: { atomsMax: figure(8, 'atoms'), outputAxons: figure(2, 'axons') },
      synapseWordBits: figure(64, 'bit'),
      delayMax: figure(8, 'timesteps'),
      ...changes.limits,
    },
    arithmetic: { ...arithmetic, ...changes.arithmetic },
    mesh: { columns: 4, rows: 2, coresPerTile: 2, linkBuffer: figure(16, 'messages'), ...changes.mesh },
    timing: { ...timing, ...changes.timing },
    energyProfiles: {
      tens: {
        description: 'powers of ten',
        axonIn: figure(1, 'pJ'),
        synapticOperation: figure(10, 'pJ'),
        neuronUpdateActive: figure(100, 'pJ'),
        neuronUpdateInactive: figure(1, 'nJ'),
        spikeOut: figure(10, 'nJ'),
        messageOut: figure(100, 'nJ'),
        withinTile: figure(1, 'uJ'),
        hopEastWest: figure(10, 'uJ'),
        hopNorthSouth: figure(100, 'uJ'),
        chipToChip: figure(1, 'mJ'),
        barrier: figure(10, 'mJ'),
        staticPower: figure(1, 'mW'),
      },
      unpublished: {
        description: 'nothing known but synapses',
        axonIn: unknownFigure('pJ'),
        synapticOperation: figure(23.6, 'pJ'),
        neuronUpdateActive: unknownFigure('pJ'),
        neuronUpdateInactive: unknownFigure('pJ'),
        spikeOut: unknownFigure('pJ'),
        messageOut: unknownFigure('pJ'),
        withinTile: unknownFigure('pJ'),
        hopEastWest: unknownFigure('pJ'),
        hopNorthSouth: unknownFigure('pJ'),
        chipToChip: unknownFigure('pJ'),
        barrier: unknownFigure('pJ'),
        staticPower: unknownFigure('W'),
      },
    },
    defaultEnergyProfile: 'tens',
  };
}
