import type { Kept, ParameterMap, Pass, Wanted } from '../../engine.js';
import { requireKept } from '../../kept.js';
import type { Crew } from './crew.js';
import type { PassPhases, PassShape } from './pass-phases.js';
import type { NamedArrays, PlainTensor } from './shard-member.js';
import { addTo, joined } from './sums.js';

/** A pass over the shards of a batch in train mode. */
export interface PassStart {
  readonly number: number;
  readonly shape: Omit<PassShape, 'gradients'>;
  readonly keep: Kept;
  /** What each shard is given: its images, masks and the like. */
  given(shard: number): NamedArrays;
}

/** Runs a pass in its phases, all shards through one before any goes on to the next, and puts together what they found. */
export class ShardedPass implements Pass {
  private isDisposed = false;

  private constructor(
    private readonly start: PassStart,
    private readonly phases: PassPhases,
    private readonly crew: Crew,
    readonly logits: Float32Array,
  ) {}

  /** The pass, and the new running statistics by parameter name. */
  static async forward(
    start: PassStart,
    phases: PassPhases,
    crew: Crew,
  ): Promise<{ readonly pass: ShardedPass; readonly updates: ParameterMap }> {
    const shape: PassShape = { ...start.shape, gradients: start.keep === 'none' ? 'none' : 'both' };
    const { written } = phases.of(shape);
    const found = await runPhases({ start, shape, direction: 'forward', phases, crew }, start.given).catch(
      async (error: unknown) => {
        await crew.all('end', start.number).catch(() => {});
        throw error;
      },
    );
    if (start.keep === 'none') await crew.all('end', start.number);
    // Statistics of the whole batch are the same for each of its shards.
    const updates = [...written.updates].map(([name, value]): [string, Float32Array] => [
      name,
      found.get(value.name)![0]!.data,
    ]);
    const logits = whole(found.get(written.logits.name)!);
    return { pass: new ShardedPass(start, phases, crew, logits), updates: new Map(updates) };
  }

  async backward(
    upstream: Float32Array,
    wanted: Wanted,
  ): Promise<{ parameters: ParameterMap; input: Float32Array | null }> {
    const { start } = this;
    const [phases, crew] = [this.phases, this.crew];
    if (this.isDisposed || start.keep === 'none') {
      throw new Error('this pass keeps nothing for a backward pass, or has been disposed');
    }
    requireKept(start.keep, wanted);
    if (upstream.length !== this.logits.length) {
      throw new RangeError(`the upstream gradient has ${upstream.length} values, the logits ${this.logits.length}`);
    }
    if (!wanted.parameters && !wanted.input) return { parameters: new Map(), input: null };
    const gradients = wanted.parameters ? (wanted.input ? 'both' : 'parameters') : 'input';
    const shape: PassShape = { ...start.shape, gradients };
    const { written } = phases.of(shape);
    const size = upstream.length / shape.shards;
    const sums = new Map<string, Float32Array>();
    const parts = await runPhases(
      { start, shape, direction: 'backward', phases, crew },
      (shard) => {
        const data = upstream.slice(shard * size, (shard + 1) * size);
        return new Map([[written.upstream.name, { shape: written.upstream.shape, data }]]);
      },
      (name, { data }) => {
        if (name === written.imageGradient.name) return false;
        addTo(sums, name, data);
        return true;
      },
    );
    const parameters = wanted.parameters
      ? [...written.gradients].map(([name, value]): [string, Float32Array] => [name, sums.get(value.name)!])
      : [];
    const image = parts.get(written.imageGradient.name);
    return { parameters: new Map(parameters), input: wanted.input ? whole(image!) : null };
  }

  dispose(): void {
    if (this.isDisposed || this.start.keep === 'none') return;
    this.isDisposed = true;
    this.crew.all('end', this.start.number).catch(() => {});
  }
}

interface Run {
  readonly start: PassStart;
  readonly shape: PassShape;
  readonly direction: 'forward' | 'backward';
  readonly phases: PassPhases;
  readonly crew: Crew;
}

/**
 * Results by name, of each shard in order. In the first phase shards are given `own`, in later ones what was exchanged
 * before. `sum` takes a result that is added up over the shards, in their order whichever came first, and says so.
 */
async function runPhases(
  { start, shape, direction, phases, crew }: Run,
  own: (shard: number) => NamedArrays,
  sum: (name: string, value: PlainTensor) => boolean = () => false,
): Promise<ReadonlyMap<string, readonly PlainTensor[]>> {
  const found = new Map<string, PlainTensor[]>();
  let exchanged: NamedArrays = new Map();
  for (const [phase, { exchanged: told, results }] of phases.of(shape)[direction].phases.entries()) {
    const all = new Map(told.map(({ name }) => [name, [] as PlainTensor[]]));
    const given = (shard: number): NamedArrays => (phase === 0 ? own(shard) : exchanged);
    await crew.each(
      shape.shards,
      'run',
      (shard) => [{ pass: start.number, shape, direction, phase, shard, given: given(shard) }],
      (answer) => {
        for (const { name } of told) all.get(name)!.push(answer.get(name)!);
        for (const { name } of results) {
          const value = answer.get(name)!;
          if (!sum(name, value)) found.set(name, [...(found.get(name) ?? []), value]);
        }
      },
    );
    exchanged = new Map([...all].map(([name, values]) => [`all ${name}`, stacked(values)]));
  }
  return found;
}

/** [shards, …] of a value that each shard has. */
function stacked(values: readonly PlainTensor[]): PlainTensor {
  return { shape: [values.length, ...values[0]!.shape], data: whole(values) };
}

function whole(values: readonly PlainTensor[]): Float32Array {
  return joined(values.map(({ data }) => data));
}
