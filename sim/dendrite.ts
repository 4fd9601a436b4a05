/**
 * The input of a core's compartments in one timestep: what the synapses have added since the last update, and constant
 * currents: the drive that the host loads for this sample's window, and static bias on chips that can gate it.
 */
export class Dendrites {
  /** Summed weights for the next update, [compartments]. */
  readonly accumulator: Int32Array;
  /** The drive of this sample, [compartments]. */
  readonly drive: Int32Array;
  /** Static bias, [rows, compartments]; no rows where the chip has none. */
  readonly #bias: Int32Array;
  readonly #biasRows: number;
  readonly #constant: Int32Array;

  constructor(compartments: number, bias: { readonly rows: number; readonly data: Int32Array }) {
    this.accumulator = new Int32Array(compartments);
    this.drive = new Int32Array(compartments);
    this.#bias = bias.data;
    this.#biasRows = bias.data.length === 0 ? 0 : bias.rows;
    this.#constant = new Int32Array(compartments);
  }

  /** Forgets input that no update has consumed. */
  reset(): void {
    this.accumulator.fill(0);
  }

  /**
   * The constant currents [compartments] of compartments first … end − 1 at local timestep `row` of their window.
   * Outside it they are 0: the host loads a drive for the window alone, and static bias is gated.
   */
  constants(first: number, end: number, row: number, inWindow: boolean): Int32Array {
    const constant = this.#constant;
    if (!inWindow) {
      constant.fill(0, first, end);
      return constant;
    }
    const { drive } = this;
    if (this.#biasRows === 0) return drive;
    const compartments = constant.length;
    const offset = this.#biasRows === 1 ? 0 : row * compartments;
    for (let k = first; k < end; k++) constant[k] = drive[k]! + this.#bias[offset + k]!;
    return constant;
  }
}
