// Neuron updates of a whole window at once: where nothing but its drive, the same in every timestep, reaches a core, and
// nobody looks at membranes in between. They stay in registers, in 16 bits.

import { CoreState } from './core-state';
import { PROFILE_SHIFT, Profile } from './soma';

/** Compartments of a word of a bitmap that have one pattern; `../look-ahead.ts` names the same words. */
@unmanaged
class Members {
  bits: u64;
  /** Bytes from a bitmap's first word. */
  word: u32;
  /** Counted from the core's first. */
  pattern: u32;
}

const MEMBERS: usize = offsetof<Members>();

/** Timesteps that four binary digits can count. */
const COUNTED: i32 = 15;

/**
 * Adds who fires in so many timesteps to the counts of their patterns, by `Members` begin … end. Behind the bitmaps there is room
 * for four more.
 */
export function countAhead(
  counts: usize,
  begin: usize,
  end: usize,
  bitmaps: usize,
  bytes: usize,
  timesteps: i32,
): void {
  const digits = bitmaps + bytes * <usize>timesteps;
  for (let first = 0; first < timesteps; first += COUNTED) {
    sumBits(bitmaps + bytes * <usize>first, bytes, min(COUNTED, timesteps - first), digits);
    for (let at = begin; at < end; at += MEMBERS) {
      const members = changetype<Members>(at);
      const bits = members.bits;
      const ones = digits + <usize>members.word;
      const twos = ones + bytes;
      const fours = twos + bytes;
      const eights = fours + bytes;
      const spikes =
        popcnt(load<u64>(ones) & bits) +
        (popcnt(load<u64>(twos) & bits) << 1) +
        (popcnt(load<u64>(fours) & bits) << 2) +
        (popcnt(load<u64>(eights) & bits) << 3);
      const count = counts + ((<usize>members.pattern) << 2);
      store<u32>(count, load<u32>(count) + <u32>spikes);
    }
  }
}

/** In how many of up to 15 bitmaps each bit is set: the binary digits of that, in four bitmaps, that of the ones first. */
function sumBits(bitmaps: usize, bytes: usize, timesteps: i32, digits: usize): void {
  const past = bytes * <usize>timesteps;
  for (let word: usize = 0; word < bytes; word += 8) {
    let ones: u64 = 0;
    let twos: u64 = 0;
    let fours: u64 = 0;
    let eights: u64 = 0;
    const from = bitmaps + word;
    for (let place = from; place < from + past; place += bytes) {
      const one = load<u64>(place);
      const two = ones & one;
      const four = twos & two;
      ones ^= one;
      twos ^= two;
      eights |= fours & four;
      fours ^= four;
    }
    const to = digits + word;
    store<u64>(to, ones);
    store<u64>(to + bytes, twos);
    store<u64>(to + 2 * bytes, fours);
    store<u64>(to + 3 * bytes, eights);
  }
}

/**
 * `timesteps` timesteps of compartments first … end − 1, whole blocks of 16 that have one profile each, of hard reset. Membranes
 * are zero, and neither they nor what compares with them leaves 16 bits. Writes a bitmap of who fires for
 * each timestep, one behind the other; gives how many compartments are active: the same in all; and in the upper half how many membranes are not zero in the end.
 */
export function runAhead(
  core: CoreState,
  first: i32,
  end: i32,
  drive: usize,
  timesteps: i32,
  bitmaps: usize,
  bytes: usize,
): i64 {
  const zero = i32x4.splat(0);
  const profiles = core.profileTable;
  const profileOf = core.profileOf;
  const membranes = core.membranes;
  let active = 0;
  let left = 0;
  for (let k = first; k < end; k += 16) {
    const at = (<usize>k) << 2;
    const profile = profiles + ((<usize>load<u8>(profileOf + <usize>k)) << PROFILE_SHIFT);
    const above = i16x8.splat(<i16>load<i32>(profile, offsetof<Profile>('firesAbove')));
    const d = i16x8.narrow_i32x4_s(v128.load(drive + at), v128.load(drive + at, 16));
    const e = i16x8.narrow_i32x4_s(v128.load(drive + at, 32), v128.load(drive + at, 48));
    active += popcnt(0xffff ^ i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.eq(d, zero), i16x8.eq(e, zero))));
    let v = zero;
    let w = zero;
    let to = bitmaps + (<usize>k >> 3);
    for (let timestep = 0; timestep < timesteps; timestep += 1) {
      v = i16x8.add(v, d);
      w = i16x8.add(w, e);
      const fires = i16x8.gt_s(v, above);
      const alsoFires = i16x8.gt_s(w, above);
      store<u16>(to, i8x16.bitmask(i8x16.narrow_i16x8_s(fires, alsoFires)));
      v = v128.andnot(v, fires);
      w = v128.andnot(w, alsoFires);
      to += bytes;
    }
    left += popcnt(0xffff ^ i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.eq(v, zero), i16x8.eq(w, zero))));
    v128.store(membranes + at, i32x4.extend_low_i16x8_s(v));
    v128.store(membranes + at, i32x4.extend_high_i16x8_s(v), 16);
    v128.store(membranes + at, i32x4.extend_low_i16x8_s(w), 32);
    v128.store(membranes + at, i32x4.extend_high_i16x8_s(w), 48);
  }
  return ((<i64>left) << 32) | <i64>active;
}
