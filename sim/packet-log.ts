import { Growing } from './growing.js';
import type { PacketObserver } from './observer.js';

/** One message of a timestep: core numbers, output axon entry of its source, and picoseconds from the step's start. */
export interface Packet {
  readonly from: number;
  readonly to: number;
  readonly entry: number;
  readonly made: number;
  readonly arrived: number;
  readonly begin: number;
  readonly end: number;
}

/**
 * The messages of one timestep, to all cores or some, in the order in which they were processed. In columns: of a large
 * network there are millions.
 */
export class PacketLog implements PacketObserver {
  readonly receivers: ReadonlySet<number> | null;
  readonly #from = new Growing(new Int32Array(16));
  readonly #to = new Growing(new Int32Array(16));
  readonly #entry = new Growing(new Int32Array(16));
  readonly #made = new Growing(new Float64Array(16));
  readonly #arrived = new Growing(new Float64Array(16));
  readonly #begin = new Growing(new Float64Array(16));
  readonly #end = new Growing(new Float64Array(16));
  /** Rows of the columns as they were processed. */
  readonly #processed = new Growing(new Int32Array(16));
  /** The rows of those on their way, by number. */
  readonly #underway = new Map<number, number>();

  constructor(receivers: ReadonlySet<number> | null) {
    this.receivers = receivers;
  }

  /** The start of a timestep. */
  open(): void {
    for (const column of [this.#from, this.#to, this.#entry, this.#processed]) column.length = 0;
    for (const column of [this.#made, this.#arrived, this.#begin, this.#end]) column.length = 0;
  }

  made(message: number, from: number, to: number, entry: number, time: number): void {
    if (this.receivers?.has(to) === false) return;
    this.#underway.set(message, this.#from.length);
    this.#from.push(from);
    this.#to.push(to);
    this.#entry.push(entry);
    this.#made.push(time);
    // Known later.
    this.#arrived.push(0);
    this.#begin.push(0);
    this.#end.push(0);
  }

  arrived(message: number, _to: number, time: number): void {
    const row = this.#underway.get(message);
    if (row !== undefined) this.#arrived.values[row] = time;
  }

  processed(message: number, _to: number, begin: number, end: number): void {
    const row = this.#underway.get(message);
    if (row === undefined) return;
    this.#underway.delete(message);
    this.#begin.values[row] = begin;
    this.#end.values[row] = end;
    this.#processed.push(row);
  }

  forEach(visit: (packet: Packet) => void): void {
    for (let k = 0; k < this.#processed.length; k++) {
      const row = this.#processed.values[k]!;
      visit({
        from: this.#from.values[row]!,
        to: this.#to.values[row]!,
        entry: this.#entry.values[row]!,
        made: this.#made.values[row]!,
        arrived: this.#arrived.values[row]!,
        begin: this.#begin.values[row]!,
        end: this.#end.values[row]!,
      });
    }
  }
}
