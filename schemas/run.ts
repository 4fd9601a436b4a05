/** The backends that a run can ask for; 'auto' takes the best that starts. */
export type BackendName = 'auto' | 'tensorflow-gpu' | 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';

/** A run configuration with every default filled in: one JSON file, validated by run.schema.json, which documents it. */
export interface RunConfig {
  readonly formatVersion: 1;
  readonly dataset: RunDataset;
  /** Path of the ANN (ONNX or .swa). */
  readonly model: string;
  /** Of a model that does not normalise its input itself; null where it does. */
  readonly normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] } | null;
  readonly seed: number;
  /** T. */
  readonly timesteps: number;
  /** 'auto' prefers the compiled one, unless a backend is named. */
  readonly engine: 'auto' | 'compiled' | 'eager';
  /** Of the eager engine. */
  readonly backend: BackendName;
  /** Of the compiled engine, for conversion and finetuning; 'auto' takes a GPU that is no software one. */
  readonly device: 'auto' | 'gpu' | 'cpu';
  readonly convert: RunConvert;
  readonly finetune: RunFinetune & { readonly qat: RunQat | null };
  readonly compile: {
    readonly target: string;
    /** Fewer bits of a weight than the target has; null for its own. */
    readonly weightBits: number | null;
    readonly placementSeed: number;
    readonly energyProfile: string | null;
    /** Training images that weights are rounded by; 0 for none. */
    readonly calibrationImages: number;
  };
  readonly simulate: { readonly timing: 'off' | 'analytic' | 'cycle'; readonly samples: number };
  readonly attack: RunAttack;
  /** Path of a budget file; null for none. */
  readonly budget: string | null;
  /** Folder of the run's artefacts. */
  readonly out: string;
}

export interface RunDataset {
  readonly name: string;
  readonly dataDir: string | null;
  /** Calibration and finetuning use only the first so many training images; null for all. */
  readonly trainSamples: number | null;
}

/** Conversion: how thresholds are found, and what neurons the network gets. */
export interface RunConvert {
  /** Timesteps of a calibration pass. */
  readonly calibrationSteps: number;
  readonly batches: number;
  readonly batchSize: number;
  /** Of the pre-activations, in (0, 100]. */
  readonly percentile: number;
  /** Factor on the thresholds found, for T far below `calibrationSteps`. */
  readonly scale: number;
  /** In (0, 1]; 1 is an IF neuron. */
  readonly leak: number;
  readonly reset: 'hard' | 'soft';
  /** Batches on which norm statistics are measured after calibration; 0 leaves them to finetuning. */
  readonly statisticsBatches: number;
}

/** Robust finetuning: CE(f(x), y) + beta·KL(f(x̃) ‖ f(x)) by momentum SGD. */
export interface RunFinetune {
  readonly epochs: number;
  /** Ends the training after so many steps; null for none. */
  readonly steps: number | null;
  readonly batchSize: number;
  /** What the training attack raises. */
  readonly innerLoss: 'divergence' | 'cross-entropy';
  /** What is learnt from: clean images and examples, examples alone, clean images alone. */
  readonly outerLoss: 'robust' | 'adversarial' | 'natural';
  /** Whether thresholds stay as calibration left them. */
  readonly fixedThresholds: boolean;
  readonly beta: number;
  /** In pixel units of [0, 1], as `alpha`. */
  readonly epsilon: number;
  readonly alpha: number;
  readonly learningRate: number;
  /** Whether the rate falls between epochs or at every step. */
  readonly schedule: 'epoch' | 'step';
  readonly momentum: number;
  readonly weightDecay: number;
  /** Batches on which norm statistics are measured anew at the end; 0 keeps the running ones. */
  readonly statisticsBatches: number;
}

/** Quantisation-aware finetuning: what goes on, as finetuning did, on the grid of the chip that is compiled for. */
export type RunQat = Pick<RunFinetune, 'epochs' | 'steps' | 'learningRate'>;

/** The attack under which robust accuracy is measured. */
export interface RunAttack {
  readonly kind:
    | 'fgsm'
    | 'rfgsm'
    | 'pgd'
    | 'apgd-ce'
    | 'apgd-dlr'
    | 'apgd-t'
    | 'fab'
    | 'fab-t'
    | 'square'
    | 'autoattack';
  /** In pixel units of [0, 1]. */
  readonly epsilon: number;
  /** Of the iterative attacks with gradients. */
  readonly steps: number;
  /** Of the Square attack. */
  readonly queries: number;
  /** Worst case over all gradient models of the spiking levels instead of the training surrogate alone. */
  readonly ensemble: boolean;
  readonly samples: number;
  /** Further attacks under which every level is measured, each on the first `otherSamples` images. */
  readonly others: readonly Pick<RunAttack, 'kind' | 'epsilon' | 'steps'>[];
  readonly otherSamples: number;
  /** Queries per sample of a random search that sees the chip's answers alone; 0 for none. */
  readonly blackBoxQueries: number;
  /** The difference of accuracies between levels that does not matter, in (0, 1). */
  readonly margin: number;
}
