// The convolution of a drive in float64. Pointers are byte addresses.
//
// In an input that holds its padding, the values under one row of the kernel lie side by side: `span` of them. Eight
// output channels advance at once, each in a lane of its own, by a product and a sum per value: what a lane holds is, bit for
// bit, what the same sum in plain numbers holds.

/**
 * Of each output pixel, to[pixel, channel] = scale·(bias[channel] + Σ input·kernel[channel]), the sum taken in the order of
 * kernel rows and of the values under each. `kernel` is [groups, kernelRows·span, 8], `bias` [groups, 8] and `to`
 * [height, width, groups, 8]. Neighbouring outputs look at inputs `pixelBytes` and `rowBytes` apart, neighbouring rows of the
 * kernel at inputs `kernelRowBytes` apart.
 */
export function convolve(
  input: usize,
  kernel: usize,
  bias: usize,
  to: usize,
  height: i32,
  width: i32,
  groups: i32,
  kernelRows: i32,
  span: i32,
  pixelBytes: usize,
  rowBytes: usize,
  kernelRowBytes: usize,
  scale: f64,
): void {
  const spanBytes = (<usize>span) << 3;
  const factor = f64x2.splat(scale);
  for (let y = 0; y < height; y += 1) {
    let corner = input + <usize>y * rowBytes;
    for (let x = 0; x < width; x += 1) {
      let weights = kernel;
      let start = bias;
      for (let group = 0; group < groups; group += 1) {
        let sum0 = v128.load(start);
        let sum1 = v128.load(start, 16);
        let sum2 = v128.load(start, 32);
        let sum3 = v128.load(start, 48);
        for (let row = 0; row < kernelRows; row += 1) {
          let from = corner + <usize>row * kernelRowBytes;
          const end = from + spanBytes;
          while (from < end) {
            const value = v128.load64_splat(from);
            sum0 = f64x2.add(sum0, f64x2.mul(value, v128.load(weights)));
            sum1 = f64x2.add(sum1, f64x2.mul(value, v128.load(weights, 16)));
            sum2 = f64x2.add(sum2, f64x2.mul(value, v128.load(weights, 32)));
            sum3 = f64x2.add(sum3, f64x2.mul(value, v128.load(weights, 48)));
            weights += 64;
            from += 8;
          }
        }
        v128.store(to, f64x2.mul(factor, sum0));
        v128.store(to, f64x2.mul(factor, sum1), 16);
        v128.store(to, f64x2.mul(factor, sum2), 32);
        v128.store(to, f64x2.mul(factor, sum3), 48);
        start += 64;
        to += 64;
      }
      corner += pixelBytes;
    }
  }
}
