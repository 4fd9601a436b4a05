import type { PacketObserver } from './observer.js';

/** The input queues of all cores within a timestep: lengths now and at most, and what was received. */
export class QueueWatch implements PacketObserver {
  /** [cores]: messages in the queue now (the one in service included), the most there were, and those received. */
  readonly length: Int32Array;
  readonly longest: Int32Array;
  readonly received: Int32Array;
  readonly receivers: ReadonlySet<number> | null;

  constructor(cores: number, receivers: ReadonlySet<number> | null) {
    this.receivers = receivers;
    this.length = new Int32Array(cores);
    this.longest = new Int32Array(cores);
    this.received = new Int32Array(cores);
  }

  /** The start of a timestep: all queues are empty. */
  open(): void {
    this.longest.fill(0);
    this.received.fill(0);
  }

  made(): void {}

  arrived(_message: number, to: number): void {
    const length = ++this.length[to]!;
    this.received[to]!++;
    if (length > this.longest[to]!) this.longest[to] = length;
  }

  processed(_message: number, to: number): void {
    this.length[to]!--;
  }
}
