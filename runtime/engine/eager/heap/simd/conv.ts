// The gradient of a convolution's kernel, float32, NHWC. Pointers are byte addresses.
//
// In an input that holds its padding, the values under one row of the kernel lie side by side: kw·cin of them, "lanes"
// here. The gradient of lane l of kernel row ky for output channel c is the sum over output pixels of
// input[y·strideY + ky, x·strideX, l]·upstream[y, x, c]. Tiles of lanes × channels are summed in registers over one
// image, then added to the gradient: no transposition, no packing, and short sums.

/** Copies rows of `fromBytes` each to places `toBytes` apart. */
export function copyRows(from: usize, to: usize, rows: i32, fromBytes: usize, toBytes: usize): void {
  for (let row = 0; row < rows; row += 1) {
    memory.copy(to, from, fromBytes);
    from += fromBytes;
    to += toBytes;
  }
}

/**
 * Adds one image's part to one kernel row, `gradient` [lanes, channels]. `input` points at kernel row ky of the padded
 * image, whose pixels and rows are `pixelBytes` and `rowBytes` apart for neighbouring outputs; `upstream` is
 * [height, width, channels].
 */
export function addKernelRow(
  input: usize,
  upstream: usize,
  gradient: usize,
  height: i32,
  width: i32,
  lanes: i32,
  channels: i32,
  pixelBytes: usize,
  rowBytes: usize,
): void {
  const channelBytes = (<usize>channels) << 2;
  const wholeChannels = channels & ~7;
  const wholeLanes = lanes & ~3;
  for (let c = 0; c < wholeChannels; c += 8) {
    const from = upstream + ((<usize>c) << 2);
    const to = gradient + ((<usize>c) << 2);
    let lane = 0;
    for (; lane < wholeLanes; lane += 4) {
      const laneInput = input + ((<usize>lane) << 2);
      addTile4x8(laneInput, from, to + <usize>lane * channelBytes, height, width, channelBytes, pixelBytes, rowBytes);
    }
    for (; lane < lanes; lane += 1) {
      const laneInput = input + ((<usize>lane) << 2);
      addTile1x8(laneInput, from, to + <usize>lane * channelBytes, height, width, channelBytes, pixelBytes, rowBytes);
    }
  }
  for (let c = wholeChannels; c < channels; c += 1) {
    const from = upstream + ((<usize>c) << 2);
    for (let lane = 0; lane < lanes; lane += 1) {
      const to = gradient + <usize>lane * channelBytes + ((<usize>c) << 2);
      addOne(input + ((<usize>lane) << 2), from, to, height, width, channelBytes, pixelBytes, rowBytes);
    }
  }
}

function addTile4x8(
  input: usize,
  upstream: usize,
  gradient: usize,
  height: i32,
  width: i32,
  channelBytes: usize,
  pixelBytes: usize,
  rowBytes: usize,
): void {
  let sum00 = f32x4.splat(0);
  let sum01 = f32x4.splat(0);
  let sum10 = f32x4.splat(0);
  let sum11 = f32x4.splat(0);
  let sum20 = f32x4.splat(0);
  let sum21 = f32x4.splat(0);
  let sum30 = f32x4.splat(0);
  let sum31 = f32x4.splat(0);
  for (let y = 0; y < height; y += 1) {
    let pixel = input;
    for (let x = 0; x < width; x += 1) {
      const low = v128.load(upstream);
      const high = v128.load(upstream, 16);
      const lane0 = v128.load32_splat(pixel);
      sum00 = f32x4.add(sum00, f32x4.mul(lane0, low));
      sum01 = f32x4.add(sum01, f32x4.mul(lane0, high));
      const lane1 = v128.load32_splat(pixel, 4);
      sum10 = f32x4.add(sum10, f32x4.mul(lane1, low));
      sum11 = f32x4.add(sum11, f32x4.mul(lane1, high));
      const lane2 = v128.load32_splat(pixel, 8);
      sum20 = f32x4.add(sum20, f32x4.mul(lane2, low));
      sum21 = f32x4.add(sum21, f32x4.mul(lane2, high));
      const lane3 = v128.load32_splat(pixel, 12);
      sum30 = f32x4.add(sum30, f32x4.mul(lane3, low));
      sum31 = f32x4.add(sum31, f32x4.mul(lane3, high));
      pixel += pixelBytes;
      upstream += channelBytes;
    }
    input += rowBytes;
  }
  addPair(gradient, sum00, sum01);
  addPair(gradient + channelBytes, sum10, sum11);
  addPair(gradient + 2 * channelBytes, sum20, sum21);
  addPair(gradient + 3 * channelBytes, sum30, sum31);
}

function addTile1x8(
  input: usize,
  upstream: usize,
  gradient: usize,
  height: i32,
  width: i32,
  channelBytes: usize,
  pixelBytes: usize,
  rowBytes: usize,
): void {
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  for (let y = 0; y < height; y += 1) {
    let pixel = input;
    for (let x = 0; x < width; x += 1) {
      const lane = v128.load32_splat(pixel);
      low = f32x4.add(low, f32x4.mul(lane, v128.load(upstream)));
      high = f32x4.add(high, f32x4.mul(lane, v128.load(upstream, 16)));
      pixel += pixelBytes;
      upstream += channelBytes;
    }
    input += rowBytes;
  }
  addPair(gradient, low, high);
}

function addOne(
  input: usize,
  upstream: usize,
  gradient: usize,
  height: i32,
  width: i32,
  channelBytes: usize,
  pixelBytes: usize,
  rowBytes: usize,
): void {
  let sum: f32 = 0;
  for (let y = 0; y < height; y += 1) {
    let pixel = input;
    for (let x = 0; x < width; x += 1) {
      sum += load<f32>(pixel) * load<f32>(upstream);
      pixel += pixelBytes;
      upstream += channelBytes;
    }
    input += rowBytes;
  }
  store<f32>(gradient, load<f32>(gradient) + sum);
}

function addPair(to: usize, low: v128, high: v128): void {
  v128.store(to, f32x4.add(v128.load(to), low));
  v128.store(to, f32x4.add(v128.load(to, 16), high), 16);
}
