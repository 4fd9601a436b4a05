/**
 * The point of the box [0, 1]ⁿ on the hyperplane Σ normal·x = offset that is nearest to `point` (in the box too) in the
 * largest change of a value; where the box does not reach the hyperplane, the box's nearest corner to it.
 *
 * Every value moves by the same least distance towards the hyperplane, or as far as its bound lets it: with |gap| = |offset
 * − Σ normal·point| the distance t solves Σ |normal|·min(t, room) = |gap|, whose left side is piecewise linear with a kink
 * at every room.
 */
export function projectToHyperplane(point: Float32Array, normal: Float32Array, offset: number): Float32Array {
  const size = point.length;
  let gap = offset;
  for (let k = 0; k < size; k += 1) gap -= normal[k]! * point[k]!;
  const way = Math.sign(gap);
  const room = new Float64Array(size);
  let slope = 0;
  for (let k = 0; k < size; k += 1) {
    const value = point[k]!;
    room[k] = way * normal[k]! > 0 ? 1 - value : value;
    slope += Math.abs(normal[k]!);
  }
  const order = Uint32Array.from({ length: size }, (_, k) => k).sort((a, b) => room[a]! - room[b]!);
  let distance = 0;
  let left = Math.abs(gap);
  for (const k of order) {
    const reached = slope * (room[k]! - distance);
    if (reached >= left) break;
    left -= reached;
    distance = room[k]!;
    slope -= Math.abs(normal[k]!);
  }
  // Past the last kink the slope is rounding alone: the corner is as near as the box comes.
  if (slope > 0) distance = Math.min(1, distance + left / slope);
  return point.map((value, k) => value + way * Math.sign(normal[k]!) * Math.min(distance, room[k]!));
}
