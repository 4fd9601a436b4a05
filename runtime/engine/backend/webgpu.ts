import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import type { BackendProbe } from './backend.js';
import { firstLine, unavailable } from './backend.js';
import { packageVersion } from './package-version.js';

/** Dawn's view of a device. */
interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
}

/** Software drivers compute rightly, but slower than the wasm backend. */
const softwareDrivers = /swiftshader|llvmpipe|lavapipe|software|\bcpu\b/i;

/** How long a driver may take to name its adapter. */
const PROBE_MILLISECONDS = 20_000;

/** Asks Dawn for an adapter and prints what it is. */
const question = `
  import { create } from 'webgpu';
  const adapter = await create([]).requestAdapter({ powerPreference: 'high-performance' });
  const { vendor, architecture, description } = adapter?.info ?? {};
  process.stdout.write(JSON.stringify(adapter ? { vendor, architecture, description } : null));
  process.exit(0);
`;

const install =
  'Install a Vulkan driver and its loader (Debian: libvulkan1 and the GPU vendor’s driver; NVIDIA’s needs libegl1, too), glibc 2.34 or newer.';

/**
 * Asks for a WebGPU adapter in a process of its own, since a faulty driver may end the process that loads it, and
 * drivers write to the terminal.
 */
export async function probeWebgpu(allowSoftware: boolean): Promise<BackendProbe> {
  const version = packageVersion('webgpu');
  if (version === null) return unavailable('webgpu', null, 'the package webgpu is not installed', 'npm install webgpu');
  let info: AdapterInfo | null;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', question], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      timeout: PROBE_MILLISECONDS,
    });
    info = JSON.parse(stdout) as AdapterInfo | null;
  } catch (error) {
    return unavailable('webgpu', version, `asking for an adapter failed: ${firstLine(error)}`, install);
  }
  if (info === null)
    return unavailable('webgpu', version, 'no GPU adapter (no Vulkan, Metal or Direct3D 12 driver)', install);
  const device = [info.description, info.vendor, info.architecture].filter((part) => part !== '').join(', ');
  if (!allowSoftware && softwareDrivers.test(device)) {
    return unavailable('webgpu', version, `${device} is a software adapter, slower than wasm`, install);
  }
  return { backend: 'webgpu', isAvailable: true, version, device, reason: '', install: '' };
}

/** Initialises tfjs's WebGPU backend on Dawn. Throws where the adapter that was probed does not come up. */
export async function startWebgpu(): Promise<void> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // Node has a navigator of its own from version 21 on.
  const navigator = (Reflect.get(globalThis, 'navigator') ?? {}) as object;
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error('the WebGPU backend did not initialise');
}
