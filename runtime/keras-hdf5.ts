import type { Dataset, Group } from 'h5wasm';
import { failure } from '../schemas/diagnostic.js';
import { elementCount } from '../schemas/tensor.js';
import type { Task } from './workers/task.js';

/** A file as Keras 2 saves it, or those in an archive of Keras 3, and what stands for it in messages. */
type KerasBytes = { readonly where: string } & (
  | { readonly hdf5: Uint8Array }
  | { readonly archive: ReadonlyMap<string, Uint8Array> }
);

/**
 * Reads models in a thread of its own.
 * @public threads import it by its name
 */
export const readKerasTask: Task<null, KerasBytes, StoredModel> = {
  module: import.meta.url,
  name: 'readKerasTask',
  start: async () => ({
    run: (input) =>
      'hdf5' in input ? readKerasHdf5(input.hdf5, input.where) : readKerasArchive(input.archive, input.where),
    stop: () => undefined,
  }),
};

/** A model's JSON and, by layer, its weights in Keras's order. */
export interface StoredModel {
  readonly topology: unknown;
  readonly weights: Map<string, StoredTensor[]>;
}

interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Values of one array, per byte of the file: compressed arrays may unfold to more than the file, but not without end. */
const VALUES_PER_BYTE = 256;
const NAMES_MAX = 100_000;

/**
 * A whole model as Keras 2 saves it in HDF5: its JSON in the attribute model_config, the weights in the group
 * model_weights, whose attributes name layers and arrays in order. Throws SW1040.
 */
async function readKerasHdf5(bytes: Uint8Array, where: string): Promise<StoredModel> {
  return withFile(bytes, where, (root, readArray) => {
    const text = root.attrs.model_config?.value;
    const group = root.get('model_weights') as Group | null;
    if (typeof text !== 'string' || group === null || !('keys' in group)) {
      throw failure('SW1040', {
        where,
        what: 'it holds no whole Keras model (attribute model_config, group model_weights).',
      });
    }
    const weights = new Map<string, StoredTensor[]>();
    for (const layer of names(group, 'layer_names')) {
      const own = group.get(layer) as Group | null;
      if (own === null || !('attrs' in own))
        throw failure('SW1040', { where, what: `its layer "${layer}" is missing.` });
      weights.set(
        layer,
        names(own, 'weight_names').map((name) => readArray(`model_weights/${layer}/${name}`)),
      );
    }
    return { topology: parsed(text, where), weights };
  });
}

/**
 * A .keras archive of Keras 3: config.json, and model.weights.h5 with each layer's arrays in layers/NAME/vars/NUMBER, NAME
 * being the layer's own or its class with a counter. Throws SW1040.
 */
async function readKerasArchive(files: ReadonlyMap<string, Uint8Array>, where: string): Promise<StoredModel> {
  const config = files.get('config.json');
  const stored = files.get('model.weights.h5');
  if (config === undefined || stored === undefined) {
    throw failure('SW1040', { where, what: 'it holds no config.json and model.weights.h5.' });
  }
  const topology = parsed(new TextDecoder().decode(config), `${where}, file config.json`);
  return withFile(stored, `${where}, file model.weights.h5`, (root, readArray) => {
    const weights = new Map<string, StoredTensor[]>();
    const counts = new Map<string, number>();
    for (const { name, className } of layerNames(topology)) {
      const snake = className
        .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
        .replace(/([a-z])([A-Z])/g, '$1_$2')
        .toLowerCase();
      const count = counts.get(snake) ?? 0;
      counts.set(snake, count + 1);
      for (const folder of [name, count === 0 ? snake : `${snake}_${count}`]) {
        const vars = root.get(`layers/${folder}/vars`) as Group | null;
        if (vars === null || !('keys' in vars)) continue;
        const numbers = vars
          .keys()
          .slice(0, 16)
          .sort((a, b) => Number(a) - Number(b));
        weights.set(
          name,
          numbers.map((number) => readArray(`layers/${folder}/vars/${number}`)),
        );
        break;
      }
    }
    return { topology, weights };
  });
}

function layerNames(topology: unknown): readonly { readonly name: string; readonly className: string }[] {
  const layers = (topology as { config?: { layers?: unknown } } | null)?.config?.layers;
  if (!Array.isArray(layers)) return [];
  return layers.slice(0, NAMES_MAX).map((layer: { class_name?: unknown; config?: { name?: unknown } } | null) => {
    return { name: String(layer?.config?.name), className: String(layer?.class_name) };
  });
}

/** Runs `read` on an HDF5 file in memory; whatever the HDF5 library throws becomes SW1040. */
async function withFile<T>(
  bytes: Uint8Array,
  where: string,
  read: (root: Group, readArray: (path: string) => StoredTensor) => T,
): Promise<T> {
  const { default: h5 } = await import('h5wasm');
  const module = await h5.ready;
  // Otherwise errors are printed, and reading goes on.
  module.activate_throwing_error_handler();
  const FS = module.FS as unknown as { writeFile(name: string, bytes: Uint8Array): void; unlink(name: string): void };
  const name = 'model.h5';
  FS.writeFile(name, bytes);
  try {
    const file = new h5.File(name, 'r');
    try {
      return read(file, (path) => {
        const dataset = file.get(path) as Dataset | null;
        const shape = dataset?.shape ?? null;
        if (dataset === null || shape === null || !('dtype' in dataset) || dataset.dtype !== '<f') {
          throw failure('SW1040', { where, what: `${path} is no array of float32.` });
        }
        if (!(elementCount(shape) <= VALUES_PER_BYTE * bytes.length)) {
          throw failure('SW1040', {
            where,
            what: `${path} of [${shape.join(', ')}] is beyond all measure of the file.`,
          });
        }
        return { shape, data: Float32Array.from(dataset.value as Float32Array) };
      });
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof Error && 'diagnostics' in error) throw error;
    const reason = /\(\): (.{1,120})/.exec(String(error))?.[1] ?? String(error).slice(0, 120);
    throw failure('SW1040', { where, what: `it cannot be read as HDF5 (${reason}).` }, { cause: error });
  } finally {
    FS.unlink(name);
  }
}

function names(group: Group, attribute: string): readonly string[] {
  const value = group.attrs[attribute]?.value;
  return Array.isArray(value) ? value.slice(0, NAMES_MAX).map(String) : [];
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw failure('SW1040', {
      where,
      what: `its configuration is no JSON (${error instanceof Error ? error.message : String(error)}).`,
    });
  }
}
