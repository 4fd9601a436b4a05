/** The earliest difference of a sample; `timestep` counts from the population's window, `step` from the sample's start. */
export interface Mismatch {
  readonly population: string;
  readonly neuron: { readonly y: number; readonly x: number; readonly c: number };
  readonly timestep: number;
  readonly step: number;
  readonly chip: number;
  readonly core: number;
  /** Of the twin: 0 or 1 for a spike; the membrane for a readout. */
  readonly expected: number;
  /** Of the chip. */
  readonly found: number;
}

/** Neuron (its index (y·W + x)·C + c) and its input current in membrane units; neurons that are not named get none. */
export type DrivenNeuron = readonly [neuron: number, current: number];

/**
 * The smallest case found in which a program and its integer network differ: one sample, cut to as few timesteps and
 * input currents as still show it. One JSON file, validated by reproducer.schema.json.
 */
export interface Reproducer {
  readonly formatVersion: 1;
  /** The program that was at fault; sha256 of its file in hex. */
  readonly program: { readonly name: string; readonly sha256: string };
  /** The integer network that it was held against; the currents are in its units. */
  readonly graph: { readonly sha256: string };
  /** The test image that the case was cut from. */
  readonly sample: number;
  /** Length of every population's window, at most the network's T. */
  readonly timesteps: number;
  /** One per drive of the network, in its order. */
  readonly drives: readonly { readonly population: string; readonly currents: readonly DrivenNeuron[] }[];
  /** False where the search ended before it had tried to leave out every single current. */
  readonly isMinimal: boolean;
  readonly mismatch: Mismatch;
}
