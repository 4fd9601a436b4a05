import { readFileSync } from 'node:fs';
import type { AnnGraph, AnnLayer } from '../../../schemas/ann.js';
import { readSafetensors } from '../../../schemas/safetensors.js';
import type { SnnGraph, SnnLayer } from '../../../schemas/snn.js';

const path = new URL('../../golden/finetune_vgg.safetensors', import.meta.url);
const { tensors } = readSafetensors(readFileSync(path), 'finetune_vgg.safetensors');

/** A float array of the file, in the file's layout. */
export function goldenValues(name: string): Float32Array {
  return tensors.get(name)!.data as Float32Array;
}

/** Spikes of the file, [T·B, …] in the file's layout. */
export function goldenBytes(name: string): { data: Uint8Array; shape: readonly number[] } {
  const { data, shape } = tensors.get(name)!;
  return { data: data as Uint8Array, shape };
}

/** [N, C, H, W] → [N, H, W, C]. */
export function channelsLast<A extends Float32Array | Uint8Array>(values: A, [n, c, h, w]: readonly number[]): A {
  const result = values.slice() as A;
  const [batch, channels, size] = [n!, c!, h! * w!];
  for (let image = 0, from = 0; image < batch; image += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      for (let pixel = 0; pixel < size; pixel += 1, from += 1) {
        result[(image * size + pixel) * channels + channel] = values[from]!;
      }
    }
  }
  return result;
}

/** Images or image gradients of the file, [N, 32, 32, 3]. */
export function goldenImages(name: string): Float32Array {
  return channelsLast(goldenValues(name), [16, 3, 32, 32]);
}

/** A kernel [Cout, Cin, kh, kw] → [kh, kw, Cin, Cout]. */
export function goldenKernel(name: string): { shape: number[]; data: Float32Array } {
  const { data, shape } = tensors.get(name)!;
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const turned = new Float32Array(data.length);
  for (let o = 0, from = 0; o < outputs; o += 1) {
    for (let i = 0; i < inputs; i += 1) {
      for (let tap = 0; tap < height * width; tap += 1, from += 1) {
        turned[(tap * inputs + i) * outputs + o] = (data as Float32Array)[from]!;
      }
    }
  }
  return { shape: [height, width, inputs, outputs], data: turned };
}

/** A matrix [out, in] → [in, out]. */
export function goldenMatrix(name: string): { shape: number[]; data: Float32Array } {
  const { data, shape } = tensors.get(name)!;
  const [outputs, inputs] = shape as [number, number];
  return { shape: [inputs, outputs], data: channelsLast(data as Float32Array, [1, outputs, inputs, 1]) };
}

/** The layers of the file's network `prefix`; `spike` makes what stands after each norm and hidden dense layer. */
function layers<L extends SnnLayer | AnnLayer>(
  prefix: string,
  spike: (name: string, input: string, threshold: number) => L,
): (AnnLayer | L)[] {
  const list: (AnnLayer | L)[] = [
    { kind: 'input', name: 'input', shape: [32, 32, 3], mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  ];
  let last = 'input';
  for (const [index, at] of [0, 4, 8].entries()) {
    const own = `${prefix}.features.${at}`;
    const norm = `${prefix}.features.${at + 1}`;
    list.push(
      {
        kind: 'conv2d',
        name: `conv${index}`,
        inputs: [last],
        kernel: goldenKernel(`${own}.weight`),
        bias: goldenValues(`${own}.bias`),
        stride: [1, 1],
        padding: { top: 1, bottom: 1, left: 1, right: 1 },
      },
      {
        kind: 'batchNorm',
        name: `norm${index}`,
        inputs: [`conv${index}`],
        gamma: goldenValues(`${norm}.weight`),
        beta: goldenValues(`${norm}.bias`),
        mean: goldenValues(`${norm}.running_mean`),
        variance: goldenValues(`${norm}.running_var`),
        epsilon: 1e-5,
        momentum: 0.1,
      },
      spike(`spike${index}`, `norm${index}`, goldenValues(`${prefix}.features.${at + 2}.v_th`)[0]!),
      { kind: 'avgPool', name: `pool${index}`, inputs: [`spike${index}`], size: [2, 2], stride: [2, 2] },
    );
    last = `pool${index}`;
  }
  const dense = (name: string, input: string, own: string): AnnLayer => ({
    kind: 'dense',
    name,
    inputs: [input],
    kernel: goldenMatrix(`${prefix}.${own}.weight`),
    bias: goldenValues(`${prefix}.${own}.bias`),
  });
  list.push(
    { kind: 'flatten', name: 'flatten', inputs: [last], order: 'chw' },
    dense('hidden', 'flatten', 'classifier.1'),
    spike('spike3', 'hidden', goldenValues(`${prefix}.classifier.2.v_th`)[0]!),
    dense('classifier', 'spike3', 'classifier.4'),
    { kind: 'output', name: 'output', inputs: ['classifier'] },
  );
  return list;
}

export function goldenAnn(): AnnGraph {
  return {
    kind: 'ann',
    name: 'golden',
    layers: layers<AnnLayer>('ann', (name, input) => ({ kind: 'activation', name, inputs: [input], function: 'relu' })),
  };
}

export function goldenSnn(): SnnGraph {
  const snn = layers<SnnLayer>('snn', (name, input, threshold) => ({
    kind: 'neuron',
    name,
    inputs: [input],
    leak: 1,
    reset: 'hard',
    threshold,
  }));
  return { kind: 'snn', name: 'golden', timesteps: 8, layers: snn as SnnLayer[] };
}
