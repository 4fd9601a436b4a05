import type { MapShape } from './tensor.js';

/** How many of how many, with the bounds of a 95 % confidence interval for the share, in [0, 1]. */
export interface ReportProportion {
  readonly correct: number;
  readonly total: number;
  readonly low: number;
  readonly high: number;
}

/** Accuracy on clean images, and on those crafted against the level itself. */
export interface ReportLevel {
  readonly clean: ReportProportion;
  readonly robust: ReportProportion;
}

/**
 * The levels at which a network is measured, in the order of the pipeline: the ANN, the SNN, the float spike graph, its
 * integer twin, the simulated chip.
 */
export type LevelName = 'ann' | 'snn' | 'spike' | 'twin' | 'chip';

/** The levels that gradients are taken of; the spike graph computes what the SNN does, the chip what the twin does. */
export type SourceName = 'ann' | 'snn' | 'twin';

/** The accuracy of one level on the images that were crafted against another. */
export interface ReportTransfer {
  readonly source: SourceName;
  readonly level: LevelName;
  readonly robust: ReportProportion;
}

/** Accuracy of every level under an attack beside the main one, each crafted against the level itself. */
export interface ReportStrength {
  readonly method: string;
  readonly epsilon: number;
  readonly steps: number;
  readonly samples: number;
  readonly robust: Readonly<Record<LevelName, ReportProportion>>;
}

/** What a gradient model of the ensemble did to the samples that those before it had not fooled. */
export interface ReportMember {
  readonly source: SourceName;
  readonly name: string;
  readonly tried: number;
  readonly fooled: number;
}

/** Two levels on the same samples, each under attack by its own adversary (`attacked`) or not (`clean`). */
export interface ReportComparison {
  readonly levels: readonly [LevelName, LevelName];
  readonly images: 'clean' | 'attacked';
  readonly total: number;
  /** Samples that the first level alone has right. */
  readonly firstOnly: number;
  readonly secondOnly: number;
  /** The first level's accuracy less the second's, and its 95 % score interval (Tango 1998). */
  readonly difference: number;
  readonly interval: { readonly low: number; readonly high: number };
  /** Of McNemar's exact test, two-sided. */
  readonly pValue: number;
  /** The difference of accuracies that does not matter. */
  readonly margin: number;
  readonly verdict: 'equivalent' | 'different' | 'not enough samples';
  /** How many more samples would settle it if they went on falling as they have; 0 where it is settled. */
  readonly samplesNeeded: number;
}

/** Where a spike of two levels first differs: the earliest in the first sample that has one. */
export interface ReportDivergence {
  readonly sample: number;
  readonly layer: string;
  /** (y·W + x)·C + c. */
  readonly neuron: number;
  readonly timestep: number;
}

/** How far two levels fire alike on the same clean images. */
export interface ReportSpikeAgreement {
  readonly levels: readonly [LevelName, LevelName];
  readonly samples: number;
  /** Samples in which any spike differs. */
  readonly samplesParted: number;
  readonly layers: readonly {
    readonly layer: string;
    /** Neurons times samples. */
    readonly comparedPerTimestep: number;
    /** Of these, by timestep. */
    readonly differing: readonly number[];
  }[];
  /** Of |first − second| over all logits. */
  readonly logitErrorMean: number;
  readonly logitErrorMax: number;
  readonly firstDivergence: ReportDivergence | null;
}

/** Random search with the simulated chip as its oracle: no gradients at all. */
export interface ReportBlackBox {
  /** The most queries per sample. */
  readonly queries: number;
  readonly samples: number;
  /** Accuracy after so many queries. */
  readonly curve: readonly { readonly queries: number; readonly robust: ReportProportion }[];
}

/** Means per sample of a population on the chip. Energies in joules, null where the target's figures are unknown. */
export interface ReportLayer {
  readonly name: string;
  readonly kind: 'spiking' | 'readout';
  readonly shape: MapShape;
  readonly neurons: number;
  readonly cores: number;
  readonly spikesPerSample: number;
  /** Share of the neurons that fire at least once in a sample. */
  readonly activeNeuronsPercent: number;
  /** Spikes per neuron and timestep of the window. */
  readonly spikeRatePercent: number;
  /** Synaptic operations that the layer's input causes. */
  readonly synopsPerSample: number;
  readonly energyJoules: number | null;
}

/** How much of a core's resource is in use. */
export interface ReportUse {
  readonly used: number;
  readonly limit: number;
}

/** What the compiler put on a core. */
export interface ReportFilling {
  readonly chip: number;
  readonly core: number;
  /** The populations that have neurons on it. */
  readonly layers: readonly string[];
  readonly compartments: ReportUse;
  readonly synapseWords: ReportUse;
  readonly axonsIn: ReportUse;
  readonly axonsOut: ReportUse;
}

/** A core, and what it did: means per sample. */
export interface ReportCore extends ReportFilling {
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly synopsPerSample: number;
  /** Of its events that have a public figure. */
  readonly energyJoules: number;
  /** Time at work, of the sample's time; null with timing off. */
  readonly busyPercent: number | null;
}

/** The chips that a network lies on. */
export interface ReportMesh {
  readonly chips: number;
  /** Tiles from west to east, and from north to south. */
  readonly columns: number;
  readonly rows: number;
  readonly coresPerTile: number;
  /** Chips in a row of the board, where there is more than one row. */
  readonly chipsPerRow?: number;
}

/** A test image, its adversarial twin, and what each level made of both (class numbers). PNG files as base64. */
export interface ReportExample {
  readonly index: number;
  readonly label: number;
  readonly cleanPng: string;
  readonly adversarialPng: string;
  /** The difference, scaled so that ±ε spans the range. */
  readonly differencePng: string;
  readonly predictions: Readonly<Record<LevelName, { readonly clean: number; readonly adversarial: number }>>;
  /** The chip's readout of every class, in units of the trained network's logits. */
  readonly outputs: { readonly clean: readonly number[]; readonly adversarial: readonly number[] };
}

/** One finished run of the pipeline: all that the HTML report shows. Unknown figures are null. */
export interface Report {
  readonly format: 'spikewright/report';
  readonly formatVersion: 1;
  readonly name: string;
  readonly spikewrightVersion: string;
  readonly seed: number;
  readonly dataset: string;
  readonly classNames: readonly string[];
  readonly target: string;
  readonly energyProfile: string;
  readonly timing: 'off' | 'analytic' | 'cycle';
  /** T. */
  readonly timesteps: number;
  readonly samples: number;
  readonly attack: { readonly method: string; readonly epsilon: number; readonly steps: number };
  readonly levels: Readonly<Record<LevelName, ReportLevel>>;
  /** Under further attacks and radii; empty where none were asked for. */
  readonly strengths: readonly ReportStrength[];
  /** Every adversary against every level; its own among them. */
  readonly transfer: readonly ReportTransfer[];
  /** In the order in which they are tried, of the spiking sources. */
  readonly members: readonly ReportMember[];
  readonly comparisons: readonly ReportComparison[];
  /** Of neighbouring levels that spike; twin and chip are compared without tolerance. */
  readonly spikeAgreement: readonly ReportSpikeAgreement[];
  readonly blackBox: ReportBlackBox | null;
  readonly spikeMismatches: number;
  readonly readoutMismatches: number;
  /** Means per sample; latency and energy null where the target's figures are unknown or timing was off. */
  readonly chip: {
    readonly spikesPerSample: number;
    readonly activeNeuronsPercent: number;
    readonly synopsPerSample: number;
    readonly timestepsPerSample: number;
    readonly latencySeconds: number | null;
    readonly energyJoules: number | null;
    readonly cores: number;
    readonly chips: number;
  };
  readonly layers: readonly ReportLayer[];
  /** Mean per sample by kind of event; null where the target's figure is unknown. */
  readonly energyByKind: readonly { readonly kind: string; readonly joules: number | null }[];
  /** Figures of the target without a public value, which count as nothing: times and energies are then lower bounds. */
  readonly unknownFigures: { readonly timing: readonly string[]; readonly energy: readonly string[] };
  /** One per sample, in seconds. */
  readonly latencies: readonly number[];
  readonly coreMap: ReportMesh & { readonly cores: readonly ReportCore[] };
  /** The links of the mesh that carried most messages, busiest first, means per sample; null with timing off. */
  readonly links: readonly { readonly link: string; readonly messages: number }[] | null;
  readonly finetuning: readonly {
    readonly epoch: number;
    readonly loss: number;
    readonly cleanAccuracy: number | null;
    readonly robustAccuracy: number | null;
    readonly learningRate: number;
    /** By neuron layer, in units of the trained network; absent where it was not kept. */
    readonly thresholds?: Readonly<Record<string, number>>;
  }[];
  /** `calibrated` and `finetuned` in units of the trained network, `integer` in membrane units of the chip. */
  readonly thresholds: readonly {
    readonly layer: string;
    readonly calibrated: number;
    readonly finetuned: number;
    readonly integer: number;
  }[];
  readonly quantisation: readonly {
    readonly layer: string;
    /** Membrane units per unit of the trained network. */
    readonly scale: number;
    /** Largest absolute weight, in membrane units. */
    readonly weightMax: number;
    readonly distinctWeights: number;
    /** Root mean square of (quantised/scale − weight), relative to that of the weights. */
    readonly weightErrorRms: number;
    /** On calibration images, as the two after it; null without them, the agreement also of a readout. */
    readonly inputSqnrDecibels?: number | null;
    /** Neurons and timesteps at which the float network and the integers agree. */
    readonly spikeAgreementPercent?: number | null;
    readonly saturationPercent?: number | null;
  }[];
  readonly examples: readonly ReportExample[];
  readonly provenance: {
    readonly engine: string;
    readonly backend: string;
    readonly node: string;
    readonly stages: readonly {
      readonly stage: string;
      readonly file: string;
      readonly sha256: string;
      readonly seconds: number;
      /** As JSON text. */
      readonly options: string;
    }[];
  };
}
