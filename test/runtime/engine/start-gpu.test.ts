// By themselves: in a thread where ONNX Runtime's WebGPU has run, Dawn's, which the eager engine uses, ends the process.
import { describe, expect, it } from 'vitest';
import { gpuBackends, mayHaveGpu, probeGpuRuntime } from '../../../runtime/engine/backend/gpu-runtime.js';
import { startEngine } from '../../../runtime/engine/start.js';
import type { SpikewrightError } from '../../../schemas/diagnostic.js';
import { elementCount } from '../../../schemas/tensor.js';
import { relativeDistance } from './closeness.js';
import { draws, everySnnKind } from './small-networks.js';

const choice = { engine: 'auto', backend: 'auto', threads: 2 } as const;

describe('choosing a device', () => {
  it('computes on a GPU’s provider what it computes on the CPU, exactly where one was found; else says what to install', async () => {
    const probes = [];
    for (const backend of gpuBackends) probes.push(await probeGpuRuntime(backend, true));
    const found = probes.find(({ isAvailable }) => isAvailable);
    const started = startEngine({ ...choice, device: 'gpu' });
    if (found === undefined) {
      const error: unknown = await started.catch((thrown) => thrown);
      const { install, reason } = probes.at(-1)!;
      const expected = { code: 'SW4010', where: '--device gpu', what: `${reason}.`, fix: install };
      expect((error as SpikewrightError).diagnostics[0]).toMatchObject(expected);
      return;
    }
    expect((await started).engine.backend).toBe(found.backend);
    const graph = everySnnKind(2, { leak: 0.9, reset: 'hard', threshold: 0.4 });
    const images = draws(31, 2 * elementCount([9, 8, 2]), 0, 1);
    const [onGpu, onCpu] = await Promise.all(
      [(await started).engine, (await startEngine(choice)).engine].map(async (engine) => {
        const pass = await engine.load(graph).forward(images, { mode: 'train' });
        return { logits: pass.logits, ...(await pass.backward(draws(32, 6), { parameters: false, input: true })) };
      }),
    );
    expect(relativeDistance(onGpu!.logits, onCpu!.logits)).toBeLessThan(1e-4);
    expect(relativeDistance(onGpu!.input!, onCpu!.input!)).toBeLessThan(1e-3);
  });

  it('takes the CPU where no GPU was found, and says why each provider was passed over', async () => {
    const { engine, passedOver } = await startEngine({ ...choice, device: 'auto' });
    expect(engine.name).toBe('compiled');
    if (engine.backend !== 'onnxruntime-cpu') return;
    expect(passedOver.map(({ backend }) => backend)).toEqual(mayHaveGpu() ? gpuBackends : []);
    for (const { backend, reason } of passedOver) expect(reason, backend).toMatch(/^(?!.*\.cc:\d)./);
  });
});
