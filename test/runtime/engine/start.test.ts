import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backendNames } from '../../../runtime/engine/backend/backend.js';
import type { Model } from '../../../runtime/engine/engine.js';
import { probeBackends, probeCompiled, startEager, startEngine } from '../../../runtime/engine/start.js';
import { SpikewrightError } from '../../../schemas/diagnostic.js';
import { elementCount } from '../../../schemas/tensor.js';
import { relativeDistance } from './closeness.js';
import { draws, everySnnKind } from './small-networks.js';

describe('starting', () => {
  const terminal = ['log', 'info', 'warn', 'error'] as const;

  beforeEach(() => {
    for (const method of terminal) vi.spyOn(console, method);
  });

  afterEach(() => {
    for (const method of terminal) expect(console[method], `console.${method}`).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it('probes every backend once, best first, and says what each runs on or lacks', async () => {
    const probes = await probeBackends();
    expect(probes.map(({ backend }) => backend)).toEqual(backendNames);
    for (const { backend, isAvailable, device, reason } of probes) {
      if (isAvailable) expect(device, backend).not.toBeNull();
      else expect(reason, backend).not.toBe('');
    }
    expect(probes.find(({ backend }) => backend === 'cpu')!.isAvailable).toBe(true);
    expect(probes.find(({ backend }) => backend === 'wasm')!.device).toBe('1 CPU thread, SIMD');
  });

  it('takes the best backend that initialises, and names a reason for each that it passed over', async () => {
    const { engine, chosen, passedOver } = await startEager({ backend: 'auto' });
    expect(engine.backend).toBe(chosen.backend);
    expect(passedOver.map(({ backend }) => backend)).toEqual(
      backendNames.slice(0, backendNames.indexOf(chosen.backend)),
    );
    for (const { backend, reason } of passedOver) expect(reason, backend).toMatch(/^(?!.*\.cc:\d)./);
  });

  it('starts a backend by name exactly where the probe found it, and otherwise says what to install', async () => {
    for (const { backend, isAvailable, install } of await probeBackends()) {
      const started = startEager({ backend });
      if (isAvailable) {
        expect((await started).engine.backend).toBe(backend);
        continue;
      }
      const error: unknown = await started.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SpikewrightError);
      expect((error as SpikewrightError).diagnostics[0]).toMatchObject({ code: 'SW4010', fix: install });
    }
  });
});

describe('choosing an engine', () => {
  const choice = { engine: 'auto', backend: 'auto', threads: 2 } as const;

  afterEach(() => {
    vi.doUnmock('../../../runtime/engine/compiled/probe.js');
  });

  it('prefers the compiled one, unless a backend of the eager one is named', async () => {
    const compiled = await startEngine(choice);
    expect([compiled.engine.name, compiled.engine.backend]).toEqual(['compiled', 'onnxruntime-cpu']);
    expect(compiled.chosen).toMatchObject({ isAvailable: true, device: '2 CPU threads' });
    expect(compiled.passedOver).toEqual([]);
    expect((await startEngine({ ...choice, backend: 'wasm' })).engine).toMatchObject({
      name: 'eager',
      backend: 'wasm',
    });
    expect((await startEngine({ ...choice, engine: 'eager' })).engine.name).toBe('eager');
  });

  it('refuses a backend that the engine named has not', async () => {
    const error: unknown = await startEngine({ ...choice, engine: 'compiled', backend: 'wasm' }).catch(
      (thrown) => thrown,
    );
    expect((error as SpikewrightError).diagnostics[0]).toMatchObject({
      code: 'SW4010',
      where: '--engine compiled --backend wasm',
    });
  });

  it('refuses a device of the other engine', async () => {
    await expect(startEngine({ ...choice, engine: 'eager', device: 'gpu' })).rejects.toThrow(/SW4010 --device gpu/);
  });

  it('falls back to the eager one where the runtime does not load, and says why; by name it is refused', async () => {
    vi.doMock('../../../runtime/engine/compiled/probe.js', () => ({
      tryRuntime: () => Promise.reject(new Error('libonnxruntime.so.1: cannot open shared object file\nand more')),
    }));
    const reason = 'libonnxruntime.so.1: cannot open shared object file';
    expect(await probeCompiled(1)).toMatchObject({ isAvailable: false, device: null, reason });
    const { engine, passedOver } = await startEngine(choice);
    expect(engine.name).toBe('eager');
    expect(passedOver[0]).toMatchObject({ backend: 'onnxruntime-cpu', reason });
    const error: unknown = await startEngine({ ...choice, engine: 'compiled' }).catch((thrown) => thrown);
    expect((error as SpikewrightError).diagnostics[0]).toMatchObject({ code: 'SW4010', what: `${reason}.` });
  });
});

describe.each(backendNames)('the backend %s', (backend) => {
  it('computes what plain JavaScript computes', async (context) => {
    const probe = (await probeBackends()).find((each) => each.backend === backend)!;
    if (!probe.isAvailable) context.skip(`${backend}: ${probe.reason}`);
    const graph = everySnnKind(3, { leak: 0.9, reset: 'soft', threshold: 0.4 });
    const images = draws(31, 2 * elementCount([9, 8, 2]), 0, 1);
    const run = async (model: Model) => {
      const pass = await model.forward(images, { mode: 'train', dropoutSeed: 4 });
      const gradients = await pass.backward(draws(32, 2 * 3), { parameters: true, input: true });
      pass.dispose();
      return { logits: pass.logits, ...gradients };
    };
    const found = await run((await startEager({ backend })).engine.load(graph));
    const expected = await run((await startEager({ backend: 'cpu' })).engine.load(graph));
    expect(relativeDistance(found.logits, expected.logits)).toBeLessThan(1e-5);
    expect(relativeDistance(found.input!, expected.input!)).toBeLessThan(1e-4);
    const kernel = 'classifier.kernel';
    expect(relativeDistance(found.parameters.get(kernel)!, expected.parameters.get(kernel)!)).toBeLessThan(1e-4);
  });
});
