import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { failure } from '../../../schemas/diagnostic.js';
import type { BackendProbe } from './backend.js';
import { firstLine, unavailable } from './backend.js';
import { packageVersion } from './package-version.js';

const MEBIBYTE = 2 ** 20;
/** Bytes that a 32-bit address reaches. */
const ADDRESS_SPACE = 2 ** 32;

/** Initialises tfjs's WebAssembly backend: one thread with SIMD. */
export async function probeWasm(): Promise<BackendProbe> {
  const version = packageVersion('@tensorflow/tfjs-backend-wasm');
  const install = 'npm install @tensorflow/tfjs-backend-wasm@4.22.0';
  try {
    await import('@tensorflow/tfjs-backend-wasm');
    if (!(await tf.setBackend('wasm'))) throw new Error('its backend did not initialise');
    const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    refuseFailedAllocations(wasmBackend());
    if (!simd)
      return unavailable('wasm', version, 'the processor has no SIMD instructions that WebAssembly can use', '');
    const device = '1 CPU thread, SIMD';
    return { backend: 'wasm', isAvailable: true, version, device, reason: '', install: '' };
  } catch (error) {
    return unavailable('wasm', version, firstLine(error), install);
  }
}

/** The wasm backend, once it is in use. */
export function wasmBackend(): BackendWasm {
  return tf.backend() as BackendWasm;
}

/** Backends whose allocator has been watched already: a process may start the engine several times. */
const watched = new WeakSet<BackendWasm>();

/**
 * Lets an allocation that fails throw SW4011. The backend itself takes the null address that it then gets for memory, and
 * sizes beyond 32 bits wrap around: both would overwrite other tensors.
 */
function refuseFailedAllocations(backend: BackendWasm): void {
  if (watched.has(backend)) return;
  watched.add(backend);
  const module = backend.wasm as unknown as { _malloc(bytes: number): number };
  const allocate = module._malloc;
  module._malloc = (bytes) => {
    const address = bytes < ADDRESS_SPACE ? allocate(bytes) : 0;
    if (address !== 0 || bytes === 0) return address;
    const wanted = Math.ceil(bytes / MEBIBYTE).toLocaleString('en');
    throw failure('SW4011', { where: 'backend wasm', what: `no room for a tensor of ${wanted} MiB.` });
  };
}

/** Initialises tfjs's backend in plain JavaScript, which is always there. */
export async function probeCpu(): Promise<BackendProbe> {
  await tf.setBackend('cpu');
  const device = '1 CPU thread, plain JavaScript';
  return {
    backend: 'cpu',
    isAvailable: true,
    version: packageVersion('@tensorflow/tfjs'),
    device,
    reason: '',
    install: '',
  };
}
