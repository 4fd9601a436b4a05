import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { withCorruption } from '../../../runtime/data/corrupt/chosen.js';
import { corruptions } from '../../../runtime/data/corrupted.js';
import { openDataset } from '../../../runtime/data/open.js';
import { namedNetwork } from '../../../runtime/models/architectures.js';
import { vgg } from '../../../runtime/models/vgg.js';
import { encodeAnn } from '../../../schemas/ann-file.js';
import type { SafeTensor } from '../../../schemas/safetensors.js';
import { readSafetensors, writeSafetensors } from '../../../schemas/safetensors.js';
import { encodeSnn } from '../../../schemas/snn-file.js';
import { expectCode } from '../../schemas/hostile.js';
import { npy } from '../data/npy-builder.js';
import { draws } from '../engine/small-networks.js';
import { runHere } from './in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-robustness-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const setup = { shape: [32, 32, 3] as const, classes: 10, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], seed: 1 };

beforeAll(() => {
  const { graph } = vgg('small', { features: [2, 'pool', 'pool', 4, 'pool'], hidden: [], dropout: 0 }, setup);
  writeFileSync(at('net.swa'), encodeAnn(graph));
  writeFileSync(at('net.sws'), encodeSnn(convert(graph, { timesteps: 2, leak: 1, reset: 'hard' })));
  for (const kind of corruptions) {
    writeFileSync(at(`${kind}.npy`), npy('|u1', [5, 32, 32, 3], new Uint8Array(5 * 3072).fill(100)));
  }
  writeFileSync(at('labels.npy'), npy('|u1', [5], new Uint8Array(5)));
});

/** Runs a command and gives its JSON; expects exit code 0. */
async function json(...argv: string[]): Promise<Record<string, unknown>> {
  const backend = argv[0] === 'import' ? [] : ['--backend', 'cpu'];
  const { code, error } = await runHere([...argv, ...backend, '--quiet', '--json', at('result.json')]);
  expect(error).toBe('');
  expect(code).toBe(0);
  return JSON.parse(readFileSync(at('result.json'), 'utf8'));
}

test('evaluate gives the ensemble by member, and its strongest single member is no stronger', async () => {
  const options = ['--samples', '4', '--attack', 'apgd-ce', '--steps', '2', '--ensemble'];
  const worst = await json('evaluate', at('net.sws'), ...options);
  const members = worst.members as { name: string; tried: number; fooled: number }[];
  expect(members[0]).toMatchObject({ name: 'PCW(1)', tried: 4 });
  const each = await json('evaluate', at('net.sws'), ...options, '--by-member');
  const rows = each.byMember as { name: string; robust: { correct: number } }[];
  expect(rows).toHaveLength(19);
  expect(each.robust).toEqual(worst.robust);
  expect((each.robust as { correct: number }).correct).toBeLessThanOrEqual(
    Math.min(...rows.map(({ robust }) => robust.correct)),
  );
});

test('evaluate gives the query curve, the five checks and the corruptions', async () => {
  const found = await json(
    ...['evaluate', at('net.sws'), '--samples', '2', '--attack', 'square', '--queries', '3', '--steps', '2'],
    ...['--checks', '--transfer-from', at('net.swa'), '--corruptions', folder],
  );
  expect(found.curve).toHaveLength(1);
  const checks = found.checks as { name: string; passed: boolean | null }[];
  expect(checks.map(({ name }) => name)).toEqual(['iterative', 'white-box', 'radius', 'unbounded', 'noise']);
  expect(checks.every(({ passed }) => passed !== null)).toBe(true);
  const { rows, mean } = found.corrupted as { rows: { severities: { correct: number }[] }[]; mean: number };
  expect(rows).toHaveLength(15);
  // All corrupted images are the same grey, labelled 0: all right or all wrong.
  expect([0, 1]).toContain(mean);
});

test('images are corrupted as asked, the same for evaluate and attack', async () => {
  const corrupted = ['--corrupt', 'fog:5', '--samples', '2', '--attack', 'fgsm'];
  const { clean } = await json('evaluate', at('net.swa'), ...corrupted);
  await json('attack', at('net.swa'), ...corrupted, '--out', at('fog.safetensors'));
  const { tensors } = readSafetensors(readFileSync(at('fog.safetensors')), 'fog');
  const data = openDataset('cifar10', 'test');
  expect(tensors.get('clean')!.data).toEqual(withCorruption(data, 'fog:5', 0).images([0, 1]));
  expect(clean).toMatchObject({ total: 2 });
  const generated = await json('evaluate', at('net.swa'), '--clean', '--corruptions', 'generated', '--samples', '1');
  expect((generated.corrupted as { rows: unknown[] }).rows).toHaveLength(15);
  for (const text of ['fogg:3', 'fog', 'fog:6', 'fog:1.5', ':']) {
    expect(expectCode('SW6002', () => withCorruption(data, text, 0))).toContain('--corrupt');
  }
});

test('attack writes what the transferred attack makes, and names the member of each image', async () => {
  const found = await json(
    ...['attack', at('net.sws'), '--out', at('images.safetensors'), '--samples', '3', '--attack', 'autoattack'],
    ...['--steps', '1', '--queries', '2', '--transfer-from', at('net.swa')],
  );
  expect(found.members).toEqual(['PCW(1)', 'PCW(1)', 'PCW(1)']);
  expect(found.queries).toHaveLength(3);
});

test('import reads the weights of a named architecture', async () => {
  const { graph, modules } = namedNetwork('demo', setup);
  const tensors = new Map<string, SafeTensor>();
  const put = (name: string, shape: readonly number[]): void => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    tensors.set(name, { dtype: 'F32', shape, data: draws(tensors.size, length, 0.1, 1) });
  };
  for (const layer of graph.layers) {
    const module = modules.get(layer.name);
    if (layer.kind === 'conv2d') put(`${module}.weight`, [layer.kernel.shape[3]!, layer.kernel.shape[2]!, 3, 3]);
    if (layer.kind === 'dense') put(`${module}.weight`, [10, layer.kernel.shape[0]!]);
    if (layer.kind !== 'batchNorm') continue;
    for (const part of ['weight', 'bias', 'running_mean', 'running_var'])
      put(`${module}.${part}`, [layer.gamma.length]);
  }
  writeFileSync(at('demo.safetensors'), writeSafetensors({ tensors, metadata: {} }));
  const found = await json('import', at('demo.safetensors'), '--arch', 'demo', '--out', at('demo.swa'));
  expect(found.name).toBe('demo');
  const { clean } = await json('evaluate', at('demo.swa'), '--clean', '--samples', '2');
  expect((clean as { total: number }).total).toBe(2);
});
