// Loops of batch norm over [rows, channels] in float32; sums in float64, so that they do not depend on the row count.
// Four channels at a time, the rest one by one. Pointers are byte addresses.

/** sums[c] += Σ (x − origin[c]), squares[c] += Σ (x − origin[c])²; sums and squares float64, cleared by the caller. */
export function spreadSums(x: usize, rows: i32, channels: i32, origin: usize, sums: usize, squares: usize): void {
  const whole = channels & ~3;
  for (let row = 0; row < rows; row += 1) {
    let c = 0;
    for (; c < whole; c += 4) {
      const single = (<usize>c) << 2;
      const double = (<usize>c) << 3;
      const difference = f32x4.sub(v128.load(x + single), v128.load(origin + single));
      const low = f64x2.promote_low_f32x4(difference);
      const high = f64x2.promote_low_f32x4(v128.shuffle<u32>(difference, difference, 2, 3, 2, 3));
      v128.store(sums + double, f64x2.add(v128.load(sums + double), low));
      v128.store(sums + double, f64x2.add(v128.load(sums + double, 16), high), 16);
      v128.store(squares + double, f64x2.add(v128.load(squares + double), f64x2.mul(low, low)));
      v128.store(squares + double, f64x2.add(v128.load(squares + double, 16), f64x2.mul(high, high)), 16);
    }
    for (; c < channels; c += 1) {
      const single = (<usize>c) << 2;
      const double = (<usize>c) << 3;
      const difference = <f64>(load<f32>(x + single) - load<f32>(origin + single));
      store<f64>(sums + double, load<f64>(sums + double) + difference);
      store<f64>(squares + double, load<f64>(squares + double) + difference * difference);
    }
    x += (<usize>channels) << 2;
  }
}

/** sums[c] += Σ g, products[c] += Σ g·(x − origin[c]); float64, cleared by the caller. */
export function gradientSums(
  g: usize,
  x: usize,
  rows: i32,
  channels: i32,
  origin: usize,
  sums: usize,
  products: usize,
): void {
  const whole = channels & ~3;
  for (let row = 0; row < rows; row += 1) {
    let c = 0;
    for (; c < whole; c += 4) {
      const single = (<usize>c) << 2;
      const double = (<usize>c) << 3;
      const gradient = v128.load(g + single);
      const product = f32x4.mul(gradient, f32x4.sub(v128.load(x + single), v128.load(origin + single)));
      const gradientHigh = v128.shuffle<u32>(gradient, gradient, 2, 3, 2, 3);
      const productHigh = v128.shuffle<u32>(product, product, 2, 3, 2, 3);
      v128.store(sums + double, f64x2.add(v128.load(sums + double), f64x2.promote_low_f32x4(gradient)));
      v128.store(sums + double, f64x2.add(v128.load(sums + double, 16), f64x2.promote_low_f32x4(gradientHigh)), 16);
      v128.store(products + double, f64x2.add(v128.load(products + double), f64x2.promote_low_f32x4(product)));
      v128.store(
        products + double,
        f64x2.add(v128.load(products + double, 16), f64x2.promote_low_f32x4(productHigh)),
        16,
      );
    }
    for (; c < channels; c += 1) {
      const single = (<usize>c) << 2;
      const double = (<usize>c) << 3;
      const gradient = load<f32>(g + single);
      const product = gradient * (load<f32>(x + single) - load<f32>(origin + single));
      store<f64>(sums + double, load<f64>(sums + double) + <f64>gradient);
      store<f64>(products + double, load<f64>(products + double) + <f64>product);
    }
    g += (<usize>channels) << 2;
    x += (<usize>channels) << 2;
  }
}

/** y = (x − origin[c])·factor[c] + term[c]. */
export function scaleAbout(
  x: usize,
  y: usize,
  rows: i32,
  channels: i32,
  origin: usize,
  factor: usize,
  term: usize,
): void {
  const whole = channels & ~3;
  for (let row = 0; row < rows; row += 1) {
    let c = 0;
    for (; c < whole; c += 4) {
      const at = (<usize>c) << 2;
      const centred = f32x4.sub(v128.load(x + at), v128.load(origin + at));
      v128.store(y + at, f32x4.add(f32x4.mul(centred, v128.load(factor + at)), v128.load(term + at)));
    }
    for (; c < channels; c += 1) {
      const at = (<usize>c) << 2;
      store<f32>(y + at, (load<f32>(x + at) - load<f32>(origin + at)) * load<f32>(factor + at) + load<f32>(term + at));
    }
    x += (<usize>channels) << 2;
    y += (<usize>channels) << 2;
  }
}

/** dx = g·a[c] + (x − origin[c])·b[c] + offset[c]. */
export function mixGradient(
  g: usize,
  x: usize,
  dx: usize,
  rows: i32,
  channels: i32,
  origin: usize,
  a: usize,
  b: usize,
  offset: usize,
): void {
  const whole = channels & ~3;
  for (let row = 0; row < rows; row += 1) {
    let c = 0;
    for (; c < whole; c += 4) {
      const at = (<usize>c) << 2;
      const centred = f32x4.sub(v128.load(x + at), v128.load(origin + at));
      const fromStatistics = f32x4.add(f32x4.mul(centred, v128.load(b + at)), v128.load(offset + at));
      v128.store(dx + at, f32x4.add(f32x4.mul(v128.load(g + at), v128.load(a + at)), fromStatistics));
    }
    for (; c < channels; c += 1) {
      const at = (<usize>c) << 2;
      const centred = load<f32>(x + at) - load<f32>(origin + at);
      const fromStatistics = centred * load<f32>(b + at) + load<f32>(offset + at);
      store<f32>(dx + at, load<f32>(g + at) * load<f32>(a + at) + fromStatistics);
    }
    g += (<usize>channels) << 2;
    x += (<usize>channels) << 2;
    dx += (<usize>channels) << 2;
  }
}
