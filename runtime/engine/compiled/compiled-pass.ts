import type { Tensor } from 'onnxruntime-node';
import type { Kept, ParameterMap, Pass, Wanted } from '../engine.js';
import { requireKept } from '../kept.js';
import type { Surrogate } from '../surrogate.js';
import type { CompiledEngine } from './compiled-engine.js';
import type { PassKind, PassPrograms } from './pass-programs.js';
import type { Tensors } from './program.js';
import { float32Tensor } from './program.js';
import { surrogateNumbers } from './surrogate-numbers.js';

/** What a pass was. */
interface PassFacts {
  readonly kind: PassKind;
  readonly surrogate: Surrogate;
  /** Images that were asked for; the batch may have been filled up. */
  readonly count: number;
  readonly keep: Kept;
}

/** A forward pass of the compiled engine. */
export class CompiledPass implements Pass {
  /** Of each tensor that the pass owns. */
  private readonly bytes: readonly number[];

  /** `given` is what a backward pass may read, null where none will follow; `saved` are those of it that the pass owns. */
  constructor(
    readonly logits: Float32Array,
    private given: Tensors | null,
    private saved: readonly Tensor[],
    private readonly facts: PassFacts,
    private readonly programs: PassPrograms,
    private readonly engine: CompiledEngine,
  ) {
    this.bytes = saved.map(({ size }) => size * Float32Array.BYTES_PER_ELEMENT);
    engine.account(this.bytes, 1);
  }

  async backward(
    upstream: Float32Array,
    wanted: Wanted,
  ): Promise<{ parameters: ParameterMap; input: Float32Array | null }> {
    const { kind, surrogate, count, keep } = this.facts;
    if (this.given === null) throw new Error('this pass keeps nothing for a backward pass, or has been disposed');
    requireKept(keep, wanted);
    if (upstream.length !== this.logits.length) {
      throw new RangeError(`the upstream gradient has ${upstream.length} values, the logits ${this.logits.length}`);
    }
    if (!wanted.parameters && !wanted.input) return { parameters: new Map(), input: null };
    const classes = upstream.length / count;
    const gradient = new Float32Array(kind.batch * classes);
    gradient.set(upstream);
    const given = new Map([...this.given, ...surrogateNumbers(surrogate)]);
    const atLogits = float32Tensor(gradient, [kind.batch, classes]);
    const { parameters, input } = await this.programs.backward(kind, surrogate.form, given, atLogits, wanted);
    return { parameters, input: input === null ? null : input.slice(0, (input.length / kind.batch) * count) };
  }

  dispose(): void {
    if (this.saved.length > 0) {
      this.engine.account(this.bytes, -1);
      this.engine.pool.giveBack(this.saved);
    }
    this.saved = [];
    this.given = null;
  }
}
