// The drive of an image in float64. Pointers are byte addresses.
//
// Eight output channels advance at once, each in a lane of its own, by a product and a sum per value: what a lane holds is,
// bit for bit, what the same sum in plain numbers holds.

/**
 * (value − mean)/deviation of an image [rows, values] in single precision, into a frame whose rows are `rowBytes` apart;
 * `mean` and `deviation` have a number for each value of a row. Returns whether all are finite.
 */
export function normalise(
  image: usize,
  mean: usize,
  deviation: usize,
  to: usize,
  rows: i32,
  values: i32,
  rowBytes: usize,
): bool {
  const bytes = (<usize>values) << 3;
  const pairs = bytes & ~15;
  // Stays zero unless something is infinite or not a number.
  let rest = f64x2.splat(0);
  for (let y = 0; y < rows; y += 1) {
    const row = to + <usize>y * rowBytes;
    for (let at: usize = 0; at < pairs; at += 16) {
      const value = f64x2.promote_low_f32x4(v128.load64_zero(image + (at >> 1)));
      const normal = f64x2.div(f64x2.sub(value, v128.load(mean + at)), v128.load(deviation + at));
      rest = f64x2.add(rest, f64x2.sub(normal, normal));
      v128.store(row + at, normal);
    }
    if (pairs < bytes) {
      const value = <f64>load<f32>(image + (pairs >> 1));
      const normal = (value - load<f64>(mean + pairs)) / load<f64>(deviation + pairs);
      rest = f64x2.add(rest, f64x2.splat(normal - normal));
      store<f64>(row + pairs, normal);
    }
    image += bytes >> 1;
  }
  return i64x2.all_true(f64x2.eq(rest, f64x2.splat(0)));
}

/**
 * Of each pixel of an output row, to[pixel, channel] = scale·(bias[channel] + Σ input·kernel[channel]), the sum taken in
 * the order of the group's taps. Group by group there are `counts` [groups] taps, for each of them `offsets` says how many
 * bytes its input is behind the pixel's first, and `kernel` has its weights [8] in single precision. `bias` is [groups, 8] and
 * `to` [width, groups, 8], with room for one pixel more where `width` is odd. Neighbouring outputs look at inputs
 * `pixelBytes` apart.
 */
export function convolve(
  input: usize,
  counts: usize,
  offsets: usize,
  kernel: usize,
  bias: usize,
  to: usize,
  width: i32,
  groups: i32,
  pixelBytes: usize,
  scale: f64,
): void {
  const lanesBytes = (<usize>groups) << 6;
  let x = 0;
  for (; x + 1 < width; x += 2) {
    convolveTwo(input, counts, offsets, kernel, bias, to, groups, pixelBytes, scale);
    input += pixelBytes << 1;
    to += lanesBytes << 1;
  }
  // The last of an odd number is its own neighbour.
  if (x < width) convolveTwo(input, counts, offsets, kernel, bias, to, groups, 0, scale);
}

/** Two neighbours at once: the sums of one alone would wait for each other. */
function convolveTwo(
  input: usize,
  counts: usize,
  offsets: usize,
  kernel: usize,
  bias: usize,
  to: usize,
  groups: i32,
  pixelBytes: usize,
  scale: f64,
): void {
  const factor = f64x2.splat(scale);
  const next = to + ((<usize>groups) << 6);
  for (let group = 0; group < groups; group += 1) {
    const at = (<usize>group) << 6;
    let a0 = v128.load(bias + at);
    let a1 = v128.load(bias + at, 16);
    let a2 = v128.load(bias + at, 32);
    let a3 = v128.load(bias + at, 48);
    let b0 = a0;
    let b1 = a1;
    let b2 = a2;
    let b3 = a3;
    const end = offsets + ((<usize>load<u32>(counts + ((<usize>group) << 2))) << 2);
    while (offsets < end) {
      const from = input + <usize>load<u32>(offsets);
      const a = v128.load64_splat(from);
      const b = v128.load64_splat(from + pixelBytes);
      const w0 = f64x2.promote_low_f32x4(v128.load64_zero(kernel));
      const w1 = f64x2.promote_low_f32x4(v128.load64_zero(kernel, 8));
      const w2 = f64x2.promote_low_f32x4(v128.load64_zero(kernel, 16));
      const w3 = f64x2.promote_low_f32x4(v128.load64_zero(kernel, 24));
      a0 = f64x2.add(a0, f64x2.mul(a, w0));
      a1 = f64x2.add(a1, f64x2.mul(a, w1));
      a2 = f64x2.add(a2, f64x2.mul(a, w2));
      a3 = f64x2.add(a3, f64x2.mul(a, w3));
      b0 = f64x2.add(b0, f64x2.mul(b, w0));
      b1 = f64x2.add(b1, f64x2.mul(b, w1));
      b2 = f64x2.add(b2, f64x2.mul(b, w2));
      b3 = f64x2.add(b3, f64x2.mul(b, w3));
      kernel += 32;
      offsets += 4;
    }
    storeSums(to + at, factor, a0, a1, a2, a3);
    storeSums(next + at, factor, b0, b1, b2, b3);
  }
}

function storeSums(to: usize, factor: v128, sum0: v128, sum1: v128, sum2: v128, sum3: v128): void {
  v128.store(to, f64x2.mul(factor, sum0));
  v128.store(to, f64x2.mul(factor, sum1), 16);
  v128.store(to, f64x2.mul(factor, sum2), 32);
  v128.store(to, f64x2.mul(factor, sum3), 48);
}

/**
 * Sums [pixels, groups, 8] on a grid: round(sum·perUnit), halves away from zero, at most ±most, times `unit`, which is
 * 1/perUnit, both powers of two. Goes to [pixels, channels], and writes up to seven numbers more behind that. `owned`
 * [groups, 8] has all bits of the lanes that are channels, none of the others. Returns how many were past `most`; −1 where
 * one is not a number.
 */
export function round(
  sums: usize,
  owned: usize,
  to: usize,
  pixels: i32,
  channels: i32,
  groups: i32,
  perUnit: f64,
  unit: f64,
  most: f64,
): i32 {
  const toGrid = f64x2.splat(perUnit);
  const fromGrid = f64x2.splat(unit);
  const limit = f64x2.splat(most);
  const half = f64x2.splat(0.5);
  const one = f64x2.splat(1);
  let clamped = i64x2.splat(0);
  let isNumber = i64x2.splat(-1);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    // The lanes beyond the channels are written over by the next pixel.
    let here = to + ((<usize>(pixel * channels)) << 2);
    for (let pair = 0; pair < groups << 2; pair += 1) {
      const sum = v128.and(v128.load(sums), v128.load(owned + ((<usize>pair) << 4)));
      const size = f64x2.mul(f64x2.abs(sum), toGrid);
      const above = f64x2.ceil(size);
      // The number below is nearer where the one above is more than half away; a sum with one half would round itself.
      const nearest = f64x2.sub(above, v128.and(one, f64x2.gt(f64x2.sub(above, half), size)));
      clamped = i64x2.sub(clamped, f64x2.gt(nearest, limit));
      isNumber = v128.and(isNumber, f64x2.eq(sum, sum));
      const value = f64x2.mul(f64x2.min(nearest, limit), fromGrid);
      const signed = v128.bitselect(sum, value, f64x2.splat(-0.0));
      v128.store64_lane(here, i32x4.trunc_sat_f64x2_s_zero(signed), 0);
      sums += 16;
      here += 8;
    }
  }
  if (!i64x2.all_true(isNumber)) return -1;
  return <i32>(i64x2.extract_lane(clamped, 0) + i64x2.extract_lane(clamped, 1));
}
