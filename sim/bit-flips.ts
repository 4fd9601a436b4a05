import type { CoreImage, Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import type { FaultDraw } from './fault.js';

/** Bytes of a word of synapse memory; entry headers hold the synapse count in 6 bits, the format in the next 3. */
const wordBytes = 8;
const countMask = 63;

/** A Program some of whose weights have flipped bits, and how many bits that are. */
export interface FlippedProgram {
  readonly program: Program;
  readonly bits: number;
}

/**
 * The Program with every bit of every stored weight flipped with probability `rate`, axons that share words sharing the
 * flips too. Headers, indices and delays are taken to be protected: what a chip does with a malformed entry is not
 * published. A flip to the one mantissa beyond the chip's grid (−2^(bits − 1)) reads as the smallest within it.
 * The Program must have been checked. Work is that of looking at every entry once.
 */
export function flipBits(program: Program, target: Target, rate: number, draw: FaultDraw): FlippedProgram {
  let bits = 0;
  const cores = program.cores.map((image, core) => {
    const flipped = flipCore(image, target, rate, (index) => draw('bitflip', core, index));
    bits += flipped.bits;
    return flipped.bits === 0 ? image : { ...image, synapseMemory: flipped.memory };
  });
  return { program: { ...program, cores }, bits };
}

function flipCore(
  image: CoreImage,
  { limits, arithmetic }: Target,
  rate: number,
  draw: (index: number) => number,
): { readonly memory: Uint8Array; readonly bits: number } {
  const memory = image.synapseMemory.slice();
  const header = limits.entryHeaderBits.value!;
  let flips = 0;
  /** Weight bits that are passed over until the next flip: of a geometric distribution. */
  const gap = (): number => {
    if (rate >= 1) return 0;
    const uniform = ((draw(flips) >>> 0) + 0.5) / 2 ** 32;
    return Math.floor(Math.log(uniform) / Math.log1p(-rate));
  };
  let left = rate <= 0 ? Number.POSITIVE_INFINITY : gap();
  for (const { first, end } of stretches(image)) {
    let word = first;
    while (word < end) {
      const count = memory[word * wordBytes]! & countMask;
      if (count === 0) {
        word++;
        continue;
      }
      const format = ((memory[word * wordBytes]! | (memory[word * wordBytes + 1]! << 8)) >> 6) & 7;
      const { weightBits, indexBits, delayBits } = image.synapseFormats[format]!;
      const size = indexBits + delayBits + weightBits;
      const weightAt = (bit: number): number => {
        const synapse = Math.floor(bit / weightBits);
        return word * 64 + header + synapse * size + indexBits + delayBits;
      };
      const bits = count * weightBits;
      while (left < bits) {
        const at = weightAt(left);
        flip(memory, at + (left % weightBits));
        keepOnGrid(memory, at, weightBits, arithmetic.weight.mantissaMax);
        flips++;
        left += 1 + gap();
      }
      left -= bits;
      word += Math.ceil((header + count * size) / 64);
    }
  }
  return { memory, bits: flips };
}

/** The words of a core's input axons, each distinct stretch once, as far as no earlier one covers them. */
function stretches({ axonsIn }: CoreImage): { first: number; end: number }[] {
  const all = Array.from(axonsIn.firstWord, (first, axon) => {
    return { first, end: first + axonsIn.words[axon]! * axonsIn.atoms[axon]! };
  });
  all.sort((a, b) => a.first - b.first || b.end - a.end);
  let reached = 0;
  const distinct: { first: number; end: number }[] = [];
  for (const stretch of all) {
    if (stretch.end <= reached || stretch.first < reached) continue;
    distinct.push(stretch);
    reached = stretch.end;
  }
  return distinct;
}

function flip(memory: Uint8Array, bit: number): void {
  memory[bit >> 3]! ^= 1 << (bit & 7);
}

/** Sets the lowest bit of −2^(bits − 1) where that lies beyond the grid. */
function keepOnGrid(memory: Uint8Array, at: number, weightBits: number, mantissaMax: number): void {
  if (2 ** (weightBits - 1) <= mantissaMax) return;
  for (let bit = 0; bit < weightBits; bit++) {
    const isSet = ((memory[(at + bit) >> 3]! >> ((at + bit) & 7)) & 1) === 1;
    if (isSet !== (bit === weightBits - 1)) return;
  }
  flip(memory, at);
}
