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

/** The messages of one timestep in the order in which they were processed. */
export class PacketLog implements PacketObserver {
  #packets: Packet[] = [];
  /** Those on their way, by number: what is known of each so far. */
  readonly #underway = new Map<number, { from: number; entry: number; made: number; arrived: number }>();

  /** The start of a timestep. */
  open(): void {
    this.#packets = [];
  }

  made(message: number, from: number, entry: number, time: number): void {
    this.#underway.set(message, { from, entry, made: time, arrived: time });
  }

  arrived(message: number, _to: number, time: number): void {
    this.#underway.get(message)!.arrived = time;
  }

  processed(message: number, to: number, begin: number, end: number): void {
    this.#packets.push({ ...this.#underway.get(message)!, to, begin, end });
    this.#underway.delete(message);
  }

  forEach(visit: (packet: Packet) => void): void {
    this.#packets.forEach(visit);
  }
}
