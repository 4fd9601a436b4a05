import { InferenceSession, Tensor } from 'onnxruntime-node';
import { elementCount } from '../../../schemas/tensor.js';
import type { CompiledBackend } from '../backend/backend.js';
import type { Extract } from './extract.js';
import type { Value } from './graph.js';
import type { Packing } from './packing.js';
import { brokenOff, rejected } from './runtime-failure.js';

/** Tensors of a pass by value name. */
export type Tensors = Map<string, Tensor>;

const providers: Record<CompiledBackend, string[]> = {
  'onnxruntime-cuda': ['cuda', 'cpu'],
  'onnxruntime-webgpu': ['webgpu', 'cpu'],
  'onnxruntime-cpu': ['cpu'],
};

/** Where a program's values lie. */
interface ProgramMemory {
  /** What becomes of a run's working memory: held for the next, which is faster, or returned, as many programs that take turns need. */
  readonly workingMemory?: 'held' | 'returned';
  /** Outputs that stay on a GPU: tensors that are only good as inputs of further runs there. */
  readonly onDevice?: readonly Value[];
}

/** A compiled part of a network's passes. */
export class Program {
  private constructor(
    private readonly session: InferenceSession,
    private readonly part: Extract,
  ) {}

  /** Throws SW4021 where the runtime does not take the graph. */
  static async compile(
    part: Extract,
    threads: number,
    backend: CompiledBackend = 'onnxruntime-cpu',
    { workingMemory = 'held', onDevice = [] }: ProgramMemory = {},
  ): Promise<Program> {
    const session = await InferenceSession.create(part.model, {
      // What a GPU's provider lacks runs on the CPU.
      executionProviders: providers[backend],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      enableCpuMemArena: workingMemory === 'held',
      enableMemPattern: workingMemory === 'held',
      ...(onDevice.length === 0 ? {} : { preferredOutputLocation: locations(part, onDevice) }),
      // Beyond this level pools would be turned to a blocked layout and back, which takes longer than the pools.
      graphOptimizationLevel: 'extended',
      // Threads that spin between passes would take processor time from the optimiser and from other workers.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      // Errors are thrown; nothing else of the runtime's belongs on the terminal.
      logSeverityLevel: 4,
    }).catch((error: unknown) => {
      throw rejected(error, part);
    });
    return new Program(session, part);
  }

  /**
   * Runs on the tensors that `find` has by name; all outputs by name. Outputs that `into` names are written to its tensors,
   * others to new ones. Throws SW4022 where the runtime breaks off, SW4011 where it finds no memory.
   */
  async run(find: (name: string) => Tensor | undefined, into: Tensors = new Map()): Promise<Tensors> {
    const feeds: Record<string, Tensor> = {};
    for (const { name } of this.part.inputs) {
      const tensor = find(name);
      if (tensor === undefined) throw new Error(`the pass has no value ${name}`);
      feeds[name] = tensor;
    }
    const { outputs, packedInputs, packedOutputs } = this.part;
    if (packedInputs !== null) packInto(feeds, packedInputs);
    const unpacked = new Set(packedOutputs?.members.map(({ value }) => value.name));
    const apart = outputs.flatMap(({ name }) => (unpacked.has(name) ? [] : [[name, into.get(name) ?? null] as const]));
    const fetches = Object.fromEntries(packedOutputs === null ? apart : [...apart, [packedOutputs.name, null]]);
    const results = {
      ...(await this.session.run(feeds, fetches).catch((error: unknown) => {
        throw brokenOff(error, this.part);
      })),
    };
    if (packedOutputs !== null) unpackFrom(results, packedOutputs);
    return new Map(outputs.map(({ name }) => [name, results[name]!]));
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** Puts the members' tensors side by side into the one that the model takes for them. */
function packInto(feeds: Record<string, Tensor>, { name, length, members }: Packing): void {
  const all = new Float32Array(length);
  for (const { value, start } of members) {
    all.set(feeds[value.name]!.data as Float32Array, start);
    delete feeds[value.name];
  }
  feeds[name] = float32Tensor(all, [length]);
}

/** Adds the members' tensors, each over its own array: what remains of one keeps no other. */
function unpackFrom(results: Record<string, Tensor>, { name, members }: Packing): void {
  const all = results[name]!.data as Float32Array;
  for (const { value, start } of members) {
    results[value.name] = float32Tensor(all.slice(start, start + elementCount(value.shape)), value.shape);
  }
}

function locations(
  { outputs, packedOutputs }: Extract,
  onDevice: readonly Value[],
): Record<string, 'gpu-buffer' | 'cpu'> {
  const stays = new Set(onDevice.map(({ name }) => name));
  const packed = new Set(packedOutputs?.members.map(({ value }) => value.name));
  const names = outputs.map(({ name }) => name).filter((name) => !packed.has(name));
  if (packedOutputs !== null) names.push(packedOutputs.name);
  return Object.fromEntries(names.map((name) => [name, stays.has(name) ? 'gpu-buffer' : 'cpu']));
}

export function zeroTensor({ shape }: Value): Tensor {
  return float32Tensor(new Float32Array(elementCount(shape)), shape);
}

/** A float32 tensor over `values`, not copied. */
export function float32Tensor(values: Float32Array, shape: readonly number[]): Tensor {
  return new Tensor('float32', values, shape);
}
