import * as tf from '@tensorflow/tfjs';
import { failure } from '../../schemas/diagnostic.js';
import type { BackendName, BackendProbe, CompiledBackend } from './backend/backend.js';
import { backendNames, firstLine, unavailable } from './backend/backend.js';
import { gpuBackends, mayHaveGpu, probeGpuRuntime } from './backend/gpu-runtime.js';
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
  /** Of the compiled engine: `auto` takes a GPU that is no software one where its provider starts. The CPU unless said. */
  readonly device?: 'auto' | 'gpu' | 'cpu';
}

type AnyProbe = BackendProbe | BackendProbe<CompiledBackend>;

/** An engine that runs, and what was tried before it. */
export interface StartedEngine<Probe extends AnyProbe = AnyProbe> {
  readonly engine: Engine;
  /** The backend that runs, with its device. */
  readonly chosen: Probe;
  /** Better backends that were passed over, best first, each with the reason. */
  readonly passedOver: readonly AnyProbe[];
}

/**
 * Starts an engine. One process may start several. Throws SW4010 where what was named, engine, backend or device, is not
 * available.
 */
export async function startEngine({ engine, backend, threads, device = 'cpu' }: EngineChoice): Promise<StartedEngine> {
  const wantsEager = engine === 'eager' || backend !== 'auto';
  if (engine === 'compiled' && backend !== 'auto') {
    throw failure('SW4010', {
      where: `--engine compiled --backend ${backend}`,
      what: `${backend} is a backend of the eager engine.`,
      fix: 'Leave out --backend, or choose --engine eager.',
    });
  }
  if (wantsEager && device === 'gpu') {
    throw failure('SW4010', {
      where: `--device gpu --backend ${backend}`,
      what: '--device is of the compiled engine; the eager engine’s backends have their devices.',
      fix: 'Leave out --device, and name a backend such as webgpu; or choose --engine compiled.',
    });
  }
  if (wantsEager) return startEager({ backend });
  const passedOver: AnyProbe[] = [];
  for await (const probe of compiledProbes(threads, device)) {
    if (!probe.isAvailable) {
      passedOver.push(probe);
      continue;
    }
    // Tensor cores would round what is multiplied to 10 bits: the twin's integers need all of float32.
    if (probe.backend === 'onnxruntime-cuda') process.env.NVIDIA_TF32_OVERRIDE = '0';
    const { CompiledEngine } = await import('./compiled/compiled-engine.js');
    return { engine: new CompiledEngine(threads, probe.backend), chosen: probe, passedOver };
  }
  const { reason, install } = passedOver.at(-1)!;
  if (device === 'gpu') throw failure('SW4010', { where: '--device gpu', what: `${reason}.`, fix: install });
  if (engine === 'compiled') throw failure('SW4010', { where: '--engine compiled', what: `${reason}.`, fix: install });
  const started = await startEager({ backend });
  return { ...started, passedOver: [...passedOver, ...started.passedOver] };
}

/** What the compiled engine might run on, best first, each tried when it is asked for. */
async function* compiledProbes(
  threads: number,
  device: 'auto' | 'gpu' | 'cpu',
): AsyncIterable<BackendProbe<CompiledBackend>> {
  if (device === 'gpu' || (device === 'auto' && mayHaveGpu())) {
    for (const backend of gpuBackends) yield await probeGpuRuntime(backend, device === 'gpu');
  }
  if (device !== 'gpu') yield await probeCompiled(threads);
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

/** Tries the compiled engine on the CPU with that many threads. */
export async function probeCompiled(threads: number): Promise<BackendProbe<CompiledBackend>> {
  const backend = 'onnxruntime-cpu';
  const version = packageVersion('onnxruntime-node');
  const install = 'npm install onnxruntime-node@1.30.0 --onnxruntime-node-install=skip; on Linux it needs glibc 2.28.';
  try {
    // Not imported before it is asked for: the native library may be missing.
    const { tryRuntime } = await import('./compiled/probe.js');
    await tryRuntime(threads);
  } catch (error) {
    return unavailable(backend, version, firstLine(error), install);
  }
  const device = threads === 1 ? '1 CPU thread' : `${threads} CPU threads`;
  return { backend, isAvailable: true, version, device, reason: '', install: '' };
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
