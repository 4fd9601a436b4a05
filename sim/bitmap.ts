/** Compartments of a word of a bitmap, which has a bit for each compartment of a core; and the bytes of a word. */
export const wordBits = 64;
export const wordBytes = wordBits / 8;

/** Words of a bitmap of so many compartments. */
export function bitmapWords(compartments: number): number {
  return Math.ceil(compartments / wordBits);
}
