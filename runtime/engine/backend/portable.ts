import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { BackendProbe } from './backend.js';
import { firstLine, unavailable } from './backend.js';
import { packageVersion } from './package-version.js';

/** Initialises tfjs's WebAssembly backend: one thread with SIMD. */
export async function probeWasm(): Promise<BackendProbe> {
  const version = packageVersion('@tensorflow/tfjs-backend-wasm');
  const install = 'npm install @tensorflow/tfjs-backend-wasm@4.22.0';
  try {
    await import('@tensorflow/tfjs-backend-wasm');
    if (!(await tf.setBackend('wasm'))) throw new Error('its backend did not initialise');
    const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
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
