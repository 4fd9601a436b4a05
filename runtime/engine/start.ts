import * as tf from '@tensorflow/tfjs';
import { failure } from '../../schemas/diagnostic.js';
import type { BackendName, BackendProbe } from './backend/backend.js';
import { backendNames, compiledBackend, firstLine, unavailable } from './backend/backend.js';
import { packageVersion } from './backend/package-version.js';
import { probeCpu, probeWasm, wasmBackend } from './backend/portable.js';
import { probeTensorflow } from './backend/tensorflow.js';
import { probeWebgpu, startWebgpu } from './backend/webgpu.js';
import { composedKernels } from './eager/composed/composed-kernels.js';
import { EagerEngine } from './eager/eager-engine.js';
import { heapKernels } from './eager/heap/heap-kernels.js';
import type { Engine } from './engine.js';

/** Which engine is wanted. */
export interface EngineChoice {
  /** `auto` prefers compiled, unless a backend of the eager engine is named. */
  readonly engine: 'auto' | 'compiled' | 'eager';
  /** Of the eager engine. */
  readonly backend: BackendName | 'auto';
  /** Of the compiled engine, ≥ 1. */
  readonly threads: number;
}

type AnyProbe = BackendProbe | BackendProbe<typeof compiledBackend>;

/** An engine that runs, and what was tried before it. */
export interface StartedEngine<Probe extends AnyProbe = AnyProbe> {
  readonly engine: Engine;
  /** The backend that runs, with its device. */
  readonly chosen: Probe;
  /** Better backends that were passed over, best first, each with the reason. */
  readonly passedOver: readonly AnyProbe[];
}

/** Starts an engine. One process may start several. Throws SW4010 where the one named is not available. */
export async function startEngine({ engine, backend, threads }: EngineChoice): Promise<StartedEngine> {
  if (engine === 'compiled' && backend !== 'auto') {
    throw failure('SW4010', {
      where: `--engine compiled --backend ${backend}`,
      what: `${backend} is a backend of the eager engine.`,
      fix: 'Leave out --backend, or choose --engine eager.',
    });
  }
  if (engine === 'eager' || backend !== 'auto') return startEager({ backend });
  const probe = await probeCompiled(threads);
  if (probe.isAvailable) {
    const { CompiledEngine } = await import('./compiled/compiled-engine.js');
    return { engine: new CompiledEngine(threads), chosen: probe, passedOver: [] };
  }
  if (engine === 'compiled') {
    throw failure('SW4010', { where: '--engine compiled', what: `${probe.reason}.`, fix: probe.install });
  }
  const started = await startEager({ backend });
  return { ...started, passedOver: [probe, ...started.passedOver] };
}

/**
 * Starts the eager engine: `auto` takes the best backend that really initialises and no software GPU; a name takes that
 * backend alone. The twin runs on the backend of the eager engine that was started last. Throws SW4010 where the one
 * named is not available.
 */
export async function startEager({
  backend,
}: {
  readonly backend: BackendName | 'auto';
}): Promise<StartedEngine<BackendProbe>> {
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

/** Tries the compiled engine with that many threads. */
export async function probeCompiled(threads: number): Promise<BackendProbe<typeof compiledBackend>> {
  const version = packageVersion('onnxruntime-node');
  const install = 'npm install onnxruntime-node@1.30.0 --onnxruntime-node-install=skip; on Linux it needs glibc 2.28.';
  try {
    // Not imported before it is asked for: the native library may be missing.
    const { tryRuntime } = await import('./compiled/probe.js');
    await tryRuntime(threads);
  } catch (error) {
    return unavailable(compiledBackend, version, firstLine(error), install);
  }
  const device = threads === 1 ? '1 CPU thread' : `${threads} CPU threads`;
  return { backend: compiledBackend, isAvailable: true, version, device, reason: '', install: '' };
}

/** Tries every backend of the eager engine; leaves the one in use as it was. For `doctor`. */
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
