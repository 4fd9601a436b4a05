import type { Address } from './machine-memory.js';
import { type Stretch, vectorWeights } from './sheet-builder.js';

/** Bytes of the sums of a vector. */
const vectorBytes = 4 * vectorWeights;

/** A core's inputs, and so many compartments that loops may touch of them. */
interface Inputs {
  readonly address: Address;
  readonly compartments: number;
}

/** Where the loops bring the sums of a section's vectors; and where those of each stretch wait to be handed over, 0 of one whose inputs they are. */
interface SumPlaces {
  readonly vectors: readonly Address[];
  readonly waiting: readonly Address[];
}

/**
 * Sums of vectors whose neurons are neighbours in one core go straight to its inputs: what else they hold is zero, for rows
 * have no weights where a section has no neurons. Others go to where `reserve` finds room for those of all vectors.
 */
export function placeSums(
  stretches: readonly Stretch[],
  vectors: number,
  inputsOf: (core: number) => Inputs,
  reserve: (bytes: number) => Address,
): SumPlaces {
  const holders = Array.from({ length: vectors }, () => new Set<Stretch>());
  for (const stretch of stretches) for (const vector of vectorsOf(stretch)) holders[vector]!.add(stretch);
  const isAlone = (stretch: Stretch): boolean => {
    const touched = vectorsOf(stretch);
    const first = stretch.first - stretch.lane;
    const { compartments } = inputsOf(stretch.core);
    return (
      first + vectorWeights * touched[0]! >= 0 &&
      first + vectorWeights * (touched.at(-1)! + 1) <= compartments &&
      touched.every((vector) => holders[vector]!.size === 1)
    );
  };
  const alone = new Set(stretches.filter(isAlone));
  const isDirect = (vector: number): boolean =>
    holders[vector]!.size > 0 && [...holders[vector]!].every((stretch) => alone.has(stretch));
  const sums = holders.every((_, vector) => isDirect(vector)) ? 0 : reserve(vectorBytes * vectors);
  return {
    vectors: holders.map((own, vector) => {
      if (!isDirect(vector)) return sums + vectorBytes * vector;
      const [holder] = own;
      const { core, first, lane } = holder!;
      return inputsOf(core).address + 4 * (first - lane + vectorWeights * vector);
    }),
    waiting: stretches.map((stretch) => (alone.has(stretch) ? 0 : sums + 4 * stretch.lane)),
  };
}

/** The vectors that hold any neuron of a stretch. */
function vectorsOf({ lane, length }: Stretch): readonly number[] {
  const first = Math.floor(lane / vectorWeights);
  const past = Math.ceil((lane + length) / vectorWeights);
  return Array.from({ length: past - first }, (_, k) => first + k);
}
