import type { Engine, Model } from '../engine/engine.js';
import type { ChannelAffine } from './channel-affine.js';
import type { LinearSignal, Signal } from './signal.js';
import { signalsOf } from './signal.js';
import type { SpikeTrain } from './spike-train.js';

/** Values of a signal over time that are worked on at once: 32 MB of float32. */
const CHUNK_VALUES = 2 ** 23;
/** Values of a signal over all steps that are kept rather than computed for each use: 256 MB of float32. */
const KEPT_VALUES = 2 ** 26;

/** What is known of one mini-batch so far. */
export interface BatchState {
  /** [N, H, W, C], pixels in [0, 1]. */
  readonly images: Float32Array;
  readonly samples: number;
  /** By neuron layer, as long as something still reads them. */
  readonly spikes: Map<string, SpikeTrain>;
  /** By norm: the affine map of its statistics over this batch and time. */
  readonly affines: Map<string, ChannelAffine>;
}

/** Runs linear signals' networks; each is loaded once. */
export class Networks {
  private readonly models = new Map<LinearSignal, Model>();

  constructor(private readonly engine: Engine) {}

  async run(signal: LinearSignal, input: Float32Array): Promise<Float32Array> {
    let model = this.models.get(signal);
    if (model === undefined) {
      model = this.engine.load(signal.network);
      this.models.set(signal, model);
    }
    const pass = await model.forward(input, { mode: 'eval', gradients: 'none' });
    pass.dispose();
    return pass.logits;
  }

  dispose(): void {
    for (const model of this.models.values()) model.dispose();
    this.models.clear();
  }
}

/** A signal over time for one batch, chunk by chunk; kept where it is small, else computed anew for each use. */
export class Stream {
  /** Whether all timesteps are alike: one then stands for all. */
  readonly isConstant: boolean;
  /** Values per timestep: N·H·W·C. */
  readonly width: number;
  private readonly steps: number;
  private readonly chunkSteps: number;
  private readonly kept: Float32Array[] | null;

  constructor(
    readonly signal: Signal,
    private readonly batch: BatchState,
    private readonly networks: Networks,
    /** T_c. */
    steps: number,
  ) {
    const signals = [...signalsOf(signal)];
    this.isConstant = !signals.some(({ kind }) => kind === 'spikes');
    this.width = signal.width * batch.samples;
    this.steps = this.isConstant ? 1 : steps;
    const widest = Math.max(...signals.map(({ width }) => width)) * batch.samples;
    this.chunkSteps = Math.max(1, Math.floor(CHUNK_VALUES / widest));
    this.kept = this.width * this.steps <= KEPT_VALUES ? [] : null;
  }

  /** Calls `use` with [steps from `first` on, N, H·W·C] for every chunk in order; a constant signal has one step. */
  async forEachChunk(use: (values: Float32Array, first: number) => void): Promise<void> {
    for (let first = 0, chunk = 0; first < this.steps; first += this.chunkSteps, chunk += 1) {
      let values = this.kept?.[chunk];
      if (values === undefined) {
        values = await this.evaluate(first, Math.min(this.steps, first + this.chunkSteps));
        this.kept?.push(values);
      }
      use(values, first);
    }
  }

  /** Steps `first` to `last` (exclusive), or the one step of a constant signal; what several parts share is computed once. */
  private async evaluate(first: number, last: number): Promise<Float32Array> {
    const known = new Map<Signal, Float32Array>();
    const of = async (signal: Signal): Promise<Float32Array> => {
      const values = known.get(signal) ?? (await compute(signal));
      known.set(signal, values);
      return values;
    };
    const compute = async (signal: Signal): Promise<Float32Array> => {
      switch (signal.kind) {
        case 'image':
          return this.batch.images;
        case 'spikes':
          return this.batch.spikes.get(signal.neuron)!.read(first, last);
        case 'linear':
          return this.networks.run(signal, await of(signal.from));
        case 'norm':
          return normalised(await of(signal.from), this.batch.affines.get(signal.norm.name)!);
        case 'sum': {
          const parts: Float32Array[] = [];
          for (const part of signal.parts) parts.push(await of(part));
          return weightedSum(parts, signal.scales);
        }
      }
    };
    return of(this.signal);
  }
}

function normalised(values: Float32Array, { scale, shift }: ChannelAffine): Float32Array {
  const result = new Float32Array(values.length);
  const channels = scale.length;
  for (let k = 0; k < values.length; ) {
    for (let c = 0; c < channels; c += 1, k += 1) result[k] = scale[c]! * values[k]! + shift[c]!;
  }
  return result;
}

/** Σ scale·part; a constant part, of one step, counts at every step of the longest. */
function weightedSum(parts: readonly Float32Array[], scales: Float32Array): Float32Array {
  const sum = new Float32Array(Math.max(...parts.map(({ length }) => length)));
  for (const [index, part] of parts.entries()) {
    const scale = scales[index]!;
    for (let start = 0; start < sum.length; start += part.length) {
      for (let k = 0; k < part.length; k += 1) sum[start + k] = sum[start + k]! + scale * part[k]!;
    }
  }
  return sum;
}
