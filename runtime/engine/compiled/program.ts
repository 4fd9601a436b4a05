import { InferenceSession, Tensor } from 'onnxruntime-node';
import { elementCount } from '../../../schemas/tensor.js';
import type { CompiledBackend } from '../backend/backend.js';
import type { Extract } from './extract.js';
import type { Value } from './graph.js';
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
    const fetches = Object.fromEntries(this.part.outputs.map(({ name }) => [name, into.get(name) ?? null]));
    const results = await this.session.run(feeds, fetches).catch((error: unknown) => {
      throw brokenOff(error, this.part);
    });
    return new Map(this.part.outputs.map(({ name }) => [name, results[name]!]));
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

function locations({ outputs }: Extract, onDevice: readonly Value[]): Record<string, 'gpu-buffer' | 'cpu'> {
  const stays = new Set(onDevice.map(({ name }) => name));
  return Object.fromEntries(outputs.map(({ name }) => [name, stays.has(name) ? 'gpu-buffer' : 'cpu']));
}

export function zeroTensor({ shape }: Value): Tensor {
  return float32Tensor(new Float32Array(elementCount(shape)), shape);
}

/** A float32 tensor over `values`, not copied. */
export function float32Tensor(values: Float32Array, shape: readonly number[]): Tensor {
  return new Tensor('float32', values, shape);
}
