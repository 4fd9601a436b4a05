import type { CoreImage, Program } from '../../schemas/program.js';
import type { Target } from '../../schemas/target.js';
import { elementCount } from '../../schemas/tensor.js';
import { SlowEvents } from './reference-events.js';
import { SlowFault } from './reference-fault.js';

/** What the slow simulator finds in one sample. */
export interface ReferenceSample {
  readonly timesteps: number;
  /** [T, neurons] by population, in local time. */
  readonly spikes: readonly Uint8Array[];
  /** [stepsPerSample] by population. */
  readonly spikesByStep: readonly Int32Array[];
  readonly readout: Int32Array;
}

/** What it counts, of all samples of a stream together. */
export interface ReferenceCounts {
  readonly events: SlowEvents;
  /** Links that messages took, lost ones excluded. */
  readonly hops: number;
  readonly lost: number;
  readonly late: number;
  readonly saturations: number;
  readonly inputsBeyondMax: number;
}

/** A message for an atom of an input axon of a core. */
interface Message {
  readonly core: number;
  readonly axon: number;
  readonly atom: number;
}

/** What one message adds to each compartment, by delay, and the compartment that each of its synapses reaches. */
interface Row {
  readonly weights: ReadonlyMap<number, number[]>;
  readonly targets: readonly number[];
}

/**
 * Runs a Program as its docstrings read, without any regard for speed: synapse memory is read bit by bit from one big
 * integer, every atom of every axon becomes a dense row, and every compartment looks at all messages ever sent.
 * A new sample begins every `sampleInterval` timesteps. `fault`: what is broken; `firstSample`: by which it tells samples
 * apart.
 */
export function simulateStreamSlowly(
  program: Program,
  target: Target,
  drives: readonly (readonly Int32Array[])[],
  fault = new SlowFault(program, target, { kind: 'drop', rate: 0 }, () => 0),
  firstSample = 0,
): ReferenceCounts & { readonly samples: readonly ReferenceSample[] } {
  const T = program.timesteps;
  const { arithmetic } = target;
  const { sampleInterval, stepsPerSample } = program;
  const steps = (drives.length - 1) * sampleInterval + stepsPerSample;
  const rows = program.cores.map((core) => rowsOf(core, target));
  const rowOf = ({ core, axon, atom }: Message): Row => rows[core]![axon]![atom]!;
  const membranes = program.cores.map((core) => new Array<number>(core.compartmentCount).fill(0));
  const sizes = program.populations.map(({ shape }) => elementCount(shape));
  const readoutIndex = program.populations.findIndex(({ kind }) => kind === 'readout');
  const samples = drives.map(() => ({
    timesteps: T,
    spikes: sizes.map((size) => new Uint8Array(T * size)),
    spikesByStep: sizes.map(() => new Int32Array(stepsPerSample)),
    readout: new Int32Array(sizes[readoutIndex]!),
  }));
  const events = new SlowEvents(program.cores.length, program.populations.length);
  const counts = { hops: 0, lost: 0, late: 0, saturations: 0, inputsBeyondMax: 0 };
  /** By step: the messages that synapses of delay 1 feel in it. */
  const heard: Message[][] = Array.from({ length: steps + 1 }, () => []);
  for (let t = 0; t < steps; t++) {
    for (const { chip, core, axon, firstStep } of program.hostAxons) {
      const to = coreAt(program, chip, core);
      for (let n = 0; n < drives.length; n++) {
        const first = n * sampleInterval + firstStep;
        if (t >= first && t < first + T && !fault.isDead(to)) heard[t]!.push({ core: to, axon, atom: 0 });
      }
    }
    for (const [c, core] of program.cores.entries()) {
      for (let k = 0; k < core.compartmentCount; k++) {
        const owner = ownerOf(core, k);
        if (owner === null) {
          events.add('neuronUpdateInactive', c, populationAt(core, k));
          continue;
        }
        const { population, neuron } = owner;
        const { phase } = program.populations[population]!;
        const n = sampleAt(program, drives.length, phase, t);
        const own = t - n * sampleInterval;
        const tau = own - phase;
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
        if (drive >= 0 && isOpen) input += drives[n]![drive]![neuron]!;
        if (core.bias.data.length > 0 && isOpen) {
          input += core.bias.data[(core.bias.rows > 1 ? row : 0) * core.compartmentCount + k]!;
        }
        if (isOpen && Math.abs(input) > (arithmetic.inputMax ?? Number.POSITIVE_INFINITY)) counts.inputsBeyondMax++;

        const before = membranes[c]![k]!;
        events.add(before !== 0 || input !== 0 ? 'neuronUpdateActive' : 'neuronUpdateInactive', c, population);
        const kept = Math.sign(before) * Math.floor((Math.abs(before) * (4096 - now(parameters.decay))) / 4096);
        let v = kept + input;
        if (Math.abs(v) > arithmetic.membraneMax) {
          v = Math.sign(v) * arithmetic.membraneMax;
          if (isOpen) counts.saturations++;
        }
        const theta = now(parameters.threshold);
        const reaches = parameters.spiking && (arithmetic.compare === '>' ? v > theta : v >= theta);
        if (reaches) v = parameters.reset === 'hard' ? 0 : v - now(parameters.resetBy);
        membranes[c]![k] = v;
        if (population === readoutIndex && tau === T - 1 && !fault.isDead(c)) samples[n]!.readout[neuron] = v;
        if (!parameters.spiking || !fault.fires(c, population, neuron, reaches)) continue;

        events.add('spikeOut', c, population);
        samples[n]!.spikesByStep[population]![own]!++;
        if (isOpen) samples[n]!.spikes[population]![tau * sizes[population]! + neuron] = 1;
        for (let e = core.axonsOut.offsets[k]!; e < core.axonsOut.offsets[k + 1]!; e++) {
          const { chip, core: destination, axon, atom } = core.axonsOut;
          const to = coreAt(program, chip[e]!, destination[e]!);
          events.add('messageOut', c, population);
          const fate = fault.fate(firstSample + n, own, c, e, to);
          if (fate === 'lost') {
            counts.lost++;
            continue;
          }
          if (fate === 'late') counts.late++;
          events.add('withinTile', c, population);
          counts.hops += fault.hops(c, to)!;
          heard[Math.min(t + (fate === 'late' ? 2 : 1), steps)]!.push({ core: to, axon: axon[e]!, atom: atom[e]! });
        }
      }
    }
  }
  // Messages of the last steps are processed too, though nobody will see what they add.
  for (const message of heard.flat()) {
    const core = program.cores[message.core]!;
    const { targets } = rowOf(message);
    const populations = targets.map((compartment) => populationAt(core, compartment));
    events.add('axonIn', message.core, populations[0] ?? populationAt(core, 0));
    for (const population of populations) events.add('synapticOperation', message.core, population);
  }
  return { ...counts, events, samples };
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

/** Null of padding. */
function ownerOf(core: CoreImage, compartment: number): { population: number; neuron: number } | null {
  const range = core.ranges.find(({ first, neurons }) => compartment >= first && compartment < first + neurons.length);
  return range === undefined
    ? null
    : { population: range.population, neuron: range.neurons[compartment - range.first]! };
}

/** The population that synapses to a compartment count for: that of the last range that begins there or before, or the first. */
function populationAt({ ranges }: CoreImage, compartment: number): number {
  const sorted = ranges.toSorted((a, b) => a.first - b.first);
  return (sorted.findLast(({ first }) => first <= compartment) ?? sorted[0]!).population;
}

/** The rows of each input axon by atom. */
function rowsOf(core: CoreImage, { limits, arithmetic }: Target): Row[][] {
  const memory = core.synapseMemory.reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
  const read = (bit: number, width: number): number => {
    return Number((memory >> BigInt(bit)) & ((1n << BigInt(width)) - 1n));
  };
  const readRow = (firstWord: number, end: number, base: number): Row => {
    const weights = new Map<number, number[]>();
    const targets: number[] = [];
    let word = firstWord;
    while (word < end) {
      const count = read(64 * word, 6);
      const { weightBits, indexBits, delayBits, exponent } = core.synapseFormats[read(64 * word + 6, 3)]!;
      const header = limits.entryHeaderBits.value!;
      const size = indexBits + delayBits + weightBits;
      for (let k = 0; k < count; k++) {
        const at = 64 * word + header + k * size;
        const offset = indexBits === 0 ? targets.length : read(at, indexBits);
        const delay = 1 + read(at + indexBits, delayBits);
        const mantissa = Number(BigInt.asIntN(weightBits, BigInt(read(at + indexBits + delayBits, weightBits))));
        const row = weights.get(delay) ?? new Array<number>(core.compartmentCount).fill(0);
        weights.set(delay, row);
        row[base + offset]! += mantissa * arithmetic.weight.step * 2 ** exponent;
        targets.push(base + offset);
      }
      word += count === 0 ? 1 : Math.ceil((header + count * size) / 64);
    }
    return { weights, targets };
  };
  const { firstWord, words, base, atoms } = core.axonsIn;
  return Array.from(firstWord, (first, axon) => {
    return Array.from({ length: atoms[axon]! }, (_, atom) => {
      const start = first + atom * words[axon]!;
      return readRow(start, start + words[axon]!, base[axon]!);
    });
  });
}
