import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { vgg } from '../../../runtime/models/vgg.js';
import { encodeAnn } from '../../../schemas/ann-file.js';
import { encodeSnn } from '../../../schemas/snn-file.js';
import { model, node } from '../../compiler/import/onnx-builder.js';
import { runHere } from './in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-values-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  const setup = { shape: [32, 32, 3] as const, classes: 10, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], seed: 1 };
  const { graph } = vgg('small', { features: [2, 'pool', 'pool', 4, 'pool'], hidden: [], dropout: 0 }, setup);
  writeFileSync(at('net.swa'), encodeAnn(graph));
  writeFileSync(at('net.sws'), encodeSnn(convert(graph, { timesteps: 2, leak: 1, reset: 'hard' })));
  for (const operator of ['MaxPool', 'Tanh', 'LeakyRelu']) {
    const nodes = [node(operator, ['image'], ['map']), node('Relu', ['map'], ['logits'])];
    writeFileSync(at(`${operator}.onnx`), model({ nodes, tensors: [] }));
  }
  mkdirSync(at('python/cifar-10-batches-py'), { recursive: true });
  writeFileSync(at('python/cifar-10-batches-py/batches.meta'), Uint8Array.of(0x80, 2, 0x2e));
});

const [ann, snn] = ['net.swa', 'net.sws'].map(at) as [string, string];

it.each([
  ['SW6002', '--epsilon', ['evaluate', snn, '--epsilon', '-1']],
  ['SW6002', '--epsilon', ['evaluate', snn, '--epsilon', '256']],
  ['SW6002', '--epsilon', ['attack', snn, '--out', at('x'), '--epsilon', 'much']],
  ['SW6002', '--epsilon', ['finetune', snn, '--out', at('x'), '--epsilon', '-0.5']],
  ['SW6002', '--epsilon', ['train', '--out', at('x.swa'), '--epsilon', '300']],
  ['SW6002', '--alpha', ['finetune', snn, '--out', at('x'), '--epsilon', '1', '--alpha', '2']],
  ['SW6002', '--percentile', ['convert', ann, '--out', at('x'), '--percentile', '0']],
  ['SW6002', '--percentile', ['convert', ann, '--out', at('x'), '--percentile', '100.1']],
  ['SW6002', '--percentile', ['convert', ann, '--out', at('x'), '--percentile', '-3']],
  ['SW6002', '--timesteps', ['convert', ann, '--out', at('x'), '--timesteps', '0']],
  ['SW6002', '--timesteps', ['train', '--spiking', '--out', at('x.sws'), '--timesteps', '0']],
  ['SW6002', '--timesteps', ['import', ann, '--out', at('x'), '--timesteps', '4']],
  ['SW6002', '--leak', ['convert', ann, '--out', at('x'), '--leak', '1.5']],
  ['SW6002', '--eot', ['evaluate', snn, '--eot', '0']],
  ['SW6002', '--corrupt', ['evaluate', ann, '--corrupt', 'fogg:2', '--clean']],
  ['SW6002', '--corrupt', ['evaluate', ann, '--corrupt', 'fog:9', '--clean']],
  ['SW6002', '--out', ['export', snn, '--out', at('x.onnx')]],
  ['SW6002', '--out', ['export', snn, '--out', at('x.h5')]],
  [
    'SW6002',
    '--statistics-batches',
    ['finetune', snn, '--out', at('x'), '--qat', 'loihi1', '--statistics-batches', '2'],
  ],
  ['SW6002', '--memory', ['finetune', snn, '--out', at('x'), '--memory', 'plenty']],
  ['SW6002', '--memory', ['train', '--out', at('x.swa'), '--memory', '4GiB', '--engine', 'eager']],
  ['SW6002', '--workers', ['finetune', snn, '--out', at('x'), '--workers', '2', '--engine', 'eager']],
  ['SW4023', '--memory', ['finetune', snn, '--out', at('x'), '--memory', '20kB']],
  ['SW2201', 'loihi9', ['finetune', snn, '--out', at('x'), '--qat', 'loihi9']],
  ['SW1032', 'MaxPool', ['import', at('MaxPool.onnx'), '--out', at('x')]],
  ['SW1032', 'Tanh', ['import', at('Tanh.onnx'), '--out', at('x')]],
  ['SW1032', 'LeakyRelu', ['import', at('LeakyRelu.onnx'), '--out', at('x')]],
  ['SW4002', 'pickles', ['evaluate', ann, '--data-dir', at('python'), '--clean']],
] as const)('%s names %s: %j', async (code, word, argv) => {
  const { code: exit, error } = await runHere([...argv, '--quiet']);
  expect(exit).toBe(2);
  expect(error).toContain(`error ${code}`);
  expect(error).toContain(word);
});
