import { extract } from './extract.js';
import { Graph } from './graph.js';
import type { Tensors } from './program.js';
import { Program } from './program.js';

/** Copies on the device, and the tensors that they are of. */
interface Held {
  readonly sources: Tensors;
  readonly copies: Promise<Tensors>;
  /** Runs under way that read them. */
  users: number;
}

/** What brings tensors to the device; always those of one network, by the same names. */
interface Copier {
  copy(kernels: Tensors): Promise<Tensors>;
  release(): void;
}

/**
 * Kernels of one network as a GPU holds them: copied there when they change, and not for every program that reads them, as
 * the steps of an attack do with kernels that stay the same.
 */
export class DeviceKernels {
  private held: Held | null = null;

  constructor(private readonly copier: Copier = new DeviceCopier()) {}

  /** Calls `use` with copies of these tensors, which are good until it has ended. A kernel that changes must be a new tensor. */
  async with<R>(kernels: Tensors, use: (copies: Tensors) => Promise<R>): Promise<R> {
    if (this.held === null || [...kernels].some(([name, tensor]) => this.held!.sources.get(name) !== tensor)) {
      this.letGo();
      this.held = { sources: kernels, copies: this.copier.copy(kernels), users: 0 };
    }
    const held = this.held;
    held.users += 1;
    try {
      return await use(await held.copies);
    } catch (error) {
      if (this.held === held) this.held = null;
      throw error;
    } finally {
      held.users -= 1;
      if (held.users === 0 && this.held !== held) free(held);
    }
  }

  dispose(): void {
    this.letGo();
    this.copier.release();
  }

  private letGo(): void {
    const { held } = this;
    this.held = null;
    if (held !== null && held.users === 0) free(held);
  }
}

function free({ copies }: Held): void {
  // Copies that were never made have told the run that asked for them.
  copies
    .then((tensors) => {
      for (const tensor of tensors.values()) tensor.dispose();
    })
    .catch(() => undefined);
}

/** Copies by a program whose outputs are its inputs, in their order, on the GPU. */
class DeviceCopier implements Copier {
  private program: Promise<Program> | null = null;

  async copy(kernels: Tensors): Promise<Tensors> {
    this.program ??= compileCopies(kernels);
    const results = [...(await (await this.program).run((name) => kernels.get(name))).values()];
    return new Map([...kernels.keys()].map((name, index) => [name, results[index]!]));
  }

  release(): void {
    this.program?.then((program) => program.release()).catch(() => undefined);
    this.program = null;
  }
}

function compileCopies(kernels: Tensors): Promise<Program> {
  const graph = new Graph();
  const outputs = [...kernels].map(([name, { dims }]) =>
    graph.apply('Identity', [graph.input(name, dims, 'parameter')], dims),
  );
  return Program.compile(extract(graph, outputs, 'nothing'), 1, 'onnxruntime-webgpu', { onDevice: outputs });
}
