// Sets of a core's compartments, one bit each, in words of 64.

/** The bits of a word that stand for compartments first … end − 1. */
export function bitsWithin(word: i32, first: i32, end: i32): u64 {
  const from = first - (word << 6);
  const past = end - (word << 6);
  const lower: u64 = from > 0 ? (<u64>-1) << (<u64>from) : <u64>-1;
  return past < 64 ? lower & (((<u64>1) << (<u64>past)) - 1) : lower;
}

/** Members among compartments first … end − 1. */
export function countMembers(bitmap: usize, first: i32, end: i32): i32 {
  let count: u64 = 0;
  const last = (end - 1) >> 6;
  for (let word = first >> 6; word <= last; word += 1) {
    count += popcnt(load<u64>(bitmap + ((<usize>word) << 3)) & bitsWithin(word, first, end));
  }
  return <i32>count;
}

/** Which of compartments k … k + 3 are members, as far as `valid` has their bits. */
export function setFour(bitmap: usize, k: i32, valid: i32, members: i32): void {
  const at = bitmap + (<usize>k >> 3);
  const shift = k & 7;
  store<u8>(at, (load<u8>(at) & ~(valid << shift)) | (members << shift));
  if (shift <= 4) return;
  const rest = 8 - shift;
  store<u8>(at, (load<u8>(at, 1) & ~(valid >> rest)) | (members >> rest), 1);
}
