import type { CoreImage, Program } from '../../schemas/program.js';
import type { Target } from '../../schemas/target.js';
import { elementCount } from '../../schemas/tensor.js';

/** What the slow simulator finds in one sample. */
export interface ReferenceSample {
  /** [T, neurons] by population, in local time. */
  readonly spikes: readonly Uint8Array[];
  /** Spikes by population in all steps. */
  readonly spikesInAllSteps: readonly number[];
  readonly readout: Int32Array;
  readonly synapticOperations: number;
  readonly messages: number;
  readonly saturations: number;
  /** Updates of compartments with a membrane or an input other than zero. */
  readonly active: number;
}

/** A message for an atom of an input axon of a core. */
interface Message {
  readonly core: number;
  readonly axon: number;
  readonly atom: number;
}

/** What one message adds to each compartment, by delay, and the synapses that it reaches. */
interface Row {
  readonly weights: ReadonlyMap<number, number[]>;
  readonly synapses: number;
}

/** One sample alone. */
export function simulateSlowly(program: Program, target: Target, drives: readonly Int32Array[]): ReferenceSample {
  const { spikes, spikesInAllSteps, readouts, ...counts } = simulateStreamSlowly(program, target, [drives]);
  return { spikes: spikes[0]!, spikesInAllSteps: spikesInAllSteps[0]!, readout: readouts[0]!, ...counts };
}

/** What the slow simulator finds in a stream of samples; counts are of all of them together. */
export interface ReferenceStream {
  /** By sample and population, as of one sample. */
  readonly spikes: readonly (readonly Uint8Array[])[];
  readonly spikesInAllSteps: readonly (readonly number[])[];
  readonly readouts: readonly Int32Array[];
  readonly synapticOperations: number;
  readonly messages: number;
  readonly saturations: number;
  /** Updates of compartments with a membrane or an input other than zero. */
  readonly active: number;
}

/**
 * Runs a Program as its docstrings read, without any regard for speed: synapse memory is read bit by bit from one big
 * integer, every atom of every axon becomes a dense row, and every compartment looks at all messages ever sent.
 * A new sample begins every `sampleInterval` timesteps.
 */
export function simulateStreamSlowly(
  program: Program,
  target: Target,
  samples: readonly (readonly Int32Array[])[],
): ReferenceStream {
  const T = program.timesteps;
  const { arithmetic } = target;
  const { sampleInterval, stepsPerSample } = program;
  const steps = (samples.length - 1) * sampleInterval + stepsPerSample;
  const rows = program.cores.map((core) => rowsOf(core, target));
  const rowOf = ({ core, axon, atom }: Message): Row => rows[core]![axon]![atom]!;
  const membranes = program.cores.map((core) => new Array<number>(core.compartmentCount).fill(0));
  const sizes = program.populations.map(({ shape }) => elementCount(shape));
  const spikes = samples.map(() => sizes.map((size) => new Uint8Array(T * size)));
  const spikesInAllSteps = samples.map(() => sizes.map(() => 0));
  const readoutIndex = program.populations.findIndex(({ kind }) => kind === 'readout');
  const readouts = samples.map(() => new Int32Array(sizes[readoutIndex]!));
  let messages = 0;
  let saturations = 0;
  let active = 0;
  /** By step: the messages that synapses of delay 1 feel in it. */
  const heard: Message[][] = Array.from({ length: steps + 1 }, () => []);
  for (let t = 0; t < steps; t++) {
    for (const { chip, core, axon, firstStep } of program.hostAxons) {
      for (let n = 0; n < samples.length; n++) {
        const first = n * sampleInterval + firstStep;
        if (t >= first && t < first + T) heard[t]!.push({ core: coreAt(program, chip, core), axon, atom: 0 });
      }
    }
    for (const [c, core] of program.cores.entries()) {
      for (let k = 0; k < core.compartmentCount; k++) {
        const { population, neuron } = ownerOf(core, k);
        const { phase } = program.populations[population]!;
        const n = sampleAt(program, samples.length, phase, t);
        const tau = t - n * sampleInterval - phase;
        const isOpen = tau >= 0 && tau < T;
        const row = Math.min(Math.max(tau, 0), T - 1);
        const parameters = core.profiles[core.compartmentProfile[k]!]!;
        const now = (table: Int32Array): number => table[table.length > 1 ? row : 0]!;
        if (tau === 0 && sampleInterval < stepsPerSample) membranes[c]![k] = 0;

        let input = 0;
        for (let delay = 1; delay <= t + 1; delay++) {
          for (const message of heard[t + 1 - delay]!) {
            if (message.core === c) input += rowOf(message).weights.get(delay)?.[k] ?? 0;
          }
        }
        const drive = program.drives.findIndex((d) => d.population === program.populations[population]!.name);
        if (drive >= 0 && isOpen) input += samples[n]![drive]![neuron]!;
        if (core.bias.data.length > 0 && isOpen) {
          input += core.bias.data[(core.bias.rows > 1 ? row : 0) * core.compartmentCount + k]!;
        }

        const before = membranes[c]![k]!;
        if (before !== 0 || input !== 0) active++;
        const kept = Math.sign(before) * Math.floor((Math.abs(before) * (4096 - now(parameters.decay))) / 4096);
        let v = kept + input;
        if (Math.abs(v) > arithmetic.membraneMax) {
          v = Math.sign(v) * arithmetic.membraneMax;
          if (isOpen) saturations++;
        }
        const theta = now(parameters.threshold);
        if (parameters.spiking && (arithmetic.compare === '>' ? v > theta : v >= theta)) {
          v = parameters.reset === 'hard' ? 0 : v - now(parameters.resetBy);
          spikesInAllSteps[n]![population]!++;
          if (isOpen) spikes[n]![population]![tau * sizes[population]! + neuron] = 1;
          for (let e = core.axonsOut.offsets[k]!; e < core.axonsOut.offsets[k + 1]!; e++) {
            messages++;
            const { chip, core: to, axon, atom } = core.axonsOut;
            heard[t + 1]!.push({ core: coreAt(program, chip[e]!, to[e]!), axon: axon[e]!, atom: atom[e]! });
          }
        }
        membranes[c]![k] = v;
        if (population === readoutIndex && tau === T - 1) readouts[n]![neuron] = v;
      }
    }
  }
  // Messages of the last steps are processed too, though nobody will see what they add.
  const synapticOperations = heard.flat().reduce((sum, message) => sum + rowOf(message).synapses, 0);
  return { spikes, spikesInAllSteps, readouts, synapticOperations, messages, saturations, active };
}

/** The sample that a population is at work on: that whose window it has opened last and which is not over, or the next. */
function sampleAt({ sampleInterval, stepsPerSample }: Program, samples: number, phase: number, t: number): number {
  const all = Array.from({ length: samples }, (_, n) => n);
  const opened = all.filter((n) => n * sampleInterval + phase <= t && t < n * sampleInterval + stepsPerSample);
  return opened.at(-1) ?? all.find((n) => t < n * sampleInterval + phase)!;
}

function coreAt(program: Program, chip: number, core: number): number {
  return program.cores.findIndex((image) => image.chip === chip && image.core === core);
}

function ownerOf(core: CoreImage, compartment: number): { population: number; neuron: number } {
  const range = core.ranges.find(({ first, neurons }) => compartment >= first && compartment < first + neurons.length)!;
  return { population: range.population, neuron: range.neurons[compartment - range.first]! };
}

/** The rows of each input axon by atom. */
function rowsOf(core: CoreImage, { limits, arithmetic }: Target): Row[][] {
  const memory = core.synapseMemory.reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
  const read = (bit: number, width: number): number => {
    return Number((memory >> BigInt(bit)) & ((1n << BigInt(width)) - 1n));
  };
  const readRow = (firstWord: number, end: number, base: number): Row => {
    const weights = new Map<number, number[]>();
    let synapses = 0;
    let word = firstWord;
    while (word < end) {
      const count = read(64 * word, 6);
      const { weightBits, indexBits, delayBits, exponent } = core.synapseFormats[read(64 * word + 6, 3)]!;
      const header = limits.entryHeaderBits.value!;
      const size = indexBits + delayBits + weightBits;
      for (let k = 0; k < count; k++) {
        const at = 64 * word + header + k * size;
        const offset = indexBits === 0 ? synapses : read(at, indexBits);
        const delay = 1 + read(at + indexBits, delayBits);
        const mantissa = Number(BigInt.asIntN(weightBits, BigInt(read(at + indexBits + delayBits, weightBits))));
        const row = weights.get(delay) ?? new Array<number>(core.compartmentCount).fill(0);
        weights.set(delay, row);
        row[base + offset]! += mantissa * arithmetic.weight.step * 2 ** exponent;
        synapses++;
      }
      word += count === 0 ? 1 : Math.ceil((header + count * size) / 64);
    }
    return { weights, synapses };
  };
  const { firstWord, words, base, atoms } = core.axonsIn;
  return Array.from(firstWord, (first, axon) => {
    return Array.from({ length: atoms[axon]! }, (_, atom) => {
      const start = first + atom * words[axon]!;
      return readRow(start, start + words[axon]!, base[axon]!);
    });
  });
}
