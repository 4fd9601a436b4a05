import type { Tensor } from 'onnxruntime-node';
import { failure } from '../../../schemas/diagnostic.js';
import { sha256 } from '../../../schemas/hash.js';
import type { IntegerSpikeGraph } from '../../../schemas/spike.js';
import type { MapShape } from '../../../schemas/tensor.js';
import { elementCount } from '../../../schemas/tensor.js';
import type { EncodedSample } from '../../drive.js';
import { encodeImages } from '../../drive.js';
import type { CompiledEngine } from '../../engine/compiled/compiled-engine.js';
import { CompiledPass } from '../../engine/compiled/compiled-pass.js';
import { paddedBatch } from '../../engine/compiled/padded-batch.js';
import type { PassKind } from '../../engine/compiled/pass-programs.js';
import { PassPrograms } from '../../engine/compiled/pass-programs.js';
import { float32Tensor } from '../../engine/compiled/program.js';
import { surrogateNumbers } from '../../engine/compiled/surrogate-numbers.js';
import { targetInputs } from '../../engine/compiled/target-loss.js';
import type { ForwardOptions, LossGradient, LossOptions, Pass, TargetLoss, Wanted } from '../../engine/engine.js';
import type { Surrogate } from '../../engine/surrogate.js';
import { trainingSurrogate } from '../../engine/surrogate.js';
import type { TwinPlan } from '../plan.js';
import { planTwin } from '../plan.js';
import type { SampleRecord } from '../record.js';
import type { Twin } from '../twin.js';
import { inexactness, saturationOf } from './exactness.js';
import { driveInput, logitUnit, twinGraph, twinParameters } from './twin-graph.js';

/**
 * The integer twin on the compiled engine: the eager twin's integers to the last one, its gradients up to float32
 * rounding. Passes compiled for one member of the ensemble serve all of its form.
 */
export class CompiledTwin implements Twin {
  readonly inputShape: MapShape;
  readonly classes: number;
  /** Membrane units of the readout per unit of a logit. */
  private readonly logitUnit: number;
  private readonly parameters: ReadonlyMap<string, Tensor>;
  private readonly programs: PassPrograms;
  private isDisposed = false;

  /**
   * Throws what `planTwin` throws, and SW4020 where float32 could not hold every integer. `graph` is not copied and must
   * not change.
   */
  constructor(
    readonly graph: IntegerSpikeGraph,
    private readonly engine: CompiledEngine,
  ) {
    const plan = planTwin(graph);
    const [problem] = inexactness(graph, plan);
    if (problem !== undefined) throw failure('SW4020', problem);
    const { neurons } = plan.populations[plan.readout]!;
    this.inputShape = plan.inputShape;
    this.classes = neurons;
    this.logitUnit = logitUnit(graph, plan);
    this.parameters = new Map(
      [...twinParameters(graph, plan)].map(([name, { data, shape }]) => [name, float32Tensor(data, shape)]),
    );
    const source = {
      structure: structureOf(graph, plan),
      timesteps: graph.timesteps,
      write: ({ mode, batch, shards, dropsOut }: PassKind, form: Surrogate['form'], timesteps: number) =>
        twinGraph(graph, plan, { mode, batch, shards, dropsOut, form, timesteps, device: engine.device }),
    };
    this.programs = new PassPrograms(source, engine);
    engine.account(this.parameterBytes(), 1);
  }

  async forward(images: Float32Array, options: ForwardOptions): Promise<Pass> {
    const { kind, surrogate, count, given } = this.prepare(images, options);
    const keep = options.gradients ?? 'all';
    const { logits, saved } = await this.programs.forward(kind, given, keep);
    return new CompiledPass(
      this.logitsOf(logits, count, kind),
      keep === 'none' ? null : new Map([...given, ...saved]),
      [...saved.values()],
      { kind, surrogate, count, keep },
      this.programs,
      this.engine,
    );
  }

  async lossGradient(
    images: Float32Array,
    loss: TargetLoss,
    options: LossOptions,
    wanted: Wanted,
  ): Promise<LossGradient> {
    const { kind, surrogate, count, given } = this.prepare(images, options);
    const { logits, parameters, input } = await this.programs.lossGradient(
      kind,
      surrogate.form,
      new Map([...given, ...surrogateNumbers(surrogate), ...targetInputs(loss, kind.batch, this.classes)]),
      wanted,
    );
    return {
      logits: this.logitsOf(logits, count, kind),
      parameters,
      input: input?.slice(0, images.length) ?? null,
    };
  }

  private prepare(images: Float32Array, options: LossOptions) {
    const samples = encodeImages(this.graph.drives, images);
    const surrogate = options.surrogate ?? trainingSurrogate;
    const kind = this.kindOf(paddedBatch(samples.length), surrogate.form === 'activation');
    return { kind, surrogate, count: samples.length, given: this.given(samples, kind.batch) };
  }

  async recordSpikes(images: Float32Array): Promise<SampleRecord[]> {
    return this.recordEncoded(encodeImages(this.graph.drives, images));
  }

  async recordEncoded(samples: readonly EncodedSample[]): Promise<SampleRecord[]> {
    const batch = paddedBatch(samples.length);
    const { logits, spikes } = await this.programs.record(this.kindOf(batch, false), this.given(samples, batch));
    const { timesteps } = this.graph;
    return samples.map((_, sample): SampleRecord => {
      const records = new Map<string, Uint8Array>();
      for (const [name, all] of spikes) {
        const neurons = all.length / (timesteps * batch);
        const own = new Uint8Array(timesteps * neurons);
        for (let tau = 0; tau < timesteps; tau += 1) {
          const start = (tau * batch + sample) * neurons;
          own.set(all.subarray(start, start + neurons), tau * neurons);
        }
        records.set(name, own);
      }
      const readout = Int32Array.from(logits.subarray(sample * this.classes, (sample + 1) * this.classes));
      return { spikes: records, readout };
    });
  }

  dispose(): void {
    if (!this.isDisposed) this.engine.account(this.parameterBytes(), -1);
    this.isDisposed = true;
    this.programs.dispose();
  }

  private kindOf(batch: number, isActivation: boolean): PassKind {
    return { mode: 'eval', batch, shards: 1, isActivation, dropsOut: false };
  }

  /** Parameters, and the currents of samples side by side; what fills up the batch gets none. */
  private given(samples: readonly EncodedSample[], batch: number): Map<string, Tensor> {
    const given = new Map(this.parameters);
    for (const [index, { population }] of this.graph.drives.entries()) {
      const { shape } = this.graph.populations.find(({ name }) => name === population)!;
      const size = elementCount(shape);
      const currents = new Float32Array(batch * size);
      for (const [n, drives] of samples.entries()) currents.set(drives[index]!, n * size);
      given.set(driveInput(index), float32Tensor(currents, [batch, ...shape]));
    }
    return given;
  }

  /** Of the images that were asked for; in activation mode the graph has them already. */
  private logitsOf(readout: Float32Array, count: number, { isActivation }: PassKind): Float32Array {
    const own = readout.slice(0, count * this.classes);
    return isActivation ? own : own.map((membrane) => membrane / this.logitUnit);
  }

  private *parameterBytes(): Iterable<number> {
    for (const { size } of this.parameters.values()) yield size * Float32Array.BYTES_PER_ELEMENT;
  }
}

/** Text that is equal for graphs whose passes differ in nothing but kernels. */
function structureOf(graph: IntegerSpikeGraph, plan: TwinPlan): string {
  const kernels = new Set<unknown>([...graph.projections, ...graph.drives].map(({ kernel }) => kernel.data));
  const text = JSON.stringify(
    [graph, plan.populations.map((planned) => saturationOf(graph, plan, planned))],
    (_, value: unknown) => {
      if (kernels.has(value)) return 0;
      return ArrayBuffer.isView(value) ? sha256(Buffer.from(value.buffer, value.byteOffset, value.byteLength)) : value;
    },
  );
  return `twin ${sha256(Buffer.from(text))}`;
}
