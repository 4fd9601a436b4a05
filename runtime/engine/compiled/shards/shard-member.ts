import { Tensor } from 'onnxruntime-node';
import stringify from 'safe-stable-stringify';
import type { AnnGraph } from '../../../../schemas/ann.js';
import type { SnnGraph } from '../../../../schemas/snn.js';
import type { CompiledBackend } from '../../backend/backend.js';
import type { LossGradient, LossOptions, ParameterMap, SpikeRecord, TargetLoss, Wanted } from '../../engine.js';
import { CompiledEngine } from '../compiled-engine.js';
import type { CompiledModel } from '../compiled-model.js';
import type { Tensors } from '../program.js';
import { Program } from '../program.js';
import { ProgramCache } from '../program-cache.js';
import type { PassShape } from './pass-phases.js';
import { PassPhases } from './pass-phases.js';

/** Phases of one training's passes: the two of a step, at most one more shape of batch. */
const PROGRAMS_KEPT = 400;

/** Arrays by name, as they cross from thread to thread. */
export type NamedArrays = ReadonlyMap<string, PlainTensor>;

/** A float32 tensor as plain data. */
export interface PlainTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a member of a crew is started with. */
export interface MemberSetup {
  readonly graph: AnnGraph | SnnGraph;
  readonly threads: number;
  readonly backend: CompiledBackend;
}

/** One phase of a pass for one shard. */
export interface PhaseCall {
  /** Number of the pass. */
  readonly pass: number;
  readonly shape: PassShape;
  readonly direction: 'forward' | 'backward';
  readonly phase: number;
  readonly shard: number;
  /** Of this shard, or of all shards alike: what the pass is given, or what was exchanged in the phase before. */
  readonly given: NamedArrays;
}

/** What a shard holds of a pass. */
interface Holding {
  readonly given: Tensors;
  /** What it computed for later phases, from the pool. */
  readonly held: Tensors;
}

/**
 * Computes the shards of a batch that were given to it, one after another: phases of training passes, whose values it
 * holds from phase to phase, and passes in eval mode, whose images do not touch one another.
 */
export class ShardMember {
  private readonly engine: CompiledEngine;
  private readonly model: CompiledModel;
  private readonly phases: PassPhases;
  private readonly programs = new ProgramCache(PROGRAMS_KEPT);
  private readonly holdings = new Map<string, Holding>();

  constructor({ graph, threads, backend }: MemberSetup) {
    this.engine = new CompiledEngine(threads, backend, 'returned');
    this.model = this.engine.load(graph);
    this.phases = new PassPhases(graph);
  }

  async write(parameters: ParameterMap): Promise<void> {
    this.model.writeParameters(parameters);
  }

  /** What the phase is to tell the others, and results that are known now. */
  async run({ pass, shape, direction, phase, shard, given }: PhaseCall): Promise<NamedArrays> {
    const { part, exchanged, results, held, released } = this.phases.of(shape)[direction].phases[phase]!;
    const key = `${pass} ${shard}`;
    // Parameters are those that the pass began with.
    const holding = this.holdings.get(key) ?? { given: new Map(this.model.parameters), held: new Map() };
    this.holdings.set(key, holding);
    for (const [name, { data, shape: dims }] of given) holding.given.set(name, new Tensor('float32', data, dims));
    const { pool, threads, backend, workingMemory } = this.engine;
    const into: Tensors = new Map(held.map((value) => [value.name, pool.take(value)]));
    const outputs = await this.programs.with(
      stringify([shape, direction, phase]),
      () => Program.compile(part, threads, backend, { workingMemory }),
      (program) => program.run((name) => holding.held.get(name) ?? holding.given.get(name), into),
    );
    for (const [name, tensor] of into) holding.held.set(name, tensor);
    for (const name of released) this.release(holding, name);
    return new Map(
      [...exchanged, ...results].map(({ name, shape: dims }) => [
        name,
        { shape: dims, data: outputs.get(name)!.data as Float32Array },
      ]),
    );
  }

  /** Lets go of what is held of a pass. */
  async end(pass: number): Promise<void> {
    for (const [key, holding] of this.holdings) {
      if (!key.startsWith(`${pass} `)) continue;
      for (const name of [...holding.held.keys()]) this.release(holding, name);
      this.holdings.delete(key);
    }
  }

  /** In eval mode. */
  lossGradient(images: Float32Array, loss: TargetLoss, options: LossOptions, wanted: Wanted): Promise<LossGradient> {
    return this.model.lossGradient(images, loss, options, wanted);
  }

  /** Logits in eval mode. */
  async logits(images: Float32Array, options: LossOptions): Promise<Float32Array> {
    const pass = await this.model.forward(images, { ...options, gradients: 'none' });
    pass.dispose();
    return pass.logits;
  }

  /** Gradients in eval mode, for dL/dlogits. */
  async gradients(images: Float32Array, upstream: Float32Array, options: LossOptions, wanted: Wanted) {
    const pass = await this.model.forward(images, options);
    try {
      return await pass.backward(upstream, wanted);
    } finally {
      pass.dispose();
    }
  }

  recordSpikes(images: Float32Array): Promise<{ logits: Float32Array; spikes: SpikeRecord }> {
    return this.model.recordSpikes(images);
  }

  private release({ held }: Holding, name: string): void {
    const tensor = held.get(name);
    if (tensor === undefined) return;
    held.delete(name);
    this.engine.pool.giveBack([tensor]);
  }
}
