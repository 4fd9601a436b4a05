import type { Hand } from './hand.js';
import type { Inputs, Progress } from './inputs.js';
import { LocalHand } from './local-hand.js';
import { Pace } from './pace.js';
import { Round } from './round.js';
import type { Task } from './task.js';
import { ThreadHand } from './thread-hand.js';

/** All threads, the calling thread alone, or another alone. */
export type FirstHand = 'all' | 'caller' | 'thread';

export interface MapOptions {
  /** Threads at most, ≥ 1; with 1 the task runs in the calling thread. */
  readonly workers: number;
  /**
   * Who begins, all unless said otherwise; one that begins alone is joined by others once what is left would
   * take it longer than it takes them to start.
   */
  readonly first?: FirstHand;
  /** Aborting ends all threads; `map` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A started task on several threads; threads and what they hold stay alive between maps until `close`. */
export interface Pool<Input, Output> {
  /**
   * Hands `consume` the outputs in the order of the inputs, the same for any number of workers, and keeps none: of
   * outputs that wait for an earlier one there are few. Where inputs fail, rejects with the error of the first of them in
   * order (diagnostics intact). An input whose thread dies is given to a fresh one, three times in all; then it has failed
   * (SW5009). One call at a time.
   */
  each(inputs: Inputs<Input>, consume: (output: Output) => void, progress?: Progress<Output>): Promise<void>;
  /** The outputs in the order of the inputs. */
  map(inputs: readonly Input[], progress?: Progress<Output>): Promise<Output[]>;
  close(): Promise<void>;
}

/** A pool for `task`; threads start when a map needs them. */
export function openPool<Setup, Input, Output>(
  task: Task<Setup, Input, Output>,
  setup: Setup,
  options: MapOptions,
): Pool<Input, Output> {
  return new HandPool(task, setup, options);
}

/** Opens a pool, maps once, closes it. */
export async function mapTask<Setup, Input, Output>(
  task: Task<Setup, Input, Output>,
  setup: Setup,
  inputs: readonly Input[],
  options: MapOptions & { readonly progress?: Progress<Output> | undefined },
): Promise<Output[]> {
  const outputs: Output[] = [];
  await eachTask(task, setup, inputs, { ...options, consume: (output) => outputs.push(output) });
  return outputs;
}

/** Opens a pool, hands the outputs to `consume` in order, closes it. */
export async function eachTask<Setup, Input, Output>(
  task: Task<Setup, Input, Output>,
  setup: Setup,
  inputs: Inputs<Input>,
  options: MapOptions & {
    readonly consume: (output: Output) => void;
    readonly progress?: Progress<Output> | undefined;
  },
): Promise<void> {
  const pool = openPool(task, setup, { ...options, workers: Math.max(1, Math.min(options.workers, inputs.length)) });
  try {
    await pool.each(inputs, options.consume, options.progress);
  } finally {
    await pool.close();
  }
}

class HandPool<Setup, Input, Output> implements Pool<Input, Output> {
  /** The one that began comes first. */
  private hands: Hand[] = [];
  /** Of the one that began, where others may join it. */
  private pace: Pace | null = null;

  constructor(
    private readonly task: Task<Setup, Input, Output>,
    private readonly setup: Setup,
    private readonly options: MapOptions,
  ) {}

  async map(inputs: readonly Input[], progress?: Progress<Output>): Promise<Output[]> {
    const outputs: Output[] = [];
    await this.each(inputs, (output) => outputs.push(output), progress);
    return outputs;
  }

  async each(inputs: Inputs<Input>, consume: (output: Output) => void, progress?: Progress<Output>): Promise<void> {
    const { signal } = this.options;
    signal?.throwIfAborted();
    this.muster(inputs.length);
    const round = new Round(inputs, consume, progress, {
      started: (hand) => {
        if (hand === this.hands[0]) this.pace?.started();
      },
      answered: (hand, milliseconds, left) => {
        if (hand !== this.hands[0]) return;
        this.pace?.finished(milliseconds);
        if (this.pace?.isWorth(left)) round.expect(this.reinforce(left));
      },
      replace: (dead) => {
        this.hands = this.hands.filter((hand) => hand !== dead);
        return this.startThread();
      },
    });
    const abort = (): void => round.end(signal?.reason);
    signal?.addEventListener('abort', abort);
    try {
      round.employ(this.hands);
      await round.over;
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    const hands = this.hands;
    this.hands = [];
    this.pace = null;
    await Promise.all(hands.map((hand) => hand.stop()));
  }

  /** Sees that there are hands to begin with so many inputs. */
  private muster(inputs: number): void {
    const { workers, first = 'all' } = this.options;
    this.hands = this.hands.filter(({ isAlive }) => isAlive);
    const isAlone = workers === 1 || first !== 'all';
    const wanted = Math.min(isAlone ? 1 : workers, inputs);
    if (isAlone && workers > 1 && this.hands.length < wanted) this.pace = new Pace(() => performance.now());
    if (this.hands.length < wanted && (workers === 1 || first === 'caller')) {
      this.hands.push(new LocalHand(this.task, this.setup));
    }
    while (this.hands.length < wanted) this.startThread();
  }

  /** Starts the threads that are still to be had and may find one of the inputs left. */
  private reinforce(left: number): Hand[] {
    this.pace = null;
    return Array.from({ length: Math.min(this.options.workers - this.hands.length, left) }, () => this.startThread());
  }

  private startThread(): Hand {
    const thread = new ThreadHand(this.task, this.setup);
    this.hands.push(thread);
    return thread;
  }
}
