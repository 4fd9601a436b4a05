import type { CoreState } from './core-state.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Compartments that loops may touch beyond a core's own, for they work on whole vectors. */
const lanesBeyond = 16;

/**
 * The input of a core's compartments in one timestep: what the synapses have added since the last update, and constant
 * currents: the drive that the host loads for this sample's window, and static bias on chips that can gate it.
 */
export class Dendrites {
  /** The drive of this sample in membrane units, [compartments]; null where no drive reaches the core. */
  readonly drive: Int32Array | null;
  readonly #drive: Address;
  /** Static bias, [rows, compartments]; no rows where the chip has none. */
  readonly #bias: Address;
  readonly #biasRows: number;
  readonly #compartments: number;

  /** `narrow` where weights are summed in 16 bits first. */
  constructor(
    memory: MachineMemory,
    state: CoreState,
    compartments: number,
    bias: { readonly rows: number; readonly data: Int32Array },
    driven: boolean,
    narrow: boolean,
  ) {
    const lanes = Math.ceil(compartments / 8) * 8;
    const inputs = memory.reserve(4 * (lanes + lanesBeyond));
    state.set({ lanes, inputs, sums: narrow ? memory.reserve(2 * (lanes + lanesBeyond)) : 0 });
    this.#drive = driven ? memory.reserve(4 * (compartments + lanesBeyond)) : 0;
    this.drive = driven ? memory.int32(this.#drive, compartments) : null;
    this.#biasRows = bias.data.length === 0 ? 0 : bias.rows;
    this.#bias = this.#biasRows === 0 ? 0 : memory.place(bias.data, 4 * lanesBeyond);
    this.#compartments = compartments;
  }

  /** Where currents lie by compartment, or 0: the drive; and static bias, by row of so many bytes. */
  get places(): { readonly drive: Address; readonly bias: Address; readonly biasRowBytes: number } {
    return { drive: this.#drive, bias: this.#bias, biasRowBytes: this.#biasRows === 1 ? 0 : 4 * this.#compartments };
  }
}
