import type { CoreImage, Program } from '../../schemas/program.js';

/** A Program with one thing wrong, and what; null where the Program has nothing to spoil in this way. */
export type Mutation = (program: Program, pick: number) => Program | null;

/** One weight negated: the `pick`-th synapse, counted over all cores, whose weight is not zero. */
export function negateWeight(program: Program, pick: number): Program | null {
  const headerBits = (JSON.parse(program.targetJson) as { limits: { entryHeaderBits: { value: number } } }).limits
    .entryHeaderBits.value;
  const places = program.cores.flatMap((core, index) =>
    synapses(core, headerBits).map((synapse) => ({ index, ...synapse })),
  );
  const place = places[pick % places.length];
  if (place === undefined) return null;
  return withCore(program, place.index, (core) => {
    const synapseMemory = core.synapseMemory.slice();
    const mask = 2 ** place.bits - 1;
    const value = readBits(synapseMemory, place.bit, place.bits);
    writeBits(synapseMemory, place.bit, place.bits, -value & mask);
    return { ...core, synapseMemory };
  });
}

/** One spiking profile's threshold doubled. */
export function doubleThreshold(program: Program, pick: number): Program | null {
  const places = program.cores.flatMap(({ profiles }, core) =>
    profiles.flatMap(({ spiking }, profile) => (spiking ? [{ core, profile }] : [])),
  );
  const place = places[pick % places.length];
  if (place === undefined) return null;
  return withCore(program, place.core, (core) => ({
    ...core,
    profiles: core.profiles.map((profile, index) =>
      index === place.profile ? { ...profile, threshold: profile.threshold.map((value) => 2 * value) } : profile,
    ),
  }));
}

/** One output axon led to another input axon of the same core. */
export function misrouteAxon(program: Program, pick: number): Program | null {
  const axonsAt = (chip: number, core: number): number =>
    program.cores.find((other) => other.chip === chip && other.core === core)!.axonsIn.words.length;
  const places = program.cores.flatMap(({ axonsOut }, core) =>
    [...axonsOut.axon.keys()]
      .filter((entry) => axonsAt(axonsOut.chip[entry]!, axonsOut.core[entry]!) > 1)
      .map((entry) => ({ core, entry })),
  );
  const place = places[pick % places.length];
  if (place === undefined) return null;
  return withCore(program, place.core, (core) => {
    const axon = core.axonsOut.axon.slice();
    const count = axonsAt(core.axonsOut.chip[place.entry]!, core.axonsOut.core[place.entry]!);
    axon[place.entry] = (axon[place.entry]! + 1) % count;
    return { ...core, axonsOut: { ...core.axonsOut, axon } };
  });
}

/** Where the weights that can be negated lie: not zero, nor the one value whose negative has no code. */
function synapses(core: CoreImage, headerBits: number): { bit: number; bits: number }[] {
  const found: { bit: number; bits: number }[] = [];
  const seen = new Set<number>();
  for (const [axon, words] of core.axonsIn.words.entries()) {
    let word = core.axonsIn.firstWord[axon]!;
    const end = word + words;
    while (word < end && !seen.has(word)) {
      seen.add(word);
      const count = readBits(core.synapseMemory, word * 64, 6);
      const { indexBits, weightBits } = core.synapseFormats[readBits(core.synapseMemory, word * 64 + 6, 3)]!;
      for (let k = 0; k < count; k += 1) {
        const bit = word * 64 + headerBits + k * (indexBits + weightBits) + indexBits;
        const value = readBits(core.synapseMemory, bit, weightBits);
        if (value !== 0 && value !== 2 ** (weightBits - 1)) found.push({ bit, bits: weightBits });
      }
      word += Math.ceil((headerBits + count * (indexBits + weightBits)) / 64);
    }
  }
  return found;
}

function readBits(memory: Uint8Array, bit: number, bits: number): number {
  let value = 0;
  for (let k = 0; k < bits; k += 1) value |= ((memory[(bit + k) >> 3]! >> ((bit + k) & 7)) & 1) << k;
  return value;
}

function writeBits(memory: Uint8Array, bit: number, bits: number, value: number): void {
  for (let k = 0; k < bits; k += 1) {
    const at = (bit + k) >> 3;
    const mask = 1 << ((bit + k) & 7);
    memory[at] = (value >> k) & 1 ? memory[at]! | mask : memory[at]! & ~mask;
  }
}

function withCore(program: Program, index: number, change: (core: CoreImage) => CoreImage): Program {
  return { ...program, cores: program.cores.map((core, other) => (other === index ? change(core) : core)) };
}
