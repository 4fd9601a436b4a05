import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { SnnGraph, SnnLayer } from '../../schemas/snn.js';
import type { MapShape } from '../../schemas/tensor.js';

/** Layers of a chain, by what a test wants to see; every `neuron` follows a linear layer. */
export type LayerSpec =
  | {
      readonly conv: number;
      readonly kernel?: number;
      readonly stride?: number;
      readonly pad?: number;
      readonly bias?: boolean;
    }
  | { readonly dense: number; readonly bias?: boolean }
  | { readonly pool: number; readonly stride?: number }
  | { readonly flatten: 'hwc' | 'chw' }
  | 'norm'
  | 'dropout'
  | { readonly neuron: 'hard' | 'soft'; readonly leak?: number; readonly threshold?: number };

/** A chain with random weights: kernels ±1/√fan-in, norms near one, thresholds 0.5 unless given. */
export function randomSnn(shape: MapShape, specs: readonly LayerSpec[], timesteps: number, seed: number): SnnGraph {
  const random = xoroshiro128plus(seed);
  const uniform = (low: number, high: number): number =>
    low + ((high - low) * uniformInt(random, 0, 1 << 24)) / (1 << 24);
  const array = (length: number, low: number, high: number) => Float32Array.from({ length }, () => uniform(low, high));
  const per = <V>(value: V): V[] => new Array<V>(shape[2]).fill(value);
  const layers: SnnLayer[] = [{ kind: 'input', name: 'input', shape, mean: per(0.45), std: per(0.25) }];
  let grid: readonly number[] = shape;
  for (const [number, spec] of specs.entries()) {
    const inputs = [layers.at(-1)!.name] as const;
    const name = `layer${number}`;
    if (spec === 'norm') {
      const channels = grid.at(-1)!;
      layers.push({
        kind: 'batchNorm',
        name,
        inputs,
        gamma: array(channels, 0.6, 1.4),
        beta: array(channels, -0.2, 0.4),
        mean: array(channels, -0.2, 0.2),
        variance: array(channels, 0.5, 1.5),
        epsilon: 1e-5,
        momentum: 0.1,
      });
    } else if (spec === 'dropout') {
      layers.push({ kind: 'dropout', name, inputs, rate: 0.2 });
    } else if ('conv' in spec) {
      const [height, width, channels] = grid as MapShape;
      const { conv, kernel = 3, stride = 1, pad = 1 } = spec;
      const bound = 1.7 / Math.sqrt(kernel * kernel * channels);
      layers.push({
        kind: 'conv2d',
        name,
        inputs,
        kernel: {
          shape: [kernel, kernel, channels, conv],
          data: array(kernel * kernel * channels * conv, -bound, bound),
        },
        bias: spec.bias === true ? array(conv, -0.2, 0.3) : null,
        stride: [stride, stride],
        padding: { top: pad, bottom: pad, left: pad, right: pad },
      });
      const out = (extent: number): number => Math.floor((extent + 2 * pad - kernel) / stride) + 1;
      grid = [out(height), out(width), conv];
    } else if ('dense' in spec) {
      const bound = 1.7 / Math.sqrt(grid[0]!);
      layers.push({
        kind: 'dense',
        name,
        inputs,
        kernel: { shape: [grid[0]!, spec.dense], data: array(grid[0]! * spec.dense, -bound, bound) },
        bias: spec.bias === true ? array(spec.dense, -0.2, 0.3) : null,
      });
      grid = [spec.dense];
    } else if ('pool' in spec) {
      const stride = spec.stride ?? spec.pool;
      layers.push({ kind: 'avgPool', name, inputs, size: [spec.pool, spec.pool], stride: [stride, stride] });
      const out = (extent: number): number => Math.floor((extent - spec.pool) / stride) + 1;
      grid = [out(grid[0]!), out(grid[1]!), grid[2]!];
    } else if ('flatten' in spec) {
      layers.push({ kind: 'flatten', name, inputs, order: spec.flatten });
      grid = [grid.reduce((product, extent) => product * extent, 1)];
    } else {
      const { neuron, leak = 1, threshold = 0.5 } = spec;
      layers.push({ kind: 'neuron', name, inputs, leak, reset: neuron, threshold });
    }
  }
  layers.push({ kind: 'output', name: 'logits', inputs: [layers.at(-1)!.name] });
  return { kind: 'snn', name: 'random', timesteps, layers };
}

/** The demonstration's network: three 3×3 convolutions with norms, average pools, and a dense readout. */
export function demoNet(widths: readonly [number, number, number] = [32, 64, 128]): SnnGraph {
  const stage = (channels: number): LayerSpec[] => [{ conv: channels }, 'norm', { neuron: 'hard' }, { pool: 2 }];
  const specs = [...widths.flatMap(stage), { flatten: 'hwc' } as const, { dense: 10, bias: true }];
  return randomSnn([32, 32, 3], specs, 4, 7);
}

/** What tests put into Programs as their origin. */
export const testProvenance = { spikewrightVersion: '0', sources: [], options: '{}' };
