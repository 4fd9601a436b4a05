import type { Group } from 'h5wasm';
import type { NirArray, NirGraph, NirNode } from '../../compiler/nir-graph.js';

/** The version of the reference implementation whose files these are like. */
const NIR_VERSION = '1.0.8';
/** Arrays of more values are compressed: those of neurons are mostly one value, repeated. */
const COMPRESSED_FROM = 1024;
let written = 0;

/**
 * The bytes of a NIR file (HDF5): /version, and /node with type, nodes and edges, as the reference implementation writes
 * and reads them. Equal graphs give equal bytes.
 */
export async function writeNirFile(graph: NirGraph): Promise<Uint8Array> {
  const { File, ready } = await import('h5wasm');
  const { FS } = await ready;
  // A file of the module's memory, not of the disk.
  const path = `/export-${written++}.nir`;
  atNoTime(() => {
    const file = new File(path, 'w');
    try {
      file.create_dataset({ name: 'version', data: NIR_VERSION });
      writeGraph(file.create_group('node'), graph);
      file.flush();
    } finally {
      file.close();
    }
  });
  const bytes = FS.readFile(path);
  FS.unlink(path);
  return bytes;
}

/** Runs `action` while the clock stands still at 0: the HDF5 library stamps each data set with the time. */
function atNoTime(action: () => void): void {
  const { now } = Date;
  Date.now = () => 0;
  try {
    action();
  } finally {
    Date.now = now;
  }
}

function writeGraph(root: Group, { nodes, edges, metadata }: NirGraph): void {
  root.create_dataset({ name: 'type', data: 'NIRGraph' });
  root.create_dataset({ name: 'edges', data: edges.flat(), shape: [edges.length, 2], dtype: 'S' });
  const group = root.create_group('nodes');
  for (const [name, node] of nodes) writeNode(group.create_group(name), node);
  if (metadata.size === 0) return;
  const notes = root.create_group('metadata');
  for (const [name, value] of metadata) writeValue(notes, name, value);
}

function writeNode(group: Group, { type, parameters }: NirNode): void {
  group.create_dataset({ name: 'type', data: type });
  for (const [name, value] of parameters) writeValue(group, name, value);
}

function writeValue(group: Group, name: string, value: NirArray | string): void {
  if (typeof value === 'string') {
    group.create_dataset({ name, data: value });
    return;
  }
  const { shape, data, isWhole } = value;
  const own = isWhole ? BigInt64Array.from(data, (number) => BigInt(number)) : data;
  const compression = data.length > COMPRESSED_FROM ? { chunks: [...shape], compression: 'gzip' as const } : {};
  group.create_dataset({ name, data: own, shape: [...shape], ...compression });
}
