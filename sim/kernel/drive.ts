// The drive of a sample: its currents are checked against the grid on which they are loaded, and brought to their compartments.

/**
 * The first of so many currents (i32) that is not within ±most, or not a multiple of a power of two, of which `offGrid` has the
 * bits below; −1 where all are. Behind them are as many zeros as fill a vector.
 */
export function findOffGrid(currents: usize, count: i32, offGrid: i32, most: i32): i32 {
  const bits = i32x4.splat(offGrid);
  const upper = i32x4.splat(most);
  const lower = i32x4.splat(-most);
  for (let k = 0; k < count; k += 4) {
    const four = v128.load(currents + ((<usize>k) << 2));
    const beyond = v128.or(i32x4.gt_s(four, upper), i32x4.lt_s(four, lower));
    const bad = v128.or(v128.and(four, bits), beyond);
    if (v128.any_true(bad)) return k + ctz(i32x4.bitmask(i32x4.ne(bad, i32x4.splat(0))));
  }
  return -1;
}

/** Stores so many currents where `places` says (addresses). */
export function loadDrive(currents: usize, places: usize, count: i32): void {
  const end = (<usize>count) << 2;
  let k: usize = 0;
  for (; k + 16 <= end; k += 16) {
    store<i32>(<usize>load<u32>(places + k), load<i32>(currents + k));
    store<i32>(<usize>load<u32>(places + k, 4), load<i32>(currents + k, 4));
    store<i32>(<usize>load<u32>(places + k, 8), load<i32>(currents + k, 8));
    store<i32>(<usize>load<u32>(places + k, 12), load<i32>(currents + k, 12));
  }
  for (; k < end; k += 4) store<i32>(<usize>load<u32>(places + k), load<i32>(currents + k));
}
