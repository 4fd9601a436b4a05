/** Marks the end of a list of messages or stations. */
const none = -1;

/**
 * The messages in flight, as first-in-first-out queues in front of stations, without an object per message.
 * A station holds at most `capacity` messages; senders that find it full wait in their own queue for room.
 */
export class MessageQueues {
  readonly #capacity: number;
  readonly #count: Int32Array;
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  /** Senders that wait for room at each station; a sender waits for one at most. */
  readonly #waiting: readonly Set<number>[];
  /** Whose message each station took last. */
  readonly #giver: Int32Array;
  /** By message: the next in its queue or in the list of free ones, its core, and the core's time to process it. */
  #next = new Int32Array(1024);
  #destination = new Int32Array(1024);
  #work = new Float64Array(1024);
  #made = 0;
  #free = none;

  constructor(stations: number, capacity: number) {
    this.#capacity = capacity;
    this.#count = new Int32Array(stations);
    this.#head = new Int32Array(stations).fill(none);
    this.#tail = new Int32Array(stations).fill(none);
    this.#waiting = Array.from({ length: stations }, () => new Set());
    this.#giver = new Int32Array(stations).fill(none);
  }

  /** The start of a timestep, when all are empty: it is the first one's turn. */
  open(): void {
    this.#giver.fill(none);
  }

  create(destination: number, work: number): number {
    let message = this.#free;
    if (message === none) message = this.#make();
    else this.#free = this.#next[message]!;
    this.#destination[message] = destination;
    this.#work[message] = work;
    return message;
  }

  discard(message: number): void {
    this.#next[message] = this.#free;
    this.#free = message;
  }

  destination(message: number): number {
    return this.#destination[message]!;
  }

  work(message: number): number {
    return this.#work[message]!;
  }

  isEmpty(station: number): boolean {
    return this.#count[station] === 0;
  }

  isFull(station: number): boolean {
    return this.#count[station]! >= this.#capacity;
  }

  head(station: number): number {
    return this.#head[station]!;
  }

  /** `giver`: the station that it comes from. */
  enter(station: number, message: number, giver: number): void {
    this.#giver[station] = giver;
    this.#next[message] = none;
    if (this.#count[station]! === 0) this.#head[station] = message;
    else this.#next[this.#tail[station]!] = message;
    this.#tail[station] = message;
    this.#count[station]!++;
  }

  /** Takes the head out of its station. */
  leave(station: number): void {
    this.#head[station] = this.#next[this.#head[station]!]!;
    this.#count[station]!--;
  }

  /** A sending unit keeps the one message that it has made but not yet injected. */
  hold(sender: number, message: number): void {
    this.#head[sender] = message;
  }

  release(sender: number): number {
    return this.#head[sender]!;
  }

  /** `sender` waits for room at `station`. */
  wait(sender: number, station: number): void {
    this.#waiting[station]!.add(sender);
  }

  /** The sender whose turn it is at `station`, no longer waiting: the next behind the last giver, or the first; −1 where none waits. */
  takeWaiting(station: number): number {
    const waiting = this.#waiting[station]!;
    const inOrder = [...waiting].sort((a, b) => a - b);
    const sender = inOrder.find((one) => one > this.#giver[station]!) ?? inOrder[0] ?? none;
    waiting.delete(sender);
    return sender;
  }

  #make(): number {
    const message = this.#made++;
    if (message === this.#next.length) {
      const size = 2 * message;
      const next = new Int32Array(size);
      const destination = new Int32Array(size);
      const work = new Float64Array(size);
      next.set(this.#next);
      destination.set(this.#destination);
      work.set(this.#work);
      this.#next = next;
      this.#destination = destination;
      this.#work = work;
    }
    return message;
  }
}
