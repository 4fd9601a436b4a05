import * as tf from '@tensorflow/tfjs';
import type { BackendProbe } from './backend.js';
import { firstLine, unavailable } from './backend.js';
import { packageVersion } from './package-version.js';

/** The native TensorFlow library's packages, by the backend they give. */
const packages = { 'tensorflow-gpu': '@tensorflow/tfjs-node-gpu', tensorflow: '@tensorflow/tfjs-node' } as const;

/** The part of tfjs-node's backend that says what it runs on. */
interface NativeBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
}

/**
 * Loads the native TensorFlow library through tfjs-node(-gpu) and registers it with tfjs as `tensorflow`. The GPU build
 * without a GPU computes on the CPU: it then serves as `tensorflow`, not as `tensorflow-gpu`.
 */
export async function probeTensorflow(backend: keyof typeof packages): Promise<BackendProbe> {
  const candidates = backend === 'tensorflow' ? [packages.tensorflow, packages['tensorflow-gpu']] : [packages[backend]];
  const name = candidates.find((candidate) => packageVersion(candidate) !== null);
  const install =
    `npm install ${packages[backend]}@4.22.0; its install script fetches libtensorflow 2.9.1 from storage.googleapis.com: ` +
    'behind a firewall set TFJS_NODE_BASE_URI to a mirror, or name the archive in a custom-binary.json in the package folder, ' +
    'then npm rebuild --build-addon-from-source.';
  if (name === undefined) return unavailable(backend, null, `${candidates[0]} is not installed`, install);
  const version = packageVersion(name);
  try {
    // TensorFlow's own log would go to the terminal.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    await import(name);
    if (!(await tf.setBackend('tensorflow'))) throw new Error('its backend did not initialise');
  } catch (error) {
    const isBare = firstLine(error).includes('native addon module');
    const reason = isBare ? 'the package is there without its native library' : firstLine(error);
    return unavailable(backend, version, reason, install);
  }
  const onGpu = (tf.backend() as NativeBackend).isUsingGpuDevice;
  if (backend === 'tensorflow-gpu' && !onGpu) {
    const driver = 'Install an NVIDIA driver with CUDA 11.2 and cuDNN 8.1, which libtensorflow 2.9.1 loads.';
    return unavailable(backend, version, 'TensorFlow found no usable GPU', driver);
  }
  return { backend, isAvailable: true, version, device: onGpu ? 'NVIDIA GPU' : 'CPU', reason: '', install: '' };
}
