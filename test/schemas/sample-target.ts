import type { Figure, Target } from '../../schemas/target.js';

const count = (value: number): Figure => ({ value, unit: 'things', source: 'made up' });
const time = (value: number): Figure => ({ value, unit: 'ns', source: 'made up' });
const energy = (value: number): Figure => ({ value, unit: 'pJ', source: 'made up' });
const unknown = (unit: string): Figure => ({ value: null, unit, note: 'not published' });

/** A sound target of made-up figures, one of them unknown. */
export const sampleTarget: Target = {
  formatVersion: 1,
  name: 'sample-chip',
  description: 'A chip that nobody makes.',
  limits: {
    chips: count(2),
    coresPerChip: count(4),
    compartmentsPerCore: count(16),
    synapseMemoryPerCore: count(1024),
    inputAxonsPerCore: count(32),
    outputAxonsPerCore: count(32),
    compartmentProfilesPerCore: count(4),
    thresholdProfilesPerCore: count(4),
    synapseFormatsPerCore: count(7),
    synapsesPerEntry: count(60),
    entryHeaderBits: count(10),
    wordsPerAxon: count(256),
    axonBaseMax: count(256),
    populationAxon: { atomsMax: count(512), outputAxons: count(2) },
    synapseWordBits: count(64),
    delayMax: count(62),
  },
  arithmetic: {
    compare: '>',
    resets: ['hard'],
    membraneMax: 8_388_607,
    inputMax: null,
    decayBits: 12,
    weight: { mantissaMax: 127, step: 2, exponentMax: 7, bits: 8 },
    threshold: { mantissaMax: 131_071, step: 64 },
    bias: { mantissaMax: 4095, exponentMax: 7 },
    biasGate: false,
    perStepTables: false,
    windowReset: false,
  },
  mesh: { columns: 2, rows: 1, coresPerTile: 2, linkBuffer: count(16) },
  timing: {
    clock: 'asynchronous',
    axonIn: time(1),
    synapticOperation: time(1),
    neuronUpdateActive: time(1),
    neuronUpdateInactive: time(1),
    spikeOut: time(1),
    withinTile: time(1),
    hopEastWest: time(1),
    hopNorthSouth: time(1),
    chipToChip: unknown('ns'),
    barrier: [
      { tiles: 1, time: time(100) },
      { tiles: 32, time: time(465) },
    ],
    hostSampleLoad: unknown('us'),
    hostSampleReset: unknown('us'),
    hostReadout: unknown('us'),
  },
  energyProfiles: {
    bench: {
      description: 'Made up.',
      synapticOperation: energy(23.6),
      neuronUpdateActive: energy(81),
      neuronUpdateInactive: energy(52),
      spikeOut: energy(1),
      messageOut: energy(1),
      axonIn: energy(1),
      withinTile: energy(1.7),
      hopEastWest: energy(3),
      hopNorthSouth: energy(4),
      chipToChip: unknown('pJ'),
      barrier: unknown('pJ'),
      staticPower: { value: 104, unit: 'mW', source: 'made up', note: 'one chip' },
    },
  },
  defaultEnergyProfile: 'bench',
};
