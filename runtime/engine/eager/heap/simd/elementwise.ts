// Loops over equal elements and over pooled windows, float32. Pointers are byte addresses.

/** to = from where gate > 0, else 0. */
export function passPositive(from: usize, gate: usize, to: usize, count: i32): void {
  const whole = count & ~3;
  const zero = f32x4.splat(0);
  let k = 0;
  for (; k < whole; k += 4) {
    const at = (<usize>k) << 2;
    v128.store(to + at, v128.and(v128.load(from + at), f32x4.gt(v128.load(gate + at), zero)));
  }
  for (; k < count; k += 1) {
    const at = (<usize>k) << 2;
    store<f32>(to + at, load<f32>(gate + at) > 0 ? load<f32>(from + at) : 0);
  }
}

/** Spreads a row of pooled pixels [width, channels], times `share`, over `across` pixels each: to[x·across + dx] = from[x]. */
export function spreadRow(from: usize, to: usize, width: i32, across: i32, channels: i32, share: f32): void {
  const whole = channels & ~3;
  const shares = f32x4.splat(share);
  for (let x = 0; x < width; x += 1) {
    for (let copy = 0; copy < across; copy += 1) {
      let c = 0;
      for (; c < whole; c += 4) {
        const at = (<usize>c) << 2;
        v128.store(to + at, f32x4.mul(v128.load(from + at), shares));
      }
      for (; c < channels; c += 1) {
        const at = (<usize>c) << 2;
        store<f32>(to + at, load<f32>(from + at) * share);
      }
      to += (<usize>channels) << 2;
    }
    from += (<usize>channels) << 2;
  }
}
