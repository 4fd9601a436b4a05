// Sums of the rows that a section gathers, for a tile of 64 neurons, in registers. `places` has by vector of 16 weights (u32) where
// its sums are added.

import { Tile } from './merged-state';

/**
 * Rows of 64 weights. Of the two bytes in each 16 bits the lower one holds a weight + 128, the upper one another weight:
 * summed as they are, and the upper ones alone, they can be told apart.
 */
export function addTile(places: usize, weights: usize, from: usize, to: usize): void {
  let a = i16x8.splat(0);
  let b = i16x8.splat(0);
  let c = i16x8.splat(0);
  let d = i16x8.splat(0);
  let e = i16x8.splat(0);
  let f = i16x8.splat(0);
  let g = i16x8.splat(0);
  let h = i16x8.splat(0);
  for (let at = from; at < to; at += 4) {
    const row = weights + <usize>load<u32>(at);
    const w = v128.load(row);
    const x = v128.load(row, 16);
    const y = v128.load(row, 32);
    const z = v128.load(row, 48);
    a = i16x8.add(a, w);
    b = i16x8.add(b, i16x8.shr_s(w, 8));
    c = i16x8.add(c, x);
    d = i16x8.add(d, i16x8.shr_s(x, 8));
    e = i16x8.add(e, y);
    f = i16x8.add(f, i16x8.shr_s(y, 8));
    g = i16x8.add(g, z);
    h = i16x8.add(h, i16x8.shr_s(z, 8));
  }
  const bias = biasOf(from, to);
  addSums(load<u32>(places), a, b, bias);
  addSums(load<u32>(places, 4), c, d, bias);
  addSums(load<u32>(places, 8), e, f, bias);
  addSums(load<u32>(places, 12), g, h, bias);
}

/** Rows of 16, 32 or 48 weights. */
export function addVectors(places: usize, tile: Tile, from: usize, to: usize): void {
  const bias = biasOf(from, to);
  const vectors = <usize>tile.vectors;
  for (let vector: usize = 0; vector < vectors; vector += 1) {
    let a = i16x8.splat(0);
    let b = i16x8.splat(0);
    const weights = tile.weights + (vector << 4);
    for (let at = from; at < to; at += 4) {
      const w = v128.load(weights + (<usize>load<u32>(at) >> 2) * vectors);
      a = i16x8.add(a, w);
      b = i16x8.add(b, i16x8.shr_s(w, 8));
    }
    addSums(load<u32>(places + (vector << 2)), a, b, bias);
  }
}

/** Rows of any length, eight at a time, each from its beginning to its end, as memory is read fastest. */
export function addWhole(places: usize, tile: Tile, from: usize, to: usize): void {
  const bias = i16x8.splat(8 << 7);
  const vectors = <usize>tile.vectors;
  for (let at = from; at < to; at += 32) {
    let r = rowAt(tile, at, to);
    let s = rowAt(tile, at + 4, to);
    let t = rowAt(tile, at + 8, to);
    let u = rowAt(tile, at + 12, to);
    let v = rowAt(tile, at + 16, to);
    let w = rowAt(tile, at + 20, to);
    let x = rowAt(tile, at + 24, to);
    let y = rowAt(tile, at + 28, to);
    const past = r + (vectors << 4);
    let place = places;
    for (; r < past; r += 16) {
      const a = v128.load(r);
      const b = v128.load(s);
      const c = v128.load(t);
      const d = v128.load(u);
      const e = v128.load(v);
      const f = v128.load(w);
      const g = v128.load(x);
      const h = v128.load(y);
      const both = i16x8.add(i16x8.add(i16x8.add(a, b), i16x8.add(c, d)), i16x8.add(i16x8.add(e, f), i16x8.add(g, h)));
      const upper = i16x8.add(
        i16x8.add(i16x8.add(i16x8.shr_s(a, 8), i16x8.shr_s(b, 8)), i16x8.add(i16x8.shr_s(c, 8), i16x8.shr_s(d, 8))),
        i16x8.add(i16x8.add(i16x8.shr_s(e, 8), i16x8.shr_s(f, 8)), i16x8.add(i16x8.shr_s(g, 8), i16x8.shr_s(h, 8))),
      );
      addSums(load<u32>(place), both, upper, bias);
      place += 4;
      s += 16;
      t += 16;
      u += 16;
      v += 16;
      w += 16;
      x += 16;
      y += 16;
    }
  }
}

/** Where the row named at `at` lies in a tile of whole rows; beyond `to` that of zeros. */
function rowAt(tile: Tile, at: usize, to: usize): usize {
  return tile.weights + (<usize>(at < to ? load<u32>(at) : tile.blank) >> 2) * <usize>tile.vectors;
}

/** What the lower weights of the rows of from … to have been stored above their value. */
function biasOf(from: usize, to: usize): v128 {
  return i16x8.splat(<i16>(((to - from) >> 2) << 7));
}

/** Adds the sums of 16 weights to 32-bit ones: `upper` of the upper bytes, `both` of both together. */
function addSums(sums: usize, both: v128, upper: v128, bias: v128): void {
  const lower = i16x8.sub(i16x8.sub(both, i16x8.shl(upper, 8)), bias);
  v128.store(sums, i32x4.add(v128.load(sums), i32x4.extend_low_i16x8_s(lower)));
  v128.store(sums, i32x4.add(v128.load(sums, 16), i32x4.extend_high_i16x8_s(lower)), 16);
  v128.store(sums, i32x4.add(v128.load(sums, 32), i32x4.extend_low_i16x8_s(upper)), 32);
  v128.store(sums, i32x4.add(v128.load(sums, 48), i32x4.extend_high_i16x8_s(upper)), 48);
}
