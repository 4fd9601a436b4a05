/** Everything that equality is judged by, for one sample: of the twin, the simulator or a reference. */
export interface SampleRecord {
  /** By population name: [T, H·W·C] in local time, 1 where a neuron fired; of spiking populations. */
  readonly spikes: ReadonlyMap<string, Uint8Array>;
  /** The readout's membrane after T steps, [classes]. */
  readonly readout: Int32Array;
}
