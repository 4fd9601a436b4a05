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
  /** By message number: what is known of it so far. */
  readonly #from: number[] = [];
  readonly #entry: number[] = [];
  readonly #made: number[] = [];
  readonly #arrived: number[] = [];

  /** The start of a timestep. */
  open(): void {
    this.#packets = [];
  }

  made(message: number, from: number, entry: number, time: number): void {
    this.#from[message] = from;
    this.#entry[message] = entry;
    this.#made[message] = time;
  }

  arrived(message: number, _to: number, time: number): void {
    this.#arrived[message] = time;
  }

  processed(message: number, to: number, begin: number, end: number): void {
    const [from, entry] = [this.#from[message]!, this.#entry[message]!];
    this.#packets.push({ from, to, entry, made: this.#made[message]!, arrived: this.#arrived[message]!, begin, end });
  }

  forEach(visit: (packet: Packet) => void): void {
    this.#packets.forEach(visit);
  }
}
