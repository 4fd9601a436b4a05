/**
 * A chip figure with where it was found, and when that was published or, of a repository, last changed before it was
 * read ("2018", "2018-01", "2018-01-30"); `value` is null where no public source exists, and `note` says so.
 */
export type Figure =
  | {
      readonly value: number;
      readonly unit: string;
      readonly source: string;
      readonly date?: string;
      readonly note?: string;
    }
  | { readonly value: null; readonly unit: string; readonly note: string };

/** What a chip can hold. */
export interface TargetLimits {
  /** Chips on the largest board. */
  readonly chips: Figure;
  readonly coresPerChip: Figure;
  readonly compartmentsPerCore: Figure;
  /** Bytes. */
  readonly synapseMemoryPerCore: Figure;
  readonly inputAxonsPerCore: Figure;
  readonly outputAxonsPerCore: Figure;
  /** Distinct (threshold, reset, decay) combinations. */
  readonly compartmentProfilesPerCore: Figure;
  readonly thresholdProfilesPerCore: Figure;
  readonly synapseFormatsPerCore: Figure;
  /** Synapses in one packed entry. */
  readonly synapsesPerEntry: Figure;
  /** Bits of an entry before its synapses. */
  readonly entryHeaderBits: Figure;
  /** Synapse memory words that one input axon, or one atom of a population axon, may own. */
  readonly wordsPerAxon: Figure;
  /** Largest base compartment of an input axon; the smallest is 0. */
  readonly axonBaseMax: Figure;
  /**
   * Population axons, whose spikes carry an atom that picks the synapses: how many atoms an input axon tells apart, and
   * the output axons that one entry to it takes (its input axon takes 1). Null where the chip has only discrete axons.
   */
  readonly populationAxon: { readonly atomsMax: Figure; readonly outputAxons: Figure } | null;
  /** Bits of a synapse memory word. */
  readonly synapseWordBits: Figure;
  /** Timesteps. */
  readonly delayMax: Figure;
}

/** The chip's arithmetic: the grids a graph is quantised to. All magnitudes in membrane units. */
export interface TargetArithmetic {
  /** Where all of it was found, when, and what in it is the model's own. */
  readonly source?: string;
  readonly date?: string;
  /** The chip fires on v > θ or v ≥ θ; with '>' the compiler stores θ − 1. */
  readonly compare: '>' | '>=';
  readonly resets: readonly ('hard' | 'soft')[];
  /** Magnitude at which the membrane saturates. */
  readonly membraneMax: number;
  /** Bound on the magnitude of one step's summed input, where all tools agree; null for none. */
  readonly inputMax: number | null;
  readonly decayBits: number;
  /** A weight is mantissa·step·2^exponent, |mantissa| ≤ mantissaMax, exponent in [0, exponentMax]. */
  readonly weight: {
    readonly mantissaMax: number;
    readonly step: number;
    readonly exponentMax: number;
    readonly bits: number;
  };
  /** A threshold is mantissa·step, 1 ≤ mantissa ≤ mantissaMax. */
  readonly threshold: { readonly mantissaMax: number; readonly step: number };
  /** A per-neuron constant current is mantissa·2^exponent; null where the chip has none. */
  readonly bias: { readonly mantissaMax: number; readonly exponentMax: number } | null;
  /** True where a bias can be confined to the population's window; else it arrives on an axon driven once per step. */
  readonly biasGate: boolean;
  /** True where parameters may change by timestep. */
  readonly perStepTables: boolean;
  /** True where a population's membranes can be cleared while other populations go on: what pipelining samples takes. */
  readonly windowReset: boolean;
}

/** Tiles of cores on a mesh; packets go east-west first, then north-south. */
export interface TargetMesh {
  /** Where the shape was found, when, and what in it is the model's own. */
  readonly source?: string;
  readonly date?: string;
  readonly columns: number;
  readonly rows: number;
  readonly coresPerTile: number;
  /**
   * Chips of a board side by side; the next stand south of them, row after row, and links leave a chip on all four sides.
   * Without it, or where nobody published it (null), all chips of a board stand in one row.
   */
  readonly chipsPerRow?: Figure;
  /** Messages a link can hold before it blocks its sender. */
  readonly linkBuffer: Figure;
}

/** Durations of the events that the simulator times. Picoseconds are derived from the figure's own unit. */
export interface TargetTiming {
  readonly clock: 'asynchronous' | 'clocked';
  /** Of a clocked chip. */
  readonly clockFrequency?: Figure;
  /** Reading an input axon's entry. */
  readonly axonIn: Figure;
  readonly synapticOperation: Figure;
  readonly neuronUpdateActive: Figure;
  readonly neuronUpdateInactive: Figure;
  /** Making one outgoing message of a spike. */
  readonly spikeOut: Figure;
  /** A message inside its tile. */
  readonly withinTile: Figure;
  readonly hopEastWest: Figure;
  readonly hopNorthSouth: Figure;
  readonly chipToChip: Figure;
  /** The barrier that ends a timestep, by number of tiles in use: piecewise linear between the given points. */
  readonly barrier: readonly { readonly tiles: number; readonly time: Figure }[];
  readonly hostSampleLoad: Figure;
  readonly hostSampleReset: Figure;
  readonly hostReadout: Figure;
}

/** Energy per event. Profiles are never mixed: a run uses exactly one. */
export interface EnergyProfile {
  readonly description: string;
  readonly synapticOperation: Figure;
  readonly neuronUpdateActive: Figure;
  readonly neuronUpdateInactive: Figure;
  readonly spikeOut: Figure;
  readonly messageOut: Figure;
  readonly axonIn: Figure;
  readonly withinTile: Figure;
  readonly hopEastWest: Figure;
  readonly hopNorthSouth: Figure;
  readonly chipToChip: Figure;
  readonly barrier: Figure;
  /** Power of one chip in use. */
  readonly staticPower: Figure;
}

/** A chip description: one JSON file, validated by target.schema.json. */
export interface Target {
  readonly formatVersion: 1;
  readonly name: string;
  readonly description: string;
  readonly limits: TargetLimits;
  readonly arithmetic: TargetArithmetic;
  readonly mesh: TargetMesh;
  readonly timing: TargetTiming;
  readonly energyProfiles: Readonly<Record<string, EnergyProfile>>;
  readonly defaultEnergyProfile: string;
}
