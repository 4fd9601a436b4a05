// Neuron updates in the integer contract's arithmetic, four compartments at a time. The loader has checked that no sum
// of a membrane and its inputs leaves 32 bits.

import { CoreState } from './core-state';

@unmanaged
class Profile {
  firesAbove: i32;
  resetBy: i32;
  keep: i32;
  hard: i32;
}

/** Bytes of a `Profile`, as a power of two. */
const PROFILE_SHIFT: usize = 4;

/**
 * One timestep of compartments first … end − 1: consumes their inputs, leaves the membranes after reset, appends to
 * `spiked`. `drive` and `bias` are the addresses of currents [compartments], or 0 for none. Ranges come in ascending order.
 */
export function update(address: usize, first: i32, end: i32, drive: usize, bias: usize, spiking: bool): void {
  const core = changetype<CoreState>(address);
  const zero = i32x4.splat(0);
  const unit = i32x4.splat(core.unit);
  const most = i32x4.splat(core.membraneMax);
  const least = i32x4.splat(-core.membraneMax);
  const inputMost = i32x4.splat(core.inputMax);
  const inputLeast = i32x4.splat(-core.inputMax);
  const decays = core.decays !== 0;
  // In locals, for the loop's stores might have changed the fields for all the compiler knows.
  const profileOf = core.profileOf;
  const table = core.profiles;
  const inputs = core.inputs;
  const membranes = core.membranes;
  let active = core.active;
  let spikes = core.spikes;
  let saturations = 0;
  let beyond = zero;
  let four: u32 = 0;
  let above = zero;
  let resetBy = zero;
  let keep = zero;
  let hard = zero;
  for (let k = first; k < end; k += 4) {
    const at = (<usize>k) << 2;
    const profiles = load<u32>(profileOf + <usize>k);
    if (profiles !== four || k === first) {
      four = profiles;
      above = column(table, four, offsetof<Profile>('firesAbove'));
      resetBy = column(table, four, offsetof<Profile>('resetBy'));
      hard = column(table, four, offsetof<Profile>('hard'));
      if (decays) keep = column(table, four, offsetof<Profile>('keep'));
    }
    const summed = v128.load(inputs + at);
    let input = i32x4.mul(summed, unit);
    if (drive) input = i32x4.add(input, v128.load(drive + at));
    if (bias) input = i32x4.add(input, v128.load(bias + at));
    // The lanes beyond `end` belong to others: they get no input here, and their values are kept below.
    const valid = end - k < 4 ? (1 << (end - k)) - 1 : 15;
    if (valid !== 15) input = v128.and(input, lanesBelow(end - k));
    const before = v128.load(membranes + at);
    let v = i32x4.add(decays ? decayed(before, keep) : before, input);
    const isActive = i32x4.bitmask(i32x4.ne(v128.or(input, before), zero)) & valid;
    // True is −1 in every lane.
    beyond = i32x4.sub(beyond, v128.or(i32x4.gt_s(input, inputMost), i32x4.lt_s(input, inputLeast)));
    const outside = v128.or(i32x4.gt_s(v, most), i32x4.lt_s(v, least));
    if (v128.any_true(outside)) {
      saturations += popcnt(i32x4.bitmask(outside) & valid);
      v = i32x4.max_s(i32x4.min_s(v, most), least);
    }
    if (spiking) {
      const fires = i32x4.gt_s(v, above);
      v = v128.bitselect(v128.andnot(i32x4.sub(v, resetBy), hard), v, fires);
      let firing = i32x4.bitmask(fires) & valid;
      while (firing) {
        const lane = ctz(firing);
        store<i32>(core.spiked + ((<usize>spikes) << 2), k + lane);
        store<i32>(core.activeUpTo + ((<usize>spikes) << 2), active + popcnt(isActive & ((2 << lane) - 1)));
        spikes += 1;
        firing &= firing - 1;
      }
    }
    active += popcnt(isActive);
    if (valid === 15) {
      v128.store(membranes + at, v);
      v128.store(inputs + at, zero);
    } else {
      const own = lanesBelow(end - k);
      v128.store(membranes + at, v128.bitselect(v, before, own));
      v128.store(inputs + at, v128.andnot(summed, own));
    }
  }
  core.active = active;
  core.spikes = spikes;
  core.saturations = saturations;
  core.inputsBeyondMax =
    i32x4.extract_lane(beyond, 0) +
    i32x4.extract_lane(beyond, 1) +
    i32x4.extract_lane(beyond, 2) +
    i32x4.extract_lane(beyond, 3);
}

/** All ones in the first `count` of four lanes. */
function lanesBelow(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

/** One parameter of four compartments, whose profiles are the four bytes of `profiles`. */
function column(table: usize, profiles: u32, offset: usize): v128 {
  const at = table + offset;
  let values = i32x4.splat(load<i32>(at + ((<usize>(profiles & 255)) << PROFILE_SHIFT)));
  values = i32x4.replace_lane(values, 1, load<i32>(at + ((<usize>((profiles >> 8) & 255)) << PROFILE_SHIFT)));
  values = i32x4.replace_lane(values, 2, load<i32>(at + ((<usize>((profiles >> 16) & 255)) << PROFILE_SHIFT)));
  return i32x4.replace_lane(values, 3, load<i32>(at + ((<usize>(profiles >> 24)) << PROFILE_SHIFT)));
}

/** trunc(v·keep/4096): doubles hold the product exactly, and a division by a power of two is exact. */
function decayed(v: v128, keep: v128): v128 {
  const scale = f64x2.splat(1.0 / 4096.0);
  const low = f64x2.mul(f64x2.convert_low_i32x4_s(v), f64x2.convert_low_i32x4_s(keep));
  const high = f64x2.mul(f64x2.convert_low_i32x4_s(upper(v)), f64x2.convert_low_i32x4_s(upper(keep)));
  const lowest = i32x4.trunc_sat_f64x2_s_zero(f64x2.mul(low, scale));
  const highest = i32x4.trunc_sat_f64x2_s_zero(f64x2.mul(high, scale));
  return v128.shuffle<i64>(lowest, highest, 0, 2);
}

/** The upper two lanes, as the lower two. */
function upper(v: v128): v128 {
  return v128.shuffle<i64>(v, v, 1, 1);
}
