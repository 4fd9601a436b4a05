/** The tensor backends of the eager engine, best first: `auto` takes the first that initialises. */
export const backendNames = ['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;

export type BackendName = (typeof backendNames)[number];

/** What the compiled engine runs on: providers of ONNX Runtime. */
export type CompiledBackend = 'onnxruntime-cuda' | 'onnxruntime-webgpu' | 'onnxruntime-cpu';

/** What came of trying one backend. */
export interface BackendProbe<Name extends string = BackendName> {
  readonly backend: Name;
  readonly isAvailable: boolean;
  /** Of the npm package behind it; null where that is not installed. */
  readonly version: string | null;
  /** What it computes on, e.g. "1 CPU thread, SIMD"; null where it is not available. */
  readonly device: string | null;
  /** Why it is not available or not taken; empty where nothing stands against it. */
  readonly reason: string;
  /** What to install or set to get it; empty where nothing is missing. */
  readonly install: string;
}

/** A backend that is not available. */
export function unavailable<Name extends string>(
  backend: Name,
  version: string | null,
  reason: string,
  install: string,
): BackendProbe<Name> {
  return { backend, isAvailable: false, version, device: null, reason, install };
}

/** The first line of what was thrown. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();
}
