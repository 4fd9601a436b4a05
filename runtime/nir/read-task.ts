import type { Dataset, File, Group } from 'h5wasm';
import type { NirArray, NirGraph, NirNode } from '../../compiler/nir-graph.js';
import { failure, SpikewrightError } from '../../schemas/diagnostic.js';
import { requireFinite } from '../../schemas/wire.js';
import type { Task } from '../workers/task.js';

/** What the arrays of a file may take in memory: compressed ones, such as those of neurons, are larger than in the file. */
const EXPANSION_MAX = 8;
const EXPANSION_FREE_BYTES = 1 << 26;
/** The longest text read, and the most nodes and edges. */
const TEXT_MAX = 1 << 12;
const PARTS_MAX = 1 << 16;
let read = 0;

/**
 * Reads files in a thread of its own.
 * @public threads import it by its name
 */
export const readNirTask: Task<null, NirBytes, NirGraph> = {
  module: import.meta.url,
  name: 'readNirTask',
  start: async () => ({ run: ({ bytes, where }) => readGraph(bytes, where), stop: () => undefined }),
};

/** A file's bytes, and what stands for it in messages. */
interface NirBytes {
  readonly bytes: Uint8Array;
  readonly where: string;
}

async function readGraph(bytes: Uint8Array, where: string): Promise<NirGraph> {
  const h5wasm = await import('h5wasm');
  const module = await h5wasm.ready;
  // Errors of the HDF5 library become exceptions.
  module.activate_throwing_error_handler();
  // A file of the module's memory, not of the disk.
  const path = `/import-${read++}.nir`;
  module.FS.writeFile(path, bytes);
  let file: File | null = null;
  try {
    file = new h5wasm.File(path, 'r');
    return new FileReader(file, bytes.length, where).graph();
  } catch (error) {
    if (error instanceof SpikewrightError) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw failure(
      'SW1050',
      { where, what: `its ${bytes.length} B cannot be read as HDF5 (${reason}).` },
      { cause: error },
    );
  } finally {
    try {
      file?.close();
    } catch {
      // What could not be opened cannot be closed.
    }
    module.FS.unlink(path);
    module.deactivate_throwing_error_handler();
  }
}

class FileReader {
  #left: number;

  constructor(
    private readonly file: File,
    size: number,
    private readonly where: string,
  ) {
    this.#left = EXPANSION_MAX * size + EXPANSION_FREE_BYTES;
  }

  graph(): NirGraph {
    const root = this.#group('node');
    const type = this.#text(`node/type`);
    if (type !== 'NIRGraph') throw this.#fault('node', `a "${type}"; a whole network, a NIRGraph, was expected`);
    const names = this.#group('node/nodes').keys();
    if (names.length > PARTS_MAX) throw this.#fault('node/nodes', `${names.length} nodes; ${PARTS_MAX} are possible`);
    const nodes = new Map(names.map((name) => [name, this.#node(`node/nodes/${name}`)]));
    const metadata = root.keys().includes('metadata') ? this.#parameters('node/metadata') : new Map();
    return { nodes, edges: this.#edges(), metadata };
  }

  #node(path: string): NirNode {
    const type = this.#text(`${path}/type`);
    // A graph within the graph is refused by its type, whatever it holds.
    return { type, parameters: type === 'NIRGraph' ? new Map() : this.#parameters(path) };
  }

  #parameters(path: string): Map<string, NirArray | string> {
    const parameters = new Map<string, NirArray | string>();
    for (const name of this.#group(path).keys()) {
      const place = `${path}/${name}`;
      if (name === 'type' || name === 'metadata' || this.#kind(place) !== 'Dataset') continue;
      parameters.set(name, isText(this.#dataset(place)) ? this.#text(place) : this.#array(place));
    }
    return parameters;
  }

  #edges(): [string, string][] {
    const dataset = this.#dataset('node/edges');
    const shape = dataset.shape ?? [];
    const [count = 0, ends = 0] = shape;
    if (count === 0) return [];
    if (!isText(dataset) || shape.length !== 2 || ends !== 2 || count > PARTS_MAX) {
      throw this.#fault('node/edges', `shape [${shape.join(', ')}]; pairs of names were expected`);
    }
    const value: unknown = dataset.value;
    const texts = Array.isArray(value) ? value.map((entry: unknown) => String(entry)) : [];
    if (texts.length !== 2 * count) throw this.#fault('node/edges', `${texts.length} names for ${count} edges`);
    return Array.from({ length: count }, (_, k) => [texts[2 * k]!, texts[2 * k + 1]!]);
  }

  #text(path: string): string {
    const dataset = this.#dataset(path);
    const elements = (dataset.shape ?? []).reduce((product, extent) => product * extent, 1);
    if (!isText(dataset) || elements !== 1) throw this.#fault(path, 'something else than a text');
    const value: unknown = dataset.value;
    const text = String(Array.isArray(value) ? value[0] : value);
    if (text.length > TEXT_MAX) throw this.#fault(path, `a text of ${text.length} characters`);
    return text;
  }

  #array(path: string): NirArray {
    const dataset = this.#dataset(path);
    const { type, size } = dataset.metadata;
    // Classes of the HDF5 library: 0 whole numbers, 1 floats, 8 enumerations, as which Booleans are stored.
    if (type !== 0 && type !== 1 && type !== 8)
      throw this.#fault(path, `values of HDF5 class ${type}; numbers are read`);
    const shape = dataset.shape ?? [];
    const elements = shape.reduce((product, extent) => product * extent, 1);
    this.#left -= elements * (size + 8);
    if (!(this.#left >= 0)) {
      const most = `more than ${EXPANSION_MAX} times the file and ${EXPANSION_FREE_BYTES / 2 ** 20} MiB`;
      throw this.#fault(path, `shape [${shape.join(', ')}], which would take ${most}`);
    }
    const value: unknown = elements === 0 ? [] : dataset.value;
    const data = numbers(value, type === 1 && size <= 4);
    if (data === null || data.length !== elements) throw this.#fault(path, 'values that are no numbers');
    requireFinite(data, `${this.where}, ${path}`);
    return { shape, data, isWhole: type !== 1 };
  }

  #kind(path: string): string {
    return this.file.get(path)?.constructor.name ?? 'nothing';
  }

  #group(path: string): Group {
    const found = this.file.get(path);
    if (found !== null && 'keys' in found) return found;
    throw this.#fault(path, 'no group');
  }

  #dataset(path: string): Dataset {
    const found = this.file.get(path);
    if (found !== null && 'dtype' in found && 'value' in found) return found as Dataset;
    throw this.#fault(path, 'no data set');
  }

  #fault(path: string, what: string) {
    return failure('SW1050', { where: `${this.where}, /${path}`, what: `there is ${what}.` });
  }
}

function isText(dataset: Dataset): boolean {
  // Class 3 of the HDF5 library.
  return dataset.metadata.type === 3;
}

function numbers(value: unknown, isSingle: boolean): Float32Array | Float64Array | null {
  const list: unknown[] | ArrayLike<unknown> =
    ArrayBuffer.isView(value) && 'length' in value ? (value as unknown as ArrayLike<unknown>) : [value].flat();
  const data = isSingle ? new Float32Array(list.length) : new Float64Array(list.length);
  for (let k = 0; k < list.length; k += 1) {
    const entry = list[k];
    if (typeof entry !== 'number' && typeof entry !== 'bigint') return null;
    data[k] = Number(entry);
  }
  return data;
}
