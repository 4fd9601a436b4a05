import type { PacketObserver } from './observer.js';
import type { Picoseconds } from './quantities.js';

/** How long one timestep took, and what held it up. */
export interface TimestepTime {
  /** The barrier included. */
  readonly duration: Picoseconds;
  /** The core that finished last (of several, the first). */
  readonly criticalCore: number;
  /** The link that was occupied longest (of several, the first), or −1 where no message left its tile. */
  readonly criticalLink: number;
}

/**
 * Times a timestep after its messages have been delivered: the cores' `somas` still tell who fired, and their input and
 * output axons what was sent and received.
 * Timing never changes what is computed.
 */
export interface TimestepClock {
  /** Messages that took each link since the last `reset`, [links]. */
  readonly linkMessages: Float64Array;
  /** Time that each core was at work since the last `reset`, in picoseconds [cores]: updating and sending; receiving. */
  readonly sendBusy: Float64Array;
  readonly receiveBusy: Float64Array;
  reset(): void;
  /** Follows the messages of the coming timesteps, where this clock times each; null: no longer. */
  observe(packets: PacketObserver | null): void;
  /** `hostWork` [cores]: picoseconds each core spends on the axons that the host drives in this timestep. */
  timestep(hostWork: Float64Array): TimestepTime;
}
