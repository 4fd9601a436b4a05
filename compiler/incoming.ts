import { failure } from '../schemas/diagnostic.js';
import type { Projection } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import type { MapShape } from '../schemas/tensor.js';
import type { AxisPattern } from './axis-plan.js';
import { commonWeightExponent } from './grid.js';
import { type Axis, projectionAxes, type Span } from './tiling.js';

/** A projection as the mapping sees it. */
export interface IncomingProjection {
  readonly projection: Projection<Int32Array>;
  readonly rows: Axis;
  readonly columns: Axis;
  /** Weights are mantissa·step·2^exponent. */
  readonly exponent: number;
  /** Bits of the delay that each synapse carries. */
  readonly delayBits: number;
  /** [taps·cin, cout + 1]: non-zero weights of a kernel row before each output channel; null where most are not zero. */
  readonly nonZero: Uint32Array | null;
  /** Share of its weights that are not zero. */
  readonly density: number;
}

/** Share of weights that are not zero above which counting them is not worth while: they are taken to be all of them. */
const DENSE = 0.75;

/**
 * Prepares a projection for mapping. `bitsOf` gives the bits that a delay takes. Throws SW2013 where its weights are not
 * on the chip's grid.
 */
export function incomingProjection(
  projection: Projection<Int32Array>,
  from: MapShape,
  delayBits: number,
  { name: chip, arithmetic }: Target,
): IncomingProjection {
  const { name, kernel } = projection;
  const exponent = commonWeightExponent(kernel.data, arithmetic.weight);
  if (exponent === null) {
    throw failure('SW2013', { where: `projection ${name}`, what: `its weights are not on the grid of ${chip}.` });
  }
  const [rows, columns] = projectionAxes(projection, from);
  const density = nonZeroShare(kernel.data);
  const nonZero = density > DENSE ? null : countedWeights(kernel.data, kernel.shape[3]);
  return { projection, rows, columns, exponent, delayBits, nonZero, density };
}

/** The bits in which delays of 1 … `delay` timesteps can be told apart. */
export function delayBits(delay: number): number {
  return Math.ceil(Math.log2(delay));
}

function nonZeroShare(data: Int32Array): number {
  let count = 0;
  for (let k = 0; k < data.length; k += 1) if (data[k] !== 0) count += 1;
  return count / data.length;
}

function countedWeights(data: Int32Array, outputs: number): Uint32Array {
  const kernelRows = data.length / outputs;
  const nonZero = new Uint32Array(kernelRows * (outputs + 1));
  for (let row = 0, k = 0; row < kernelRows; row += 1) {
    let count = 0;
    for (let output = 0; output < outputs; output += 1, k += 1) {
      if (data[k] !== 0) count += 1;
      nonZero[row * (outputs + 1) + output + 1] = count;
    }
  }
  return nonZero;
}

/** Non-zero weights from source channel `input` through these patterns to the channels of `c`. */
export function countNonZero(
  { projection: { kernel }, nonZero, rows, columns }: IncomingProjection,
  row: AxisPattern,
  column: AxisPattern,
  input: number,
  c: Span,
): number {
  const [, kernelWidth, inputs, outputs] = kernel.shape;
  let count = 0;
  for (let n = 0; n < row.taps; n += 1) {
    for (let m = 0; m < column.taps; m += 1) {
      const tap = (row.tap - n * rows.stride) * kernelWidth + column.tap - m * columns.stride;
      const at = tap * inputs + input;
      if (nonZero !== null) {
        count += nonZero[at * (outputs + 1) + c[1]]! - nonZero[at * (outputs + 1) + c[0]]!;
      } else {
        for (let k = at * outputs + c[0]; k < at * outputs + c[1]; k += 1) if (kernel.data[k] !== 0) count += 1;
      }
    }
  }
  return count;
}
