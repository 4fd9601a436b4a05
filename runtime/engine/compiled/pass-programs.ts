import type { Tensor } from 'onnxruntime-node';
import stringify from 'safe-stable-stringify';
import type { Kept, Mode, SpikeRecord, Wanted } from '../engine.js';
import type { Surrogate } from '../surrogate.js';
import type { CompiledEngine } from './compiled-engine.js';
import { DeviceKernels } from './device-kernels.js';
import type { Extract } from './extract.js';
import { extract } from './extract.js';
import type { Value } from './graph.js';
import type { NetworkGraph } from './network-graph.js';
import type { Tensors } from './program.js';
import { Program, zeroTensor } from './program.js';
import { isOutOfMemory, outOfMemory, withFitting } from './runtime-failure.js';
import { workingBytes } from './working-memory.js';

/** What distinguishes the graphs of a network's forward passes. */
export interface PassKind {
  readonly mode: Mode;
  /** Images per batch; of one shard where there are several. */
  readonly batch: number;
  /** Equal shards of a batch that share the statistics of their norms. */
  readonly shards: number;
  /** Whether rectified linear units stand for the neurons. */
  readonly isActivation: boolean;
  readonly dropsOut: boolean;
}

/** A network as far as its passes are concerned. */
export interface PassSource {
  /** Equal for networks whose graphs are the same, whatever the values of their parameters. */
  readonly structure: string;
  /** T of a spiking network, else 1. */
  readonly timesteps: number;
  /** Writes the passes of that kind, over `timesteps` steps; backward by that form of surrogate. */
  write(kind: PassKind, form: Surrogate['form'], timesteps: number): NetworkGraph;
}

/** Where outputs go: to tensors that are given, or to new ones on the device; else to new ones. */
interface Destination {
  readonly into: Tensors;
  readonly onDevice: readonly Value[];
}

/** What a forward pass leaves. */
export interface ForwardResult {
  readonly logits: Float32Array;
  readonly updates: Tensors;
  /** What the backward pass reads: from the engine's pool, or on the device. */
  readonly saved: Tensors;
}

/** What a backward pass gives. */
interface Gradients {
  readonly parameters: Map<string, Float32Array>;
  readonly input: Float32Array | null;
}

/** The programs of one network, compiled when they are first run and shared between networks of the same structure. */
export class PassPrograms {
  private readonly graphs = new Map<string, NetworkGraph>();
  private readonly kernels = new DeviceKernels();
  /** Inputs of a graph that hold weights, which take long to bring to a GPU. */
  private kernelNames: readonly string[] = [];

  constructor(
    private readonly source: PassSource,
    private readonly engine: CompiledEngine,
  ) {}

  /** T, or 1 where time has no axis. */
  timesteps({ isActivation }: PassKind): number {
    return isActivation ? 1 : this.source.timesteps;
  }

  async forward(kind: PassKind, given: Tensors, keep: Kept): Promise<ForwardResult> {
    const form = kind.isActivation ? 'activation' : 'triangular';
    const written = this.written(kind, form);
    const kept = keep === 'none' ? [] : this.readByBackward(kind, keep);
    // ONNX Runtime’s WebGPU provider can leave on the device what only the backward pass reads; others compute in our memory.
    const staysOnDevice = this.engine.backend === 'onnxruntime-webgpu';
    const into: Tensors = new Map(staysOnDevice ? [] : kept.map((value) => [value.name, this.engine.pool.take(value)]));
    const outputs = await this.run(
      kind,
      ['forward', keep],
      (own) => {
        const { graph, logits, updates } = this.written(own, form);
        const read = keep === 'none' ? [] : this.readByBackward(own, keep);
        return extract(graph, unique([logits, ...updates.values(), ...read]), 'nothing', this.packs(read));
      },
      given,
      { into, onDevice: staysOnDevice ? kept : [] },
    ).catch((error: unknown) => {
      this.engine.pool.giveBack(into.values());
      throw error;
    });
    return {
      logits: outputs.get(written.logits.name)!.data as Float32Array,
      updates: updatesOf(written, outputs),
      saved: new Map(kept.map(({ name }) => [name, outputs.get(name)!])),
    };
  }

  /** `given` has the parameters, what the forward pass saved and the surrogate's numbers; `atLogits` is the gradient there. */
  async backward(
    kind: PassKind,
    form: Surrogate['form'],
    given: Tensors,
    atLogits: Tensor,
    wanted: Wanted,
  ): Promise<Gradients> {
    const written = this.written(kind, form);
    const outputs = await this.run(
      kind,
      ['backward', form, wanted.parameters, wanted.input],
      (own) => {
        const smaller = this.written(own, form);
        return extract(smaller.graph, unique(gradientsOf(smaller, wanted)), 'forward', this.packs());
      },
      new Map([...given, [written.upstream.name, atLogits]]),
    );
    return readGradients(written, outputs, wanted);
  }

  /** Forward and backward in one; `given` has the parameters, the surrogate's numbers and the loss. */
  async lossGradient(
    kind: PassKind,
    form: Surrogate['form'],
    given: Tensors,
    wanted: Wanted,
  ): Promise<Gradients & { readonly logits: Float32Array; readonly updates: Tensors }> {
    const written = this.written(kind, form);
    const outputs = await this.run(
      kind,
      ['loss', form, wanted.parameters, wanted.input],
      (own) => gradientPart(this.written(own, form), wanted, this.packs()),
      given,
    );
    return {
      logits: outputs.get(written.logits.name)!.data as Float32Array,
      updates: updatesOf(written, outputs),
      ...readGradients(written, outputs, wanted),
    };
  }

  /** A forward pass that also gives every neuron layer's spikes. */
  async record(kind: PassKind, given: Tensors): Promise<{ logits: Float32Array; spikes: SpikeRecord }> {
    const { logits, spikes } = this.written(kind, 'triangular');
    const outputs = await this.run(
      kind,
      ['record'],
      (own) => {
        const written = this.written(own, 'triangular');
        return extract(written.graph, [written.logits, ...written.spikes.values()], 'nothing', this.packs());
      },
      given,
    );
    return {
      logits: outputs.get(logits.name)!.data as Float32Array,
      spikes: new Map([...spikes].map(([name, value]) => [name, outputs.get(value.name)!.data as Uint8Array])),
    };
  }

  /** Throws SW4011 beforehand where memory will not do: a system that overcommits would end the process later. */
  private compile(part: Extract, batch: number, onDevice: readonly Value[]): Promise<Program> {
    const { threads, backend, workingMemory } = this.engine;
    if (backend === 'onnxruntime-cpu') {
      const [needed, available] = [workingBytes(part), process.availableMemory()];
      if (needed > available) throw outOfMemory(batch, needed, available);
    }
    return Program.compile(part, threads, backend, { onDevice, workingMemory });
  }

  /** `part` is what to run, of a pass of any kind. Throws SW4011 with a batch that fits where memory runs out. */
  private run(
    kind: PassKind,
    key: readonly unknown[],
    part: (kind: PassKind) => Extract,
    given: Tensors,
    { into, onDevice }: Destination = { into: new Map(), onDevice: [] },
  ): Promise<Tensors> {
    return this.engine.programs.with(
      `${this.source.structure} ${stringify([kind, ...key])}`,
      () => this.compile(part(kind), kind.batch, onDevice),
      (program) =>
        this.onDevice(given, (all) => program.run((name) => all.get(name), into)).catch(async (error: unknown) => {
          throw isOutOfMemory(error) ? withFitting(error, await this.fittingBatch(kind, part)) : error;
        }),
    );
  }

  /** Calls `run` with what is given, kernels on the GPU where there is one whose memory the runtime lends. */
  private onDevice(given: Tensors, run: (all: Tensors) => Promise<Tensors>): Promise<Tensors> {
    if (this.engine.backend !== 'onnxruntime-webgpu') return run(given);
    const kernels: Tensors = new Map(this.kernelNames.map((name) => [name, given.get(name)!]));
    return this.kernels.with(kernels, (copies) => run(new Map([...given, ...copies])));
  }

  /** Lets go of what the device holds. */
  dispose(): void {
    this.kernels.dispose();
  }

  /**
   * The largest batch of half, a quarter … of the images on which the pass runs; 0 where there is none. How much memory a
   * device has left is not known before it is tried.
   */
  private async fittingBatch(kind: PassKind, part: (kind: PassKind) => Extract): Promise<number> {
    for (let batch = kind.batch >> 1; batch >= 1; batch >>= 1) {
      const smaller = part({ ...kind, batch });
      try {
        const program = await this.compile(smaller, batch, []);
        const zeros = new Map(smaller.inputs.map((value) => [value.name, zeroTensor(value)]));
        await program.run((name) => zeros.get(name)).finally(() => program.release());
        return batch;
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
      }
    }
    return 0;
  }

  /** What may cross to a GPU and back packed: neither kernels, which it holds, nor what stays there. */
  private packs(staying: readonly Value[] = []): (value: Value) => boolean {
    if (this.engine.device === 'cpu') return () => false;
    const apart = new Set([...staying.map(({ name }) => name), ...this.kernelNames]);
    return ({ name }) => !apart.has(name);
  }

  /** Values of the forward pass that the backward pass reads for those gradients, whatever the surrogate. */
  private readByBackward(kind: PassKind, keep: Kept): readonly Value[] {
    const written = this.written(kind, kind.isActivation ? 'activation' : 'triangular');
    const values = gradientsOf(written, { parameters: keep === 'all', input: true });
    const { inputs } = extract(written.graph, unique(values), 'forward');
    return inputs.filter(({ name }) => !written.graph.inputs.has(name) && name !== written.upstream.name);
  }

  private written(kind: PassKind, form: Surrogate['form']): NetworkGraph {
    const key = stringify([kind, form]);
    let found = this.graphs.get(key);
    if (found === undefined) {
      found = this.source.write(kind, form, this.timesteps(kind));
      this.kernelNames = [...found.graph.inputs.values()].flatMap(({ value: { name, shape }, kind: own }) =>
        own === 'parameter' && shape.length > 1 ? [name] : [],
      );
      this.graphs.set(key, found);
    }
    return found;
  }
}

/** Forward and backward pass in one. */
export function gradientPart(written: NetworkGraph, wanted: Wanted, packs?: (value: Value) => boolean): Extract {
  const values = [written.logits, ...written.updates.values(), ...gradientsOf(written, wanted)];
  return extract(written.graph, unique(values), 'nothing', packs);
}

function gradientsOf({ gradients, imageGradient }: NetworkGraph, wanted: Wanted): readonly Value[] {
  return [...(wanted.parameters ? gradients.values() : []), ...(wanted.input ? [imageGradient] : [])];
}

function readGradients({ gradients, imageGradient }: NetworkGraph, outputs: Tensors, wanted: Wanted): Gradients {
  const data = ({ name }: Value): Float32Array => outputs.get(name)!.data as Float32Array;
  return {
    parameters: new Map(wanted.parameters ? [...gradients].map(([name, value]) => [name, data(value)]) : []),
    input: wanted.input ? data(imageGradient) : null,
  };
}

function updatesOf({ updates }: NetworkGraph, outputs: Tensors): Tensors {
  return new Map([...updates].map(([name, value]) => [name, outputs.get(value.name)!]));
}

function unique(values: readonly Value[]): readonly Value[] {
  return [...new Map(values.map((value) => [value.name, value])).values()];
}
