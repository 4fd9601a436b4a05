import { dirname, join } from 'node:path';
import type { KerasModel } from '../compiler/import/keras.js';
import type { StateTensor } from '../compiler/import/state-dict.js';
import { readStoredZip } from '../compiler/import/zip.js';
import { failure } from '../schemas/diagnostic.js';
import type { SafeTensor } from '../schemas/safetensors.js';
import { writeSafetensors } from '../schemas/safetensors.js';
import { elementCount } from '../schemas/tensor.js';
import { readFileWhole } from './store/read-file.js';
import { readingTime, readWithin } from './workers/timed-read.js';

/** Weight files of one model: more are taken for damage. */
const SHARDS_MAX = 10_000;
const WEIGHTS_MAX = 100_000;

/** Under this key of a safetensors file's metadata the JSON of a Keras model stands; its tensors are "layer/number". */
export const KERAS_KEY = 'keras';

/** By layer, its weights in Keras's order. */
type Weights = Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }[]>;

/** A Keras model's topology and weights as one safetensors file, whichever files it came from. */
function packed(topology: unknown, weights: Weights): Uint8Array {
  const tensors = new Map<string, SafeTensor>();
  for (const [layer, list] of weights) {
    for (const [number, { shape, data }] of list.entries())
      tensors.set(`${layer}/${number}`, { dtype: 'F32', shape, data });
  }
  return writeSafetensors({ tensors, metadata: { [KERAS_KEY]: JSON.stringify(topology) } });
}

/** The model that `packTfjs` and `packKeras` pack. Throws SW1040 where the text is no JSON. */
export function unpackKeras(topology: string, tensors: ReadonlyMap<string, SafeTensor>, where: string): KerasModel {
  const weights = new Map<string, StateTensor[]>();
  for (const [name, tensor] of tensors) {
    const layer = name.slice(0, name.lastIndexOf('/'));
    if (tensor.dtype !== 'F32')
      throw failure('SW1040', { where: `${where}, weight ${name}`, what: 'is not of float32.' });
    weights.set(layer, [...(weights.get(layer) ?? []), tensor]);
  }
  return { topology: parsedJson(topology, where), weights };
}

function parsedJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw failure('SW1040', {
      where,
      what: `it is no JSON (${error instanceof Error ? error.message : String(error)}).`,
    });
  }
}

/**
 * A tfjs layers model, model.json and the weight files that it names beside it, as one safetensors file. Throws SW1001
 * (a weight file is missing) and SW1040 (damaged), SW1041 (quantised weights).
 */
export async function packTfjs(json: Uint8Array, path: string): Promise<Uint8Array> {
  const broken = (what: string) => failure('SW1040', { where: path, what });
  const model = parsedJson(new TextDecoder().decode(json), path);
  const { modelTopology, weightsManifest } = (model ?? {}) as Record<string, unknown>;
  if (modelTopology === undefined || !Array.isArray(weightsManifest)) {
    throw broken('it has no modelTopology and weightsManifest: it is no tfjs layers model.');
  }
  const weights: Weights = new Map();
  for (const group of weightsManifest as Record<string, unknown>[]) {
    const { paths, weights: entries } = group ?? {};
    if (!Array.isArray(paths) || paths.length > SHARDS_MAX || !Array.isArray(entries) || entries.length > WEIGHTS_MAX) {
      throw broken('a group of its weights names no files and arrays.');
    }
    const shards: Uint8Array[] = [];
    for (const shard of paths) shards.push(await readFileWhole(join(dirname(path), shardName(shard, path))));
    const data = Buffer.concat(shards);
    let offset = 0;
    for (const entry of entries as unknown[]) {
      const { name, shape } = weightEntry(entry, path);
      const bytes = 4 * elementCount(shape);
      if (!(offset + bytes <= data.length))
        throw broken(`${name} of [${shape.join(', ')}] goes beyond its weight files.`);
      addWeight(weights, name, {
        shape,
        data: new Float32Array(new Uint8Array(data.subarray(offset, offset + bytes)).buffer),
      });
      offset += bytes;
    }
    if (offset !== data.length) throw broken(`its arrays fill ${offset} of ${data.length} B of their files.`);
  }
  return packed(modelTopology, sorted(weights));
}

function shardName(name: unknown, path: string): string {
  if (typeof name === 'string' && /^[\w.-]+$/.test(name) && !/^\.+$/.test(name)) return name;
  throw failure('SW1040', { where: path, what: `${JSON.stringify(name)?.slice(0, 64)} is no file beside it.` });
}

function weightEntry(entry: unknown, path: string): { name: string; shape: readonly number[] } {
  const { name, shape, dtype, quantization } = (entry ?? {}) as Record<string, unknown>;
  const isShape = Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (typeof name !== 'string' || !isShape)
    throw failure('SW1040', { where: path, what: 'an array has no name and shape.' });
  if (dtype !== 'float32' || quantization !== undefined) {
    throw failure('SW1041', { where: `${path}, weight ${name}`, what: 'is not stored as float32.' });
  }
  return { name, shape };
}

/** "conv1/kernel" or "conv1/conv1/kernel:0" is of layer conv1. */
function addWeight(weights: Weights, name: string, tensor: { shape: readonly number[]; data: Float32Array }): void {
  const parts = name.split('/');
  const layer = parts.at(-2) ?? '';
  const list = weights.get(layer) ?? [];
  weights.set(layer, list);
  list.push(Object.assign(tensor, { part: parts.at(-1)! }));
}

/** Keras's order of a layer's weights, by the end of their names. */
const order = ['kernel', 'gamma', 'bias', 'beta', 'moving_mean', 'moving_variance'];

function sorted(weights: Weights): Weights {
  const rank = (tensor: object): number => order.indexOf((tensor as { part: string }).part.replace(/:\d+$/, ''));
  return new Map([...weights].map(([layer, list]) => [layer, list.toSorted((a, b) => rank(a) - rank(b))]));
}

/**
 * A Keras model of one file, HDF5 (.h5) or a .keras archive, as one safetensors file. Throws SW1011 (archive), SW1040
 * (damaged, no whole model, or not read within `milliseconds`) and SW1041.
 */
export async function packKeras(
  bytes: Uint8Array,
  path: string,
  milliseconds = readingTime(bytes.length),
): Promise<Uint8Array> {
  const { readKerasTask } = await import('./keras-hdf5.js');
  const isArchive = bytes[0] === 0x50;
  const input = isArchive ? { archive: readStoredZip(bytes, path), where: path } : { hdf5: bytes, where: path };
  const { topology, weights } = await readWithin(readKerasTask, input, milliseconds, (seconds) => {
    return failure('SW1040', { where: path, what: `its ${bytes.length} B are not read after ${seconds} s.` });
  });
  return packed(topology, weights);
}
