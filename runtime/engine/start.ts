import * as tf from '@tensorflow/tfjs';
import { failure } from '../../schemas/diagnostic.js';
import type { BackendName, BackendProbe } from './backend/backend.js';
import { backendNames, firstLine, unavailable } from './backend/backend.js';
import { probeCpu, probeWasm, wasmBackend } from './backend/portable.js';
import { probeTensorflow } from './backend/tensorflow.js';
import { probeWebgpu, startWebgpu } from './backend/webgpu.js';
import { composedKernels } from './eager/composed/composed-kernels.js';
import { EagerEngine } from './eager/eager-engine.js';
import { heapKernels } from './eager/heap/heap-kernels.js';
import type { Engine } from './engine.js';

/** An engine that runs, and what was tried before it. */
export interface StartedEngine {
  readonly engine: Engine;
  /** The backend that runs, with its device. */
  readonly chosen: BackendProbe;
  /** Better backends that were passed over, best first, each with the reason. */
  readonly passedOver: readonly BackendProbe[];
}

/**
 * Starts the eager engine: `auto` takes the best backend that really initialises and no software GPU; a name takes that
 * backend alone. One process may start several engines. Throws SW4010 where the one named is not available.
 */
export async function startEngine({ backend }: { readonly backend: BackendName | 'auto' }): Promise<StartedEngine> {
  silenceBanners();
  const passedOver: BackendProbe[] = [];
  for (const name of backend === 'auto' ? backendNames : [backend]) {
    const probe = await initialise(name, backend !== 'auto');
    if (probe.isAvailable) return { engine: engineOn(name), chosen: probe, passedOver };
    passedOver.push(probe);
  }
  const { reason, install } = passedOver.at(-1)!;
  throw failure('SW4010', { where: `--backend ${backend}`, what: `${reason}.`, fix: install });
}

/** Tries every backend; leaves the one in use as it was. For `doctor`. */
export async function probeBackends(): Promise<readonly BackendProbe[]> {
  silenceBanners();
  const inUse = tf.engine().backendName;
  const probes: BackendProbe[] = [];
  for (const name of backendNames) probes.push(await initialise(name, true));
  if (inUse) await tf.setBackend(inUse);
  return probes;
}

/** Brings a backend up and in use, or says why that cannot be. */
async function initialise(name: BackendName, allowSoftware: boolean): Promise<BackendProbe> {
  switch (name) {
    case 'tensorflow-gpu':
    case 'tensorflow':
      return probeTensorflow(name);
    case 'webgpu': {
      const probe = await probeWebgpu(allowSoftware);
      if (!probe.isAvailable) return probe;
      try {
        await startWebgpu();
        return probe;
      } catch (error) {
        return unavailable(name, probe.version, firstLine(error), '');
      }
    }
    case 'wasm':
      return probeWasm();
    case 'cpu':
      return probeCpu();
  }
}

function engineOn(name: BackendName): Engine {
  if (name === 'wasm') return new EagerEngine(name, name, heapKernels(wasmBackend()));
  return new EagerEngine(name, name === 'tensorflow-gpu' ? 'tensorflow' : name, composedKernels);
}

/** tfjs advertises itself on the terminal unless told that it runs in production. */
function silenceBanners(): void {
  tf.env().set('PROD', true);
}
