import type { SnnGraph, SnnLayer } from '../../schemas/snn.js';

/** What one image does in a spiking network, all in float64. */
export interface SnnRun {
  /** By neuron layer, one array of [H·W·C] spikes per timestep. */
  readonly spikes: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly logits: Float64Array;
  /** Smallest distance of any membrane from its threshold: where it is tiny, rounding may decide a spike. */
  readonly margin: number;
}

export interface FeatureMap {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** Runs every layer of an SnnGraph as its definition reads, timestep by timestep, with inference statistics. */
export function runSnn(snn: SnnGraph, image: Float32Array): SnnRun {
  const spikes = new Map<string, Uint8Array[]>();
  const membranes = new Map<string, Float64Array>();
  let logits = new Float64Array(0);
  let margin = Number.POSITIVE_INFINITY;
  for (let t = 0; t < snn.timesteps; t += 1) {
    const values = new Map<string, FeatureMap>();
    for (const layer of snn.layers) {
      if (layer.kind === 'input') {
        const { shape, mean, std } = layer;
        const channels = shape[2];
        const pixels = Float64Array.from(image, (x, k) => (x - mean[k % channels]!) / std[k % channels]!);
        values.set(layer.name, { shape, values: pixels });
        continue;
      }
      const input = values.get(layer.inputs[0]!)!;
      if (layer.kind === 'neuron') {
        const v = membranes.get(layer.name) ?? new Float64Array(input.values.length);
        membranes.set(layer.name, v);
        const fired = new Uint8Array(v.length);
        for (let n = 0; n < v.length; n += 1) {
          const before = layer.leak * v[n]! + input.values[n]!;
          margin = Math.min(margin, Math.abs(before - layer.threshold));
          fired[n] = before >= layer.threshold ? 1 : 0;
          if (layer.reset === 'hard') v[n] = fired[n] === 1 ? 0 : before;
          else v[n] = before - fired[n]! * layer.threshold;
        }
        spikes.set(layer.name, [...(spikes.get(layer.name) ?? []), fired]);
        values.set(layer.name, { shape: input.shape, values: Float64Array.from(fired) });
      } else if (layer.kind === 'add') {
        const parts = layer.inputs.map((name) => values.get(name)!.values);
        const sum = input.values.map((_, n) => parts.reduce((sum, part, k) => sum + layer.scales[k]! * part[n]!, 0));
        values.set(layer.name, { shape: input.shape, values: sum });
      } else if (layer.kind === 'output') {
        const previous = logits;
        logits = input.values.map((value, k) => (previous[k] ?? 0) + value / snn.timesteps);
      } else {
        values.set(layer.name, applyLinear(layer, input));
      }
    }
  }
  return { spikes, logits, margin };
}

/** A layer of one input that has neither time nor weights of several inputs. */
export function applyLinear(layer: SnnLayer, input: FeatureMap): FeatureMap {
  const [height = 1, width = 1, channels = 1] = input.shape;
  switch (layer.kind) {
    case 'conv2d': {
      const [kh, kw, , outputs] = layer.kernel.shape as [number, number, number, number];
      const { top, bottom, left, right } = layer.padding;
      const rows = Math.floor((height + top + bottom - kh) / layer.stride[0]) + 1;
      const columns = Math.floor((width + left + right - kw) / layer.stride[1]) + 1;
      const values = new Float64Array(rows * columns * outputs);
      for (let y = 0; y < rows; y += 1) {
        for (let x = 0; x < columns; x += 1) {
          for (let co = 0; co < outputs; co += 1) {
            let sum = layer.bias?.[co] ?? 0;
            for (let ky = 0; ky < kh; ky += 1) {
              for (let kx = 0; kx < kw; kx += 1) {
                const iy = y * layer.stride[0] + ky - top;
                const ix = x * layer.stride[1] + kx - left;
                if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
                for (let ci = 0; ci < channels; ci += 1) {
                  const weight = layer.kernel.data[((ky * kw + kx) * channels + ci) * outputs + co]!;
                  sum += weight * input.values[(iy * width + ix) * channels + ci]!;
                }
              }
            }
            values[(y * columns + x) * outputs + co] = sum;
          }
        }
      }
      return { shape: [rows, columns, outputs], values };
    }
    case 'dense': {
      const [inputs, outputs] = layer.kernel.shape as [number, number];
      const values = Float64Array.from({ length: outputs }, (_, k) => {
        let sum = layer.bias?.[k] ?? 0;
        for (let n = 0; n < inputs; n += 1) sum += input.values[n]! * layer.kernel.data[n * outputs + k]!;
        return sum;
      });
      return { shape: [outputs], values };
    }
    case 'batchNorm': {
      const { gamma, beta, mean, variance, epsilon } = layer;
      const values = input.values.map((x, k) => {
        const c = k % gamma.length;
        return (gamma[c]! * (x - mean[c]!)) / Math.sqrt(variance[c]! + epsilon) + beta[c]!;
      });
      return { shape: input.shape, values };
    }
    case 'avgPool': {
      const [ph, pw] = layer.size;
      const rows = Math.floor((height - ph) / layer.stride[0]) + 1;
      const columns = Math.floor((width - pw) / layer.stride[1]) + 1;
      const values = new Float64Array(rows * columns * channels);
      for (let k = 0; k < values.length; k += 1) {
        const c = k % channels;
        const x = Math.floor(k / channels) % columns;
        const y = Math.floor(k / channels / columns);
        for (let dy = 0; dy < ph; dy += 1) {
          for (let dx = 0; dx < pw; dx += 1) {
            const source = ((y * layer.stride[0] + dy) * width + x * layer.stride[1] + dx) * channels + c;
            values[k]! += input.values[source]! / (ph * pw);
          }
        }
      }
      return { shape: [rows, columns, channels], values };
    }
    case 'flatten': {
      if (layer.order === 'hwc') return { shape: [input.values.length], values: input.values };
      const plane = height * width;
      const values = input.values.map((_, k) => input.values[(k % plane) * channels + Math.floor(k / plane)]!);
      return { shape: [values.length], values };
    }
    case 'dropout':
      return input;
    default:
      throw new RangeError(`${layer.kind} is no linear layer of one input`);
  }
}
