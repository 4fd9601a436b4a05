import { importNir } from '../compiler/import/nir.js';
import type { AnnGraph } from '../schemas/ann.js';
import { diagnostic, type Result, SpikewrightError } from '../schemas/diagnostic.js';
import type { SnnGraph } from '../schemas/snn.js';
import { packKeras } from './keras-file.js';
import { readModel } from './model-file.js';
import { readNirFile } from './nir/read-file.js';

/** A network out of an HDF5 file, and whether its timesteps are known. */
type Hdf5Network = Result<{ readonly network: AnnGraph | SnnGraph; readonly isTimed: boolean }>;

/**
 * The network in an HDF5 file: a NIR graph, its timesteps of `dt` in its unit of time, or, where there is none, a Keras
 * model. A NIR file that says nothing of timesteps gets a note. Throws SW1040, SW1041, SW1050, SW1051, SW1005…SW1007 and
 * what the import of Keras models throws.
 */
export async function hdf5Network(bytes: Uint8Array, name: string, dt: number): Promise<Hdf5Network> {
  try {
    const graph = await readNirFile(bytes, name);
    const options = { timesteps: null, dt };
    try {
      const { value, diagnostics } = importNir(graph, bytes.length, name, options);
      return { value: { network: value, isTimed: true }, diagnostics };
    } catch (error) {
      if (!isOnly(error, 'SW1052')) throw error;
      const { value, diagnostics } = importNir(graph, bytes.length, name, { ...options, timesteps: 1 });
      const note = diagnostic('SW1052', 'note', { where: name, what: 'the file says nothing of timesteps.' });
      return { value: { network: value, isTimed: false }, diagnostics: [note, ...diagnostics] };
    }
  } catch (error) {
    // A sound HDF5 file, but without the group that every NIR file has.
    if (!isOnly(error, 'SW1050') || error.diagnostics[0]!.where !== `${name}, /node`) throw error;
    const { value, diagnostics } = readModel(await packKeras(bytes, name), name, null);
    return { value: { network: value, isTimed: false }, diagnostics };
  }
}

function isOnly(error: unknown, code: string): error is SpikewrightError {
  return error instanceof SpikewrightError && error.diagnostics.every((found) => found.code === code);
}
