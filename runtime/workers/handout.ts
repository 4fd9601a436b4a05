/** Times that an input is tried whose thread dies. */
const triesMax = 3;

/** Which input comes next, and how it stands with all of them. */
export class Handout {
  done = 0;
  /** Outputs that have been consumed: those of the first inputs. */
  consumed = 0;
  failure: { readonly index: number; readonly error: Error } | null = null;
  private started = 0;
  private running = 0;
  /** Inputs whose thread has died, and how often each has lost one. */
  private readonly lost: number[] = [];
  private readonly deaths = new Map<number, number>();

  constructor(
    private readonly total: number,
    /** How far the inputs in work may be ahead of what has been consumed. */
    public ahead: number,
  ) {}

  /** The number of the input to be tried now; null where there is none, or not yet. */
  next(): number | null {
    const again = this.lost.shift();
    const isFresh = this.failure === null && this.started < Math.min(this.total, this.consumed + this.ahead);
    if (again === undefined && !isFresh) return null;
    this.running++;
    return again ?? this.started++;
  }

  finish(): void {
    this.running--;
    this.done++;
  }

  fail(index: number, error: Error): void {
    this.running--;
    if (this.failure === null || index < this.failure.index) this.failure = { index, error };
  }

  /**
   * A thread has died that had inputs, the first of them at work: that is tried again, but not for ever, and the others as if
   * nobody had had them.
   */
  lose([index, ...others]: readonly number[], error: Error): void {
    this.running -= others.length;
    this.lost.push(...others);
    const deaths = (this.deaths.get(index!) ?? 0) + 1;
    this.deaths.set(index!, deaths);
    if (deaths >= triesMax) this.fail(index!, error);
    else {
      this.running--;
      this.lost.unshift(index!);
    }
  }

  /** Inputs that no thread has. */
  get left(): number {
    return this.lost.length + this.total - this.started;
  }

  /** True once nothing is in work, nor will be. */
  get isOver(): boolean {
    return this.running === 0 && this.lost.length === 0 && (this.failure !== null || this.started === this.total);
  }
}
