import type { MapShape } from './tensor.js';

/** Counts of values in equally wide bins from `from` to `to`, both included. */
export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/** Energy by kind of event, in joules per sample; null where the profile has no figure, and then not in any sum. */
export interface EnergySplit {
  readonly axonIn: number | null;
  readonly synapticOperation: number | null;
  readonly neuronUpdateActive: number | null;
  readonly neuronUpdateInactive: number | null;
  readonly spikeOut: number | null;
  readonly messageOut: number | null;
  readonly withinTile: number | null;
  readonly hopEastWest: number | null;
  readonly hopNorthSouth: number | null;
  readonly chipToChip: number | null;
}

/**
 * Energy of all samples together in whole femtojoules, so that parts add up to the total exactly: each of the four ways to
 * split it leaves out `barrier` and `static`, which belong to the chip as a whole. A kind without a figure is 0.
 */
export interface ExactEnergy {
  readonly total: number;
  readonly barrier: number;
  /** 0 with timing off, where it is in no sum. */
  readonly static: number;
  readonly byKind: Readonly<Record<keyof EnergySplit, number>>;
  /** Reading axons and adding weights; updating neurons; making messages of spikes; carrying them. */
  readonly byComponent: {
    readonly synapses: number;
    readonly neurons: number;
    readonly axonsOut: number;
    readonly mesh: number;
  };
  /** In the order of `layers`, and of `coreTable`. */
  readonly byLayer: readonly number[];
  readonly byCore: readonly number[];
}

/** What one population did, means per sample over all steps but where a window is named. */
export interface LayerStatistics {
  readonly name: string;
  readonly kind: 'spiking' | 'readout';
  readonly shape: MapShape;
  readonly neurons: number;
  /** Cores that hold some of its neurons. */
  readonly cores: number;
  /** Inside its window of T steps, and outside it. */
  readonly spikes: number;
  readonly spikesOutside: number;
  /** spikes / (neurons · T). */
  readonly spikeRatePercent: number;
  /** Samples by what their spikes make of neurons · T, 0 to 100 %. */
  readonly spikeRateBySample: Histogram;
  /** Neurons that fired at least once in the window. */
  readonly activeNeuronsPercent: number;
  /** Mean spikes at each step of a sample, [stepsPerSample]. */
  readonly spikesByStep: readonly number[];
  /** Synapses processed for its input; messages made by its spikes. */
  readonly synapticOperations: number;
  readonly messages: number;
  readonly energyJoules: number;
  readonly energyByKind: EnergySplit;
}

/** What one core did, means per sample over all steps, in and outside windows. */
export interface CoreStatistics {
  readonly chip: number;
  readonly core: number;
  readonly layers: readonly string[];
  readonly compartments: number;
  readonly spikes: number;
  readonly synapticOperations: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Links that its messages took. */
  readonly hops: number;
  readonly energyJoules: number;
  /** Time at work: updating and sending, receiving; null with timing off. */
  readonly sendSeconds: number | null;
  readonly receiveSeconds: number | null;
  /** The larger of the two, of the timesteps' total. */
  readonly utilisationPercent: number | null;
}

/** One step of a sample: how long, and what held it up in most samples. */
export interface StepStatistics {
  readonly meanSeconds: number;
  readonly maxSeconds: number;
  /** The same in cycles of the chip's clock; null where it has none, or no known frequency. */
  readonly meanCycles: number | null;
  readonly maxCycles: number | null;
  readonly criticalCore: { readonly chip: number; readonly core: number; readonly samples: number };
  /** null where no message ever left its tile. */
  readonly criticalLink: { readonly link: string; readonly samples: number } | null;
}

/** Statistics of simulated samples: stats.json, validated by stats.schema.json. */
export interface Statistics {
  readonly formatVersion: 1;
  readonly program: string;
  readonly target: string;
  readonly timing: 'cycle' | 'analytic' | 'off';
  readonly energyProfile: string;
  readonly samples: number;
  readonly timesteps: number;
  readonly stepsPerSample: number;
  /** Timesteps from the start of a sample to that of the next; below stepsPerSample samples overlap. */
  readonly sampleInterval: number;
  readonly cores: number;
  readonly chips: number;
  /** Means per sample; spikes and percentages are of spiking neurons inside their windows, the rest of all steps. */
  readonly spikes: number;
  readonly spikesOutside: number;
  readonly spikeRatePercent: number;
  readonly activeNeuronsPercent: number;
  readonly synapticOperations: number;
  readonly messages: number;
  readonly hops: number;
  /** Totals over all samples. */
  readonly saturations: number;
  readonly inputsBeyondMax: number;
  /** From loading to readout; null with timing off. With analytic timing a lower bound. */
  readonly latency: {
    readonly minSeconds: number;
    readonly medianSeconds: number;
    readonly maxSeconds: number;
    /** Samples by latency. */
    readonly distribution: Histogram;
    /** In the order of the samples. */
    readonly perSampleSeconds: readonly number[];
  } | null;
  /**
   * Times in cycles of the chip's clock; null with timing off, where the chip has no clock, or none of known frequency. Not
   * whole numbers where the target's figures do not end with a cycle.
   */
  readonly cycles: {
    readonly clockHertz: number;
    /** From loading to readout. */
    readonly latency: { readonly min: number; readonly median: number; readonly max: number };
    /** Of a sample's timesteps, without the host: mean per sample. */
    readonly running: number;
  } | null;
  /** Of each sample, the parts of the host; null where the target has no figure, and then not in the latency. */
  readonly host: {
    readonly loadSeconds: number | null;
    readonly readoutSeconds: number | null;
    readonly resetSeconds: number | null;
  } | null;
  /** Samples per second, host included: one after another, or overlapping in streams that fill and drain. */
  readonly throughput: number | null;
  readonly energy: {
    readonly joulesPerSample: number;
    readonly byKind: EnergySplit;
    /** null where the profile has no figure: not in the sum then. */
    readonly barrierJoules: number | null;
    /** null without a figure and with timing off: not in the sum then. */
    readonly staticJoules: number | null;
    readonly femtojoules: ExactEnergy;
  };
  readonly layers: readonly LayerStatistics[];
  readonly coreTable: readonly CoreStatistics[];
  /** Over cores, of means per sample. */
  readonly histograms: {
    readonly spikes: Histogram;
    readonly synapticOperations: Histogram;
    readonly messagesIn: Histogram;
    readonly utilisationPercent: Histogram | null;
  };
  readonly steps: readonly StepStatistics[] | null;
  /** The links that carried most messages, at most 32, busiest first. */
  readonly busiestLinks: readonly { readonly link: string; readonly messages: number }[] | null;
  /** Figures that have no public value and counted as nothing. */
  readonly unknownFigures: { readonly timing: readonly string[]; readonly energy: readonly string[] };
}

/** What a fault has struck for good. */
export interface InjectedFault {
  /** Bits flipped in synapse memory, and neurons dead or stuck. */
  readonly flippedBits: number;
  readonly neurons: number;
  /** Pairs of cores ("chip/core") that send messages, none of which arrives. */
  readonly unreachable: readonly { readonly from: string; readonly to: string }[];
}

/** What the samples came to with one fault on the chip; counts are means per sample. */
export interface FaultOutcome extends InjectedFault {
  readonly fault: string;
  /** null of a core or link. */
  readonly rate: number | null;
  readonly seed: number;
  readonly accuracy: { readonly correct: number; readonly total: number; readonly low: number; readonly high: number };
  /** Samples whose class is that of the unfaulted chip. */
  readonly samePredictions: number;
  /** Inside windows. */
  readonly spikes: number;
  readonly synapticOperations: number;
  /** Sent; of them those lost and those late; and the links that all but the lost took. */
  readonly messages: number;
  readonly lost: number;
  readonly late: number;
  readonly hops: number;
}
