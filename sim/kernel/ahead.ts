// Neuron updates of a whole window at once: where nothing but its drive, the same in every timestep, reaches a core, and
// nobody looks at membranes in between. They stay in registers, in 16 bits.

import { CoreState } from './core-state';
import { PROFILE_SHIFT, Profile } from './soma';

/**
 * `timesteps` timesteps of compartments first … end − 1, whole blocks of 16 that have one profile each, of hard reset. Membranes
 * are zero, and neither they nor what compares with them leaves 16 bits. Writes a bitmap of who fires for
 * each timestep, one behind the other; gives how many compartments are active: the same in all.
 */
export function runAhead(
  core: CoreState,
  first: i32,
  end: i32,
  drive: usize,
  timesteps: i32,
  bitmaps: usize,
  bytes: usize,
): i32 {
  const zero = i32x4.splat(0);
  const profiles = core.profileTable;
  const profileOf = core.profileOf;
  const membranes = core.membranes;
  let active = 0;
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
    v128.store(membranes + at, i32x4.extend_low_i16x8_s(v));
    v128.store(membranes + at, i32x4.extend_high_i16x8_s(v), 16);
    v128.store(membranes + at, i32x4.extend_low_i16x8_s(w), 32);
    v128.store(membranes + at, i32x4.extend_high_i16x8_s(w), 48);
  }
  return active;
}
