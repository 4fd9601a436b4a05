import type { Reset } from './snn.js';
import type { Drive } from './spike.js';
import type { MapShape } from './tensor.js';

/** The version of the Program file format. */
export const PROGRAM_VERSION = 2;

/** Where a Program came from. Hashes are sha256 in hex. */
export interface Provenance {
  readonly spikewrightVersion: string;
  readonly sources: readonly { readonly role: string; readonly sha256: string }[];
  /** The compile options as canonical JSON. */
  readonly options: string;
}

/** A population as the chip's user sees it; its neurons are spread over cores by `CompartmentRange`s. */
export interface ProgramPopulation {
  readonly name: string;
  readonly kind: 'spiking' | 'readout';
  readonly shape: MapShape;
  /** The timestep of a sample at which its window of T steps opens. */
  readonly phase: number;
  /** Membrane units per unit of the trained network. */
  readonly scale: number;
  /**
   * Of relays: the population whose spikes these neurons repeat, each those of its own number in the same step of its
   * window. Null of populations of the network.
   */
  readonly relayOf: string | null;
}

/**
 * Compartments first … first + neurons.length − 1 of a core are these neurons of a population. Compartments in no range
 * are padding: synapses may lead to them, but they have no membrane and never fire. The core passes over them, in the time
 * and with the energy of an inactive update.
 */
export interface CompartmentRange {
  readonly population: number;
  readonly first: number;
  readonly neurons: Int32Array;
}

/**
 * What compartments of one kind share. Tables are by local timestep τ: one row, or T rows.
 * The spike rule is `v > threshold` or `v ≥ threshold` as the target's arithmetic says (`threshold` is stored as the
 * chip compares it); a soft reset subtracts `resetBy`.
 */
export interface CompartmentProfile {
  readonly spiking: boolean;
  readonly reset: Reset;
  readonly threshold: Int32Array;
  readonly resetBy: Int32Array;
  /** In 1/4096. */
  readonly decay: Int32Array;
}

/**
 * How the synapses of an axon are packed: mantissas of `weightBits` (two's complement), worth mantissa·step·2^exponent.
 * With `indexBits` 0 synapse k goes to compartment base + k, where k counts over all entries of the axon (of the atom,
 * on a population axon); else each carries its (unsigned) index, to be added to base. A synapse acts `delay` timesteps
 * after the spike: 1 with `delayBits` 0, else each carries its own delay − 1.
 */
export interface SynapseFormat {
  readonly weightBits: number;
  readonly indexBits: number;
  readonly delayBits: number;
  readonly exponent: number;
}

/**
 * The synapse memory of a core: 64-bit words, little-endian, bits filled from the least significant.
 * An axon's words hold packed entries back to back, each starting on a word: header of `entryHeaderBits`
 * (synapse count in the low 6 bits, format in the next 3, the rest zero), then `count` synapses of index, delay, weight;
 * the words an entry needs are the fewest that hold header and synapses. On a population axon a word of zeros is an
 * entry without synapses: it fills up the atoms whose lists are shorter than the longest.
 */
export interface CoreImage {
  readonly chip: number;
  /** Core number on its chip; tile = floor(core / coresPerTile), row-major on the mesh. */
  readonly core: number;
  readonly compartmentCount: number;
  readonly ranges: readonly CompartmentRange[];
  readonly profiles: readonly CompartmentProfile[];
  /** Profile of each compartment, [compartmentCount]. */
  readonly compartmentProfile: Uint8Array;
  /** Static bias of each compartment, [rows, compartmentCount] with 1 or T rows, for targets with a bias gate; else empty. */
  readonly bias: { readonly rows: number; readonly data: Int32Array };
  readonly synapseFormats: readonly SynapseFormat[];
  readonly synapseMemory: Uint8Array;
  /**
   * Input axons: first word, words of one atom, base compartment, atoms. An axon with 1 atom is a discrete one;
   * a population axon has several, the list of atom a in words firstWord + a·words and on. Axons may share words.
   */
  readonly axonsIn: {
    readonly firstWord: Uint32Array;
    readonly words: Uint16Array;
    readonly base: Int16Array;
    readonly atoms: Uint16Array;
  };
  /**
   * Output axons in compressed rows by compartment: entries offsets[k] … offsets[k + 1] − 1 of compartment k name the
   * input axon of a core, and the atom there, that each of its spikes goes to.
   */
  readonly axonsOut: {
    readonly offsets: Uint32Array;
    readonly chip: Uint16Array;
    readonly core: Uint16Array;
    readonly axon: Uint16Array;
    readonly atom: Uint16Array;
  };
}

/** An input axon (a discrete one) that the host drives once per timestep, firstStep … firstStep + T − 1 of each sample: a layer's bias. */
export interface HostAxon {
  readonly chip: number;
  readonly core: number;
  readonly axon: number;
  readonly firstStep: number;
}

/** A compiled network: everything that the chip and its host need. */
export interface Program {
  readonly formatVersion: typeof PROGRAM_VERSION;
  readonly name: string;
  readonly provenance: Provenance;
  /** The whole target description as JSON text, so that a Program runs alone. */
  readonly targetJson: string;
  readonly timesteps: number;
  /** Timesteps from a sample's first to the one at whose end the readout is complete: largest phase + T. */
  readonly stepsPerSample: number;
  /**
   * Timesteps from the start of a sample to the start of the next, T … stepsPerSample: below stepsPerSample samples are
   * pipelined, each population at work on the sample whose window is open; its membranes are cleared when one opens.
   */
  readonly sampleInterval: number;
  readonly chips: number;
  readonly populations: readonly ProgramPopulation[];
  /** Host encoders; `population` names the population whose compartments receive the current as bias. */
  readonly drives: readonly Drive[];
  readonly hostAxons: readonly HostAxon[];
  readonly cores: readonly CoreImage[];
}
