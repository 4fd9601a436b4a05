// Neuron updates in the integer contract's arithmetic, sixteen compartments at a time where they are alike. The loader has
// checked that no sum of a membrane and its inputs leaves 32 bits.

import { setFour } from './bitmap';
import { CoreState } from './core-state';

@unmanaged
export class Profile {
  firesAbove: i32;
  resetBy: i32;
  keep: i32;
  hard: i32;
}

/** Bytes of a `Profile`, as a power of two. */
export const PROFILE_SHIFT: usize = 4;

/** Where a block's input comes from, and whether it may leave the bounds: told apart by their sizes when a loop is compiled. */
type FromSynapses = i8;
type FromDrive = i16;
type FromAnywhere = i32;
type FromNowhere = i64;
type Bounded = i8;
type Unbounded = i16;

/**
 * One timestep of compartments first … end − 1: consumes their inputs, leaves the membranes after reset, and notes who fired
 * and who was active. `profiles` is the address of parameters by profile; `drive` and `bias` are those of currents
 * [compartments], or 0 for none. Where it is known that neither an input nor a membrane can leave its bounds, they are
 * `bounded`. Returns what no membrane's magnitude exceeds, as far as this was seen.
 */
export function update(
  core: CoreState,
  first: i32,
  end: i32,
  profiles: usize,
  drive: usize,
  bias: usize,
  spiking: bool,
  bounded: bool,
): i32 {
  core.saturations = 0;
  core.inputsBeyondMax = 0;
  let reach = 0;
  // A block has two bytes of each bitmap for itself.
  const firstBlock = min(end, (first + 15) & ~15);
  const pastBlocks = core.decays ? firstBlock : firstBlock + ((end - firstBlock) & ~15);
  if (first < firstBlock || pastBlocks < end) reach = core.membraneMax;
  if (first < firstBlock) updateFours(core, first, firstBlock, profiles, drive, bias, spiking);
  for (let k = firstBlock; k < pastBlocks; ) {
    const profile = profiles + ((<usize>load<u8>(core.profileOf + <usize>k)) << PROFILE_SHIFT);
    if (!bounded) {
      k = updateBlocks<FromAnywhere, Unbounded>(core, k, pastBlocks, profile, drive, bias, spiking);
      reach = max(reach, core.reach);
    } else if (core.fed && (drive | bias) === 0)
      k = updateBlocks<FromSynapses, Bounded>(core, k, pastBlocks, profile, drive, bias, spiking);
    else if (!core.fed && bias === 0 && drive !== 0)
      k = updateBlocks<FromDrive, Bounded>(core, k, pastBlocks, profile, drive, bias, spiking);
    else if (!core.fed && (drive | bias) === 0)
      k = updateBlocks<FromNowhere, Bounded>(core, k, pastBlocks, profile, drive, bias, spiking);
    else k = updateBlocks<FromAnywhere, Bounded>(core, k, pastBlocks, profile, drive, bias, spiking);
    if (k === pastBlocks) break;
    updateFours(core, k, k + 16, profiles, drive, bias, spiking);
    reach = core.membraneMax;
    k += 16;
  }
  if (pastBlocks < end) updateFours(core, pastBlocks, end, profiles, drive, bias, spiking);
  return reach;
}

/**
 * Updates whole blocks of 16 compartments that have one profile, without decay, and stay within all bounds; gives the first
 * compartment of a block that does not, or `end`.
 */
function updateBlocks<Source, Bounds>(
  core: CoreState,
  first: i32,
  end: i32,
  profile: usize,
  drive: usize,
  bias: usize,
  spiking: bool,
): i32 {
  const isDriven = sizeof<Source>() === sizeof<FromDrive>();
  const isFromAnywhere = sizeof<Source>() === sizeof<FromAnywhere>();
  const isFromNowhere = sizeof<Source>() === sizeof<FromNowhere>();
  const isBounded = sizeof<Bounds>() === sizeof<Bounded>();
  const zero = i32x4.splat(0);
  // Loaded, not made: what is made of a number V8 makes anew for each block.
  const address = changetype<usize>(core);
  const unit = v128.load_splat<i32>(address, offsetof<CoreState>('unit'));
  const most = v128.load_splat<i32>(address, offsetof<CoreState>('membraneMax'));
  const inputMost = v128.load_splat<i32>(address, offsetof<CoreState>('inputMax'));
  const above = v128.load_splat<i32>(profile, offsetof<Profile>('firesAbove'));
  const resetBy = v128.load_splat<i32>(profile, offsetof<Profile>('resetBy'));
  const isHard = load<i32>(profile, offsetof<Profile>('hard')) !== 0;
  const fed = core.fed !== 0;
  const profileOf = core.profileOf;
  const codes = v128.load_splat<u8>(profileOf + <usize>first);
  const inputs = core.inputs;
  const membranes = core.membranes;
  const firing = core.firing;
  const activity = core.activity;
  let reach = zero;
  let active = core.active;
  let spikes = core.spikes;
  let k = first;
  for (; k < end; k += 16) {
    if (v128.any_true(v128.xor(v128.load(profileOf + <usize>k), codes))) break;
    const at = (<usize>k) << 2;
    const before0 = v128.load(membranes + at);
    const before1 = v128.load(membranes + at, 16);
    const before2 = v128.load(membranes + at, 32);
    const before3 = v128.load(membranes + at, 48);
    let input0 = zero;
    let input1 = zero;
    let input2 = zero;
    let input3 = zero;
    if (!isFromNowhere && !isDriven && (!isFromAnywhere || fed)) {
      input0 = i32x4.mul(v128.load(inputs + at), unit);
      input1 = i32x4.mul(v128.load(inputs + at, 16), unit);
      input2 = i32x4.mul(v128.load(inputs + at, 32), unit);
      input3 = i32x4.mul(v128.load(inputs + at, 48), unit);
    }
    if (isDriven || (isFromAnywhere && drive !== 0)) {
      input0 = i32x4.add(input0, v128.load(drive + at));
      input1 = i32x4.add(input1, v128.load(drive + at, 16));
      input2 = i32x4.add(input2, v128.load(drive + at, 32));
      input3 = i32x4.add(input3, v128.load(drive + at, 48));
    }
    if (isFromAnywhere && bias !== 0) {
      input0 = i32x4.add(input0, v128.load(bias + at));
      input1 = i32x4.add(input1, v128.load(bias + at, 16));
      input2 = i32x4.add(input2, v128.load(bias + at, 32));
      input3 = i32x4.add(input3, v128.load(bias + at, 48));
    }
    let v0 = i32x4.add(before0, input0);
    let v1 = i32x4.add(before1, input1);
    let v2 = i32x4.add(before2, input2);
    let v3 = i32x4.add(before3, input3);
    // Where anything is left of a number that is narrowed, it was not zero.
    const narrow = i8x16.narrow_i16x8_s(
      i16x8.narrow_i32x4_s(v128.or(input0, before0), v128.or(input1, before1)),
      i16x8.narrow_i32x4_s(v128.or(input2, before2), v128.or(input3, before3)),
    );
    const isActive = 0xffff ^ i8x16.bitmask(i8x16.eq(narrow, zero));
    store<u16>(activity + (<usize>k >> 3), isActive);
    if (!isBounded) {
      const magnitude = largest(v0, v1, v2, v3);
      const outside = v128.or(
        i32x4.gt_s(magnitude, most),
        i32x4.gt_s(largest(input0, input1, input2, input3), inputMost),
      );
      if (v128.any_true(outside)) break;
      reach = i32x4.max_s(reach, magnitude);
    }
    active += popcnt(isActive);
    if (spiking) {
      const fires0 = i32x4.gt_s(v0, above);
      const fires1 = i32x4.gt_s(v1, above);
      const fires2 = i32x4.gt_s(v2, above);
      const fires3 = i32x4.gt_s(v3, above);
      const fires = lanes(fires0, fires1, fires2, fires3);
      spikes += popcnt(fires);
      store<u16>(firing + (<usize>k >> 3), fires);
      if (isFromNowhere && fires === 0) continue;
      // Without asking whether any fires, which no processor could foresee.
      if (isHard) {
        v0 = v128.andnot(v0, fires0);
        v1 = v128.andnot(v1, fires1);
        v2 = v128.andnot(v2, fires2);
        v3 = v128.andnot(v3, fires3);
      } else {
        v0 = i32x4.sub(v0, v128.and(resetBy, fires0));
        v1 = i32x4.sub(v1, v128.and(resetBy, fires1));
        v2 = i32x4.sub(v2, v128.and(resetBy, fires2));
        v3 = i32x4.sub(v3, v128.and(resetBy, fires3));
      }
    }
    if (isFromNowhere && !spiking) continue;
    v128.store(membranes + at, v0);
    v128.store(membranes + at, v1, 16);
    v128.store(membranes + at, v2, 32);
    v128.store(membranes + at, v3, 48);
    if (isFromNowhere || isDriven || (isFromAnywhere && !fed)) continue;
    v128.store(inputs + at, zero);
    v128.store(inputs + at, zero, 16);
    v128.store(inputs + at, zero, 32);
    v128.store(inputs + at, zero, 48);
  }
  core.active = active;
  core.spikes = spikes;
  if (!isBounded) core.reach = largestLane(reach);
  return k;
}

export function largestLane(v: v128): i32 {
  return max(
    max(i32x4.extract_lane(v, 0), i32x4.extract_lane(v, 1)),
    max(i32x4.extract_lane(v, 2), i32x4.extract_lane(v, 3)),
  );
}

/** The largest magnitudes of four vectors. */
function largest(a: v128, b: v128, c: v128, d: v128): v128 {
  return i32x4.max_s(i32x4.max_s(i32x4.abs(a), i32x4.abs(b)), i32x4.max_s(i32x4.abs(c), i32x4.abs(d)));
}

/** A bit for each of 16 lanes that are all ones or all zeros. */
function lanes(a: v128, b: v128, c: v128, d: v128): i32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
}

/** Updates any compartments, four at a time; adds to the counts of the range. */
function updateFours(
  core: CoreState,
  first: i32,
  end: i32,
  profiles: usize,
  drive: usize,
  bias: usize,
  spiking: bool,
): void {
  const zero = i32x4.splat(0);
  const unit = i32x4.splat(core.unit);
  const most = i32x4.splat(core.membraneMax);
  const least = i32x4.splat(-core.membraneMax);
  const inputMost = i32x4.splat(core.inputMax);
  const inputLeast = i32x4.splat(-core.inputMax);
  const decays = core.decays !== 0;
  // In locals, for the loop's stores might have changed the fields for all the compiler knows.
  const profileOf = core.profileOf;
  const table = profiles;
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
    const codes = load<u32>(profileOf + <usize>k);
    if (codes !== four || k === first) {
      four = codes;
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
      const firing = i32x4.bitmask(fires) & valid;
      setFour(core.firing, k, valid, firing);
      spikes += popcnt(firing);
    }
    setFour(core.activity, k, valid, isActive);
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
  core.saturations += saturations;
  core.inputsBeyondMax +=
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
