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
}

/**
 * Runs a Program as its docstrings read, without any regard for speed: synapse memory is read bit by bit from one big
 * integer, every axon becomes a row of a dense matrix, and every step visits every axon and every compartment.
 */
export function simulateSlowly(program: Program, target: Target, drives: readonly Int32Array[]): ReferenceSample {
  const T = program.timesteps;
  const { arithmetic } = target;
  const matrices = program.cores.map((core) => weightMatrix(core, target));
  const membranes = program.cores.map((core) => new Array<number>(core.compartmentCount).fill(0));
  const sizes = program.populations.map(({ shape }) => elementCount(shape));
  const spikes = sizes.map((size) => new Uint8Array(T * size));
  const spikesInAllSteps = sizes.map(() => 0);
  const readoutIndex = program.populations.findIndex(({ kind }) => kind === 'readout');
  const readout = new Int32Array(sizes[readoutIndex]!);
  let synapticOperations = 0;
  let messages = 0;
  let saturations = 0;
  let arriving = program.cores.map((core) => core.axonsIn.firstWord.map(() => 0));
  for (let t = 0; t < program.stepsPerSample; t++) {
    const leaving = program.cores.map((core) => core.axonsIn.firstWord.map(() => 0));
    for (const { chip, core, axon, firstStep } of program.hostAxons) {
      if (t >= firstStep && t < firstStep + T) arriving[coreAt(program, chip, core)]![axon]!++;
    }
    for (const [c, core] of program.cores.entries()) {
      for (let k = 0; k < core.compartmentCount; k++) {
        const { population, neuron } = ownerOf(core, k);
        const tau = t - program.populations[population]!.phase;
        const isOpen = tau >= 0 && tau < T;
        const row = Math.min(Math.max(tau, 0), T - 1);
        const parameters = core.profiles[core.compartmentProfile[k]!]!;
        const now = (table: Int32Array): number => table[table.length > 1 ? row : 0]!;

        let input = 0;
        for (const [axon, times] of arriving[c]!.entries()) input += times * matrices[c]![axon]!.weights[k]!;
        const drive = program.drives.findIndex((d) => d.population === program.populations[population]!.name);
        if (drive >= 0 && isOpen) input += drives[drive]![neuron]!;
        if (core.bias.data.length > 0 && isOpen) {
          input += core.bias.data[(core.bias.rows > 1 ? row : 0) * core.compartmentCount + k]!;
        }

        const before = membranes[c]![k]!;
        const kept = Math.sign(before) * Math.floor((Math.abs(before) * (4096 - now(parameters.decay))) / 4096);
        let v = kept + input;
        if (Math.abs(v) > arithmetic.membraneMax) {
          v = Math.sign(v) * arithmetic.membraneMax;
          if (isOpen) saturations++;
        }
        const theta = now(parameters.threshold);
        if (parameters.spiking && (arithmetic.compare === '>' ? v > theta : v >= theta)) {
          v = parameters.reset === 'hard' ? 0 : v - now(parameters.resetBy);
          spikesInAllSteps[population]!++;
          if (isOpen) spikes[population]![tau * sizes[population]! + neuron] = 1;
          for (let e = core.axonsOut.offsets[k]!; e < core.axonsOut.offsets[k + 1]!; e++) {
            messages++;
            leaving[coreAt(program, core.axonsOut.chip[e]!, core.axonsOut.core[e]!)]![core.axonsOut.axon[e]!]!++;
          }
        }
        membranes[c]![k] = v;
        if (population === readoutIndex && tau === T - 1) readout[neuron] = v;
      }
    }
    // Messages of the last step are processed too, though nobody will see what they add.
    for (const [c, counts] of leaving.entries()) {
      for (const [axon, times] of counts.entries()) synapticOperations += times * matrices[c]![axon]!.synapses;
    }
    for (const { chip, core, axon, firstStep } of program.hostAxons) {
      if (t >= firstStep && t < firstStep + T) {
        synapticOperations += matrices[coreAt(program, chip, core)]![axon]!.synapses;
      }
    }
    arriving = leaving;
  }
  return { spikes, spikesInAllSteps, readout, synapticOperations, messages, saturations };
}

function coreAt(program: Program, chip: number, core: number): number {
  return program.cores.findIndex((image) => image.chip === chip && image.core === core);
}

function ownerOf(core: CoreImage, compartment: number): { population: number; neuron: number } {
  const range = core.ranges.find(({ first, neurons }) => compartment >= first && compartment < first + neurons.length)!;
  return { population: range.population, neuron: range.neurons[compartment - range.first]! };
}

/** What each axon adds to each compartment, and how many synapses it has. */
function weightMatrix(core: CoreImage, { limits, arithmetic }: Target): { weights: number[]; synapses: number }[] {
  const memory = core.synapseMemory.reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
  const read = (bit: number, width: number): bigint => (memory >> BigInt(bit)) & ((1n << BigInt(width)) - 1n);
  return Array.from(core.axonsIn.firstWord, (firstWord, axon) => {
    const weights = new Array<number>(core.compartmentCount).fill(0);
    let synapses = 0;
    let word = firstWord;
    while (word < firstWord + core.axonsIn.words[axon]!) {
      const count = Number(read(64 * word, 6));
      const { weightBits, indexBits, exponent } = core.synapseFormats[Number(read(64 * word + 6, 3))]!;
      const header = limits.entryHeaderBits.value!;
      for (let k = 0; k < count; k++) {
        const at = 64 * word + header + k * (indexBits + weightBits);
        const offset = indexBits === 0 ? synapses : Number(read(at, indexBits));
        const mantissa = Number(BigInt.asIntN(weightBits, read(at + indexBits, weightBits)));
        weights[core.axonsIn.base[axon]! + offset]! += mantissa * arithmetic.weight.step * 2 ** exponent;
        synapses++;
      }
      word += Math.ceil((header + count * (indexBits + weightBits)) / 64);
    }
    return { weights, synapses };
  });
}
