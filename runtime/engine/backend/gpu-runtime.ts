import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { extract } from '../compiled/extract.js';
import { Graph } from '../compiled/graph.js';
import type { BackendProbe, CompiledBackend } from './backend.js';
import { firstLine, unavailable } from './backend.js';
import { packageVersion } from './package-version.js';
import { probeWebgpu } from './webgpu.js';

/** How long a driver may take to compute a sum. */
const PROBE_MILLISECONDS = 60_000;

const installs = {
  'onnxruntime-cuda':
    'On Linux x64 with CUDA 12 and cuDNN 9: take "onnxruntime-node-install=skip" out of .npmrc and run "npm rebuild onnxruntime-node", which fetches ONNX Runtime’s CUDA libraries.',
  'onnxruntime-webgpu':
    'Install a Vulkan driver and its loader (Debian: libvulkan1 and the GPU vendor’s driver; NVIDIA’s needs libegl1, too); not for Linux on arm64.',
} as const;

/** The providers of the compiled engine that compute on a GPU, best first. */
type GpuBackend = keyof typeof installs;

export const gpuBackends: readonly GpuBackend[] = ['onnxruntime-cuda', 'onnxruntime-webgpu'];

/** Has ONNX Runtime add 1 and 1 on the provider argv[1], with the model argv[2]; prints the sum, or what went wrong. */
const question = `
  import { InferenceSession, Tensor } from 'onnxruntime-node';
  const [, provider, model] = process.argv;
  try {
    const options = { executionProviders: [provider], logSeverityLevel: 4 };
    const session = await InferenceSession.create(Buffer.from(model, 'base64'), options);
    const results = await session.run({ one: new Tensor('float32', [1], []) });
    process.stdout.write(JSON.stringify({ sum: Object.values(results)[0].data[0] }));
  } catch (error) {
    process.stdout.write(JSON.stringify({ problem: String(error.message) }));
  }
  process.exit(0);
`;

/** Whether there is anything to ask a driver about: Linux shows GPUs as device files. */
export function mayHaveGpu(): boolean {
  return process.platform !== 'linux' || ['/dev/dri', '/dev/nvidia0', '/dev/dxg'].some((path) => existsSync(path));
}

/**
 * Tries a provider in a process of its own, since a faulty driver may end the process that loads it, and drivers write
 * to the terminal.
 */
export async function probeGpuRuntime(
  backend: GpuBackend,
  allowSoftware: boolean,
): Promise<BackendProbe<CompiledBackend>> {
  const version = packageVersion('onnxruntime-node');
  const missing = (reason: string): BackendProbe<CompiledBackend> =>
    unavailable(backend, version, reason, installs[backend]);
  if (version === null) return missing('the package onnxruntime-node is not installed');
  const provider = backend === 'onnxruntime-cuda' ? 'cuda' : 'webgpu';
  let answer: { sum?: number; problem?: string };
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', question, '--', provider, sumModel()],
      { cwd: fileURLToPath(new URL('.', import.meta.url)), timeout: PROBE_MILLISECONDS },
    );
    answer = JSON.parse(stdout);
  } catch (error) {
    return missing(`starting the ${provider} provider ended its process: ${firstLine(error)}`);
  }
  if (answer.problem !== undefined) return missing(withoutSource(firstLine(answer.problem)));
  if (answer.sum !== 2) return missing(`the ${provider} provider computes 1 + 1 = ${answer.sum}`);
  if (provider === 'cuda') return { backend, isAvailable: true, version, device: 'CUDA', reason: '', install: '' };
  // The runtime does not say what it computes on; the same library under another package does.
  const { isAvailable, device, reason } = await probeWebgpu(allowSoftware);
  return isAvailable || device === null
    ? { backend, isAvailable, version, device, reason, install: isAvailable ? '' : installs[backend] }
    : missing(reason);
}

/** A message of ONNX Runtime without the place in its sources and the condition that failed there, which it may begin with. */
function withoutSource(message: string): string {
  return message.replace(/^\S+\.(?:cc|h):\d+ .* was (?:true|false)\. /, '');
}

/** 1 + 1, base64. */
function sumModel(): string {
  const graph = new Graph();
  const one = graph.input('one', [], 'pass');
  return Buffer.from(extract(graph, [graph.add(one, one)], 'nothing').model).toString('base64');
}
