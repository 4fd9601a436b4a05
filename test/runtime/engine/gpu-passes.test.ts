import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../runtime/engine/compiled/compiled-engine.js';
import type { Device } from '../../../runtime/engine/compiled/emission.js';
import { extract } from '../../../runtime/engine/compiled/extract.js';
import { Graph } from '../../../runtime/engine/compiled/graph.js';
import { passInputs } from '../../../runtime/engine/compiled/network-graph.js';
import { networkSource } from '../../../runtime/engine/compiled/network-source.js';
import { packingOf } from '../../../runtime/engine/compiled/packing.js';
import { parametersOf } from '../../../runtime/engine/compiled/parameters.js';
import type { PassKind } from '../../../runtime/engine/compiled/pass-programs.js';
import { gradientPart, PassPrograms } from '../../../runtime/engine/compiled/pass-programs.js';
import type { Tensors } from '../../../runtime/engine/compiled/program.js';
import { float32Tensor, Program } from '../../../runtime/engine/compiled/program.js';
import { surrogateNumbers } from '../../../runtime/engine/compiled/surrogate-numbers.js';
import { targetInputs } from '../../../runtime/engine/compiled/target-loss.js';
import type { Surrogate } from '../../../runtime/engine/surrogate.js';
import { ensemble } from '../../../runtime/engine/surrogate.js';
import { oneHot } from '../../../runtime/engine/target-loss.js';
import type { SnnGraph } from '../../../schemas/snn.js';
import { relativeDistance } from './closeness.js';
import { draws, everySnnKind } from './small-networks.js';

const BATCH = 3;
const CLASSES = 3;
const images = draws(11, BATCH * 9 * 8 * 2, 0, 1);

function givenOf(snn: SnnGraph, surrogate: Surrogate): Tensors {
  const loss = { targets: oneHot(Uint8Array.of(0, 1, 2), CLASSES), weight: 1 };
  const parameters = [...parametersOf(snn)].map(
    ([name, { data, shape }]) => [name, float32Tensor(data.slice(), shape)] as const,
  );
  return new Map([
    ...parameters,
    [passInputs.image, float32Tensor(images, [BATCH, 9, 8, 2])] as const,
    ...surrogateNumbers(surrogate),
    ...targetInputs(loss, BATCH, CLASSES),
  ]);
}

/** Loss gradients of a pass as it is written for that device, computed on the CPU. */
async function gradients(snn: SnnGraph, device: Device, mode: PassKind['mode'], member: number) {
  const { surrogate } = ensemble[member]!;
  const programs = new PassPrograms(networkSource(snn, device), new CompiledEngine(1));
  const isActivation = surrogate.form === 'activation';
  const kind: PassKind = { mode, batch: BATCH, shards: 1, isActivation, dropsOut: false };
  const found = await programs.lossGradient(kind, surrogate.form, givenOf(snn, surrogate), {
    parameters: true,
    input: true,
  });
  programs.dispose();
  return found;
}

/** What ONNX Runtime 1.30's WebGPU provider computes on the GPU of the operations that passes are made of. */
const onGpu = new Set(
  (
    'Abs Add AveragePool Cast Concat Conv ConvTranspose CumSum Div Exp Gemm Greater GreaterOrEqual Identity Less ' +
    'MatMul Max Mul Neg Pad Reciprocal ReduceMean ReduceSum Relu Reshape Slice Softmax Split Sqrt Sub Transpose Where'
  ).split(' '),
);

describe('passes written for a GPU', () => {
  it('compute what those for the CPU do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          timesteps: fc.integer({ min: 1, max: 4 }),
          leak: fc.constantFrom(1, 0.9),
          reset: fc.constantFrom('hard' as const, 'soft' as const),
          mode: fc.constantFrom('train' as const, 'eval' as const),
          member: fc.nat(ensemble.length - 1),
        }),
        async ({ timesteps, leak, reset, mode, member }) => {
          const snn = everySnnKind(timesteps, { leak, reset, threshold: 0.3 });
          const [cpu, gpu] = [await gradients(snn, 'cpu', mode, member), await gradients(snn, 'gpu', mode, member)];
          expect(relativeDistance(gpu.logits, cpu.logits)).toBeLessThan(1e-5);
          expect(relativeDistance(gpu.input!, cpu.input!)).toBeLessThan(1e-4);
          expect([...gpu.updates.keys()]).toEqual([...cpu.updates.keys()]);
          for (const [name, { data }] of gpu.updates) {
            expect(relativeDistance(data as Float32Array, cpu.updates.get(name)!.data as Float32Array)).toBeLessThan(
              1e-5,
            );
          }
          for (const [name, gradient] of gpu.parameters) {
            // Where its parts cancel what is left is their rounding.
            const size = Math.hypot(...cpu.parameters.get(name)!);
            if (size > 1e-3) expect(relativeDistance(gradient, cpu.parameters.get(name)!), name).toBeLessThan(1e-3);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('compute the same to the last bit where small values cross in one tensor, and large ones by themselves', async () => {
    const snn = everySnnKind(2, { leak: 1, reset: 'soft', threshold: 0.3 });
    const kind: PassKind = { mode: 'train', batch: BATCH, shards: 1, isActivation: false, dropsOut: false };
    const written = networkSource(snn, 'gpu').write(kind, 'triangular', 2);
    const given = givenOf(snn, ensemble[0]!.surrogate);
    const [packed, apart] = [
      gradientPart(written, { parameters: true, input: true }, ({ name }) => name !== passInputs.image),
      gradientPart(written, { parameters: true, input: true }),
    ];
    expect(packed.packedInputs!.members.length).toBe(packed.inputs.length - 1);
    expect(packed.packedOutputs!.members.length).toBe(packed.outputs.length);
    const results = [];
    for (const part of [packed, apart]) {
      const program = await Program.compile(part, 1);
      results.push(await program.run((name) => given.get(name)));
      await program.release();
    }
    for (const [name, { data, dims }] of results[1]!) {
      expect(results[0]!.get(name)!.dims).toEqual(dims);
      expect(results[0]!.get(name)!.data).toEqual(data);
    }

    const graph = new Graph();
    const values = [2 ** 16, 2 ** 16 + 1, 1].map((size) => graph.input(`${size}`, [size], 'pass'));
    expect(packingOf('both', values)!.members.map(({ value, start }) => [value.name, start])).toEqual([
      ['65536', 0],
      ['1', 65536],
    ]);
  });

  it('have no operation that the provider would leave to the CPU, with copies there and back', () => {
    const source = networkSource(everySnnKind(3, { leak: 0.9, reset: 'hard', threshold: 0.3 }), 'gpu');
    for (const { surrogate } of ensemble) {
      const isActivation = surrogate.form === 'activation';
      const kind: PassKind = { mode: 'train', batch: BATCH, shards: 1, isActivation, dropsOut: true };
      const written = source.write(kind, surrogate.form, isActivation ? 1 : 3);
      const parts = [
        gradientPart(written, { parameters: true, input: true }),
        extract(written.graph, [written.logits, ...written.spikes.values()], 'nothing'),
      ];
      for (const { opType, domain } of parts.flatMap(({ nodes }) => nodes)) {
        expect(onGpu, opType).toContain(opType);
        expect(domain).toBe('');
      }
    }
  });
});
