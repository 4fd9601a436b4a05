import type { Device } from './emission.js';
import type { Graph, Value } from './graph.js';

/**
 * What flows between layers, or back: [N, C, H, W] or [N, F] at each of `steps` timesteps; with direct coding one step stands for
 * all T until the first spiking layer. Held merged [steps·N, …], time-major, or as one part per step, whichever the
 * writing layer had; the other form is added to the graph when a layer asks for it. Parts of a step stay in the
 * processor's cache from one element-wise operation to the next; convolutions and products want all steps at once.
 */
export class Signal {
  private constructor(
    private readonly graph: Graph,
    readonly steps: number,
    private whole: Value | null,
    private pieces: readonly Value[] | null,
  ) {}

  static merged(graph: Graph, whole: Value, steps: number): Signal {
    return new Signal(graph, steps, whole, steps === 1 ? [whole] : null);
  }

  /** What `blocks` gives, computed on. */
  static ofBlocks(graph: Graph, blocks: readonly Value[], steps: number): Signal {
    return blocks.length === steps ? Signal.ofParts(graph, blocks) : Signal.merged(graph, blocks[0]!, steps);
  }

  static ofParts(graph: Graph, parts: readonly Value[]): Signal {
    return new Signal(graph, parts.length, parts.length === 1 ? parts[0]! : null, parts);
  }

  get merged(): Value {
    this.whole ??= this.graph.concat(this.pieces!, 0);
    return this.whole;
  }

  get parts(): readonly Value[] {
    this.pieces ??= this.graph.split(this.whole!, this.steps);
    return this.pieces;
  }

  /** For element-wise operations: a step at a time, so that it stays in the cache, or on a GPU all steps in one. */
  blocks(device: Device): readonly Value[] {
    return device === 'gpu' ? [this.merged] : this.parts;
  }

  /** The part at timestep t; a signal of one step is the same at each. */
  at(t: number): Value {
    return this.parts[this.steps === 1 ? 0 : t]!;
  }

  /** Marks it as worth holding between the phases of a pass over shards (`Graph.keep`), in the form at hand. */
  keep(): void {
    for (const value of this.whole === null ? this.pieces! : [this.whole]) this.graph.keep(value);
  }

  /** Shape of one part. */
  get shape(): readonly number[] {
    if (this.pieces !== null) return this.pieces[0]!.shape;
    const [rows, ...rest] = this.whole!.shape as readonly [number, ...number[]];
    return [rows / this.steps, ...rest];
  }

  /** What an operation that treats images one by one makes of it, in the form at hand. */
  map(operation: (value: Value) => Value): Signal {
    if (this.pieces !== null) return Signal.ofParts(this.graph, this.pieces.map(operation));
    return Signal.merged(this.graph, operation(this.whole!), this.steps);
  }
}

/** Of a gradient with a part per timestep: itself for a signal of as many steps, the sum over time for one of a single step. */
export function gradientOver(graph: Graph, parts: readonly Value[], steps: number): Signal {
  return Signal.ofParts(graph, steps === parts.length ? parts : [graph.total(parts)]);
}
