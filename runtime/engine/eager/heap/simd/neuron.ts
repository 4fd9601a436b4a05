// Loops of spiking neurons, one timestep of `count` neurons per call, float32. Pointers are byte addresses.

/**
 * v ← v·leak + a; fires where v ≥ θ; then v ← 0 (hard) or v − θ (soft). Writes spikes as 0 or 1 and, unless its pointer
 * is 0, z = v − θ before the reset.
 */
export function stepNeurons(
  a: usize,
  membrane: usize,
  spikes: usize,
  distance: usize,
  count: i32,
  leak: f32,
  theta: f32,
  isSoft: bool,
): void {
  const whole = count & ~3;
  const leaks = f32x4.splat(leak);
  const thetas = f32x4.splat(theta);
  const one = f32x4.splat(1);
  let k = 0;
  for (; k < whole; k += 4) {
    const at = (<usize>k) << 2;
    const v = f32x4.add(f32x4.mul(v128.load(membrane + at), leaks), v128.load(a + at));
    const z = f32x4.sub(v, thetas);
    const fires = f32x4.ge(v, thetas);
    v128.store(spikes + at, v128.and(fires, one));
    if (distance) v128.store(distance + at, z);
    v128.store(membrane + at, isSoft ? v128.bitselect(z, v, fires) : v128.andnot(v, fires));
  }
  for (; k < count; k += 1) {
    const at = (<usize>k) << 2;
    const v = load<f32>(membrane + at) * leak + load<f32>(a + at);
    const z = v - theta;
    const fires = v >= theta;
    store<f32>(spikes + at, fires ? 1 : 0);
    if (distance) store<f32>(distance + at, z);
    store<f32>(membrane + at, fires ? (isSoft ? z : 0) : v);
  }
}

/**
 * One timestep back. `slope` holds h'(z); `carried` the gradient at v⁺ of this step on entry, at that of the step before
 * on return. Writes the gradient at the current, or adds to it, and returns this step's part of the threshold's.
 */
export function stepBack(
  up: usize,
  distance: usize,
  slope: usize,
  carried: usize,
  to: usize,
  count: i32,
  leak: f32,
  theta: f32,
  isSoft: bool,
  adds: bool,
): f64 {
  const whole = count & ~3;
  const leaks = f32x4.splat(leak);
  const thetas = f32x4.splat(theta);
  const zero = f32x4.splat(0);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let k = 0;
  for (; k < whole; k += 4) {
    const at = (<usize>k) << 2;
    const z = v128.load(distance + at);
    const fired = f32x4.ge(z, zero);
    const after = v128.load(carried + at);
    const drop = isSoft ? thetas : f32x4.add(z, thetas);
    const atDistance = f32x4.mul(v128.load(slope + at), f32x4.sub(v128.load(up + at), f32x4.mul(drop, after)));
    const atMembrane = f32x4.add(atDistance, isSoft ? after : v128.andnot(after, fired));
    const atTheta = isSoft ? f32x4.add(atDistance, v128.and(after, fired)) : atDistance;
    low = f64x2.sub(low, f64x2.promote_low_f32x4(atTheta));
    high = f64x2.sub(high, f64x2.promote_low_f32x4(v128.shuffle<u32>(atTheta, atTheta, 2, 3, 2, 3)));
    v128.store(to + at, adds ? f32x4.add(v128.load(to + at), atMembrane) : atMembrane);
    v128.store(carried + at, f32x4.mul(atMembrane, leaks));
  }
  const sums = f64x2.add(low, high);
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; k < count; k += 1) {
    const at = (<usize>k) << 2;
    const z = load<f32>(distance + at);
    const fired = z >= 0;
    const after = load<f32>(carried + at);
    const drop = isSoft ? theta : z + theta;
    const atDistance = load<f32>(slope + at) * (load<f32>(up + at) - drop * after);
    const atMembrane = atDistance + (!isSoft && fired ? 0 : after);
    sum -= <f64>(isSoft && fired ? atDistance + after : atDistance);
    store<f32>(to + at, adds ? load<f32>(to + at) + atMembrane : atMembrane);
    store<f32>(carried + at, atMembrane * leak);
  }
  return sum;
}

/** slope = max(0, width − |z|)/width². */
export function triangularSlope(distance: usize, slope: usize, count: i32, width: f32): void {
  const factor: f32 = 1 / (width * width);
  const whole = count & ~3;
  let k = 0;
  for (; k < whole; k += 4) {
    const at = (<usize>k) << 2;
    const inside = f32x4.sub(f32x4.splat(width), f32x4.abs(v128.load(distance + at)));
    v128.store(slope + at, f32x4.mul(f32x4.max(inside, f32x4.splat(0)), f32x4.splat(factor)));
  }
  for (; k < count; k += 1) {
    const at = (<usize>k) << 2;
    store<f32>(slope + at, max<f32>(0, width - abs(load<f32>(distance + at))) * factor);
  }
}
