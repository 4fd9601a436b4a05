import { shuffledIndices } from '../data/augment.js';
import type { Model } from '../engine/engine.js';
import { deriveSeed } from '../seed.js';

/** Matrices of this many outputs and more are treated by random parts of their outputs, as their squares grow large. */
const WHOLE_MAX = 200;
/** The share of outputs that such a part has. */
const PART = 0.3;

/**
 * Draws weight matrices towards orthogonal outputs, which bounds how far a spiking layer can stretch a perturbation
 * (SNN-RAT: Ding et al. 2022): W ← (1 + strength)·W − strength·W·Wᵀ·W for every kernel, a convolution's seen as one
 * matrix of outputs × (window × inputs). A singular value σ becomes σ·(1 + strength·(1 − σ²)).
 */
export async function orthogonalise(
  model: Model,
  outputsOf: ReadonlyMap<string, number>,
  strength: number,
  seed: number,
): Promise<void> {
  const parameters = await model.readParameters();
  const moved = new Map<string, Float32Array>();
  for (const [name, outputs] of outputsOf) {
    const kernel = parameters.get(name);
    if (kernel === undefined) throw new RangeError(`${name} is no parameter of the model`);
    const columns =
      outputs < WHOLE_MAX
        ? Uint32Array.from({ length: outputs }, (_, k) => k)
        : shuffledIndices(outputs, deriveSeed(seed, name), 0).subarray(0, Math.floor(PART * outputs));
    drawOrthogonal(kernel, outputs, columns, strength);
    moved.set(name, kernel);
  }
  model.writeParameters(moved);
}

/**
 * The rule on the outputs `columns` of a kernel [inputs, outputs], in place. With K that part and G = KᵀK its Gram
 * matrix, K ← (1 + strength)·K − strength·K·G.
 */
export function drawOrthogonal(kernel: Float32Array, outputs: number, columns: Uint32Array, strength: number): void {
  const inputs = kernel.length / outputs;
  const width = columns.length;
  const gram = new Float64Array(width * width);
  const row = new Float64Array(width);
  for (let i = 0; i < inputs; i += 1) {
    for (let a = 0; a < width; a += 1) row[a] = kernel[i * outputs + columns[a]!]!;
    for (let a = 0; a < width; a += 1) {
      const value = row[a]!;
      for (let b = a; b < width; b += 1) gram[a * width + b] = gram[a * width + b]! + value * row[b]!;
    }
  }
  for (let a = 0; a < width; a += 1) for (let b = 0; b < a; b += 1) gram[a * width + b] = gram[b * width + a]!;
  const product = new Float64Array(width);
  for (let i = 0; i < inputs; i += 1) {
    product.fill(0);
    for (let a = 0; a < width; a += 1) {
      const value = kernel[i * outputs + columns[a]!]!;
      row[a] = value;
      const base = a * width;
      for (let b = 0; b < width; b += 1) product[b] = product[b]! + value * gram[base + b]!;
    }
    for (let b = 0; b < width; b += 1) {
      kernel[i * outputs + columns[b]!] = (1 + strength) * row[b]! - strength * product[b]!;
    }
  }
}
