import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModel } from '../../runtime/model-file.js';
import { checkJson, readJson } from '../../schemas/json-file.js';
import { decodeProgram, encodeProgram } from '../../schemas/program-file.js';
import type { Report } from '../../schemas/report.js';
import type { Statistics } from '../../schemas/stats.js';
import { mutations } from '../property/mutate.js';
import { type Ended, type Running, spikewright, start } from './command-line.js';
import { tinyOnnx, tinyRun } from './tiny-network.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-e2e-'));
const model = join(folder, 'tiny.onnx');
const at = (name: string): string => join(folder, name);

/** Writes the configuration of a run into the folder `name` and gives its path. */
function configOf(name: string): string {
  const path = at(`${name}.json`);
  writeFileSync(path, JSON.stringify(tinyRun(model, at(name))));
  return path;
}

function reportOf(name: string): Report {
  const path = join(at(name), 'report.json');
  return readJson<Report>('report', readFileSync(path, 'utf8'), path);
}

/** What a run came to, without what depends on the clock. */
function substance(name: string) {
  const { provenance, ...rest } = reportOf(name);
  return { ...rest, stages: provenance.stages.map(({ file, sha256 }) => ({ file, sha256 })) };
}

/** Waits until a run has written a checkpoint of its finetuning since `time`. */
async function checkpointed({ process }: Running, name: string, time: number): Promise<void> {
  const isNew = (file: string): boolean => statSync(join(at(name), file)).mtimeMs > time;
  const exists = (): boolean =>
    existsSync(at(name)) && readdirSync(at(name)).some((file) => /^finetune.*checkpoint$/.test(file) && isNew(file));
  while (!exists() && process.exitCode === null) await setTimeout(5);
}

function expectOk(ended: Ended): void {
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
}

let first: Ended;

beforeAll(async () => {
  writeFileSync(model, tinyOnnx());
  first = await spikewright('run', '--config', configOf('whole'), '--workers', '1', '--json', at('whole.result.json'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a whole run', () => {
  test('goes from an ONNX file to a verified program and a report', () => {
    expectOk(first);
    expect(first.stdout).toContain('✓ chip = twin');
    expect(first.stdout).toContain(join(at('whole'), 'report.html'));
    const report = reportOf('whole');
    expect(report.levels.chip).toEqual(report.levels.twin);
    expect(report.spikeMismatches + report.readoutMismatches).toBe(0);
    expect(report.chip.spikesPerSample).toBeGreaterThan(0);
    expect(report.latencies).toHaveLength(4);
    expect(report.finetuning).toHaveLength(8);
    expect(report.examples).toHaveLength(6);
  });

  test('writes the same figures as JSON', () => {
    const whole = JSON.parse(readFileSync(at('whole.result.json'), 'utf8'));
    const { seconds, identity, outcomes, agreement, ...result } = whole;
    expect(() => checkJson('result', whole, 'whole.result.json')).not.toThrow();
    expect(agreement.map(({ levels }: { levels: string[] }) => levels.join())).toContain('snn,chip');
    expect(seconds).toBeGreaterThan(0);
    expect(result).toEqual(reportOf('whole'));
    // What a baseline is held against: on what it was measured, and which samples each level had right.
    expect(identity).toMatchObject({ dataset: 'mnist', samples: 6, seed: 3, target: 'loihi1' });
    for (const [level, { clean, robust }] of Object.entries<Record<'clean' | 'robust', string>>(outcomes)) {
      const { clean: right, robust: kept } = result.levels[level];
      expect([clean, robust].map((digits) => digits.replaceAll('0', '').length)).toEqual([right.correct, kept.correct]);
    }
  });

  test('reports the figures that a simulation of the program alone counts', async () => {
    const stage = readdirSync(at('whole')).find((name) => name.startsWith('compile-'))!;
    const program = join(at('whole'), stage, 'program.swp');
    const args = ['--dataset', 'mnist', '--samples', '4', '--timing', 'cycle', '--json', at('stats.json')];
    expectOk(await spikewright('simulate', program, ...args));
    const stats = readJson<Statistics>('stats', readFileSync(at('stats.json'), 'utf8'), 'stats.json');
    const { chip, layers, latencies } = reportOf('whole');
    expect([chip.spikesPerSample, chip.activeNeuronsPercent, chip.synopsPerSample, chip.cores, chip.chips]).toEqual([
      stats.spikes,
      stats.activeNeuronsPercent,
      stats.synapticOperations,
      stats.cores,
      stats.chips,
    ]);
    expect(chip.energyJoules).toBe(stats.energy.joulesPerSample);
    expect(latencies).toEqual(stats.latency?.perSampleSeconds);
    expect(layers.map(({ name, spikesPerSample, energyJoules }) => [name, spikesPerSample, energyJoules])).toEqual(
      stats.layers.map(({ name, spikes, energyJoules }) => [name, spikes, energyJoules]),
    );
  });

  test('is reused wholly the second time', async () => {
    const before = substance('whole');
    const again = await spikewright('run', '--config', configOf('whole'), '--workers', '1');
    expectOk(again);
    expect(again.stderr.match(/✓ \w+ +reused/g)).toHaveLength(6);
    expect(substance('whole')).toEqual(before);
  });

  test('comes to the same on two threads', async () => {
    expectOk(await spikewright('run', '--config', configOf('threads'), '--workers', '2', '--quiet'));
    expect(substance('threads')).toEqual(substance('whole'));
  });

  test('goes on with quantisation-aware finetuning where the configuration asks for it', async () => {
    const config = at('grid.json');
    const run = tinyRun(model, at('grid'));
    writeFileSync(config, JSON.stringify({ ...run, finetune: { ...run.finetune, qat: { epochs: 2 } } }));
    expectOk(await spikewright('run', '--config', config, '--workers', '1'));
    const { finetuning, provenance } = reportOf('grid');
    expect(finetuning.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(provenance.stages.map(({ stage }) => stage)).toContain('qat');
    const again = await spikewright('run', '--config', config, '--workers', '1');
    expectOk(again);
    expect(again.stderr.match(/✓ \w+ +reused/g)).toHaveLength(7);
  });

  test('twice at once into one folder comes to the same, twice', async () => {
    const args = ['run', '--config', configOf('both'), '--workers', '1', '--quiet'];
    for (const ended of await Promise.all([spikewright(...args), spikewright(...args)])) expectOk(ended);
    expect(substance('both')).toEqual(substance('whole'));
    expect(readdirSync(at('both')).filter((name) => name.startsWith('.') || name.endsWith('.checkpoint'))).toEqual([]);
  });

  test('stopped by Ctrl-C and then killed, goes on to the same result', async () => {
    const config = configOf('stopped');
    const interrupted = start(['run', '--config', config, '--workers', '1']);
    await checkpointed(interrupted, 'stopped', 0);
    // Twice, as from a terminal and from a package manager that passes it on.
    interrupted.process.kill('SIGINT');
    interrupted.process.kill('SIGINT');
    expect(await interrupted.ended).toMatchObject({ code: 130, stderr: expect.stringContaining('SW6020') });
    expect(existsSync(join(at('stopped'), 'report.json'))).toBe(false);
    const time = Date.now();
    const killed = start(['run', '--config', config, '--workers', '1']);
    await checkpointed(killed, 'stopped', time);
    killed.process.kill('SIGKILL');
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    expectOk(await spikewright('run', '--config', config, '--workers', '1'));
    expect(substance('stopped')).toEqual(substance('whole'));
    expect(readdirSync(at('stopped')).filter((name) => name.startsWith('.') || name.endsWith('.checkpoint'))).toEqual(
      [],
    );
  });

  test('with a budget that it cannot keep ends with 1 after the report is written', async () => {
    const budget = at('budget.json');
    writeFileSync(budget, JSON.stringify({ formatVersion: 1, atMost: { cores: 0 }, atLeast: {} }));
    const config = at('budget-run.json');
    writeFileSync(config, JSON.stringify({ ...tinyRun(model, at('whole')), budget }));
    const { code, stderr } = await spikewright('run', '--config', config, '--workers', '1');
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('SW5007') });
  });
});

interface RunLine {
  readonly id: number;
  readonly status: string;
}

describe('the commands one by one', () => {
  test('make from files what the run makes', async () => {
    const data = ['--dataset', 'mnist', '--backend', 'wasm', '--seed', '3'];
    expectOk(await spikewright('import', model, '--out', at('a.swa')));
    const calibration = ['--calibration-steps', '10', '--batches', '1', '--batch-size', '16', '--train-samples', '256'];
    expectOk(
      await spikewright(
        ...['convert', at('a.swa'), '--out', at('a.sws'), '--timesteps', '3', '--statistics-batches', '1'],
        ...calibration,
        ...data,
      ),
    );
    const training = ['--epochs', '8', '--batch-size', '16', '--learning-rate', '0.01', '--train-samples', '256'];
    const attack = ['--epsilon', '25.5', '--alpha', '12.75', '--statistics-batches', '1'];
    expectOk(await spikewright('finetune', at('a.sws'), '--out', at('b.sws'), ...training, ...attack, ...data));
    const graphs = ['--graph', at('b.swg'), '--float-graph', at('b-float.swg')];
    const calibrated = ['--calibrate', 'mnist', '--calibration-images', '16', '--train-samples', '256'];
    expectOk(await spikewright('compile', at('b.sws'), '--out', at('b.swp'), ...calibrated, ...graphs));
    const simulated = await spikewright('simulate', at('b.swp'), '--dataset', 'mnist', '--samples', '4', '--json', '-');
    expectOk(simulated);
    const report = reportOf('whole');
    expect(JSON.parse(simulated.stdout)).toMatchObject({
      spikes: report.chip.spikesPerSample,
      latency: { perSampleSeconds: report.latencies },
      energy: { joulesPerSample: report.chip.energyJoules },
    });
    const verified = await spikewright(
      ...['verify', at('b.swp'), ...graphs, '--ann', model, '--snn', at('b.sws'), '--samples', '6', '--black-box', '5'],
      ...['--attack', 'pgd', '--steps', '2', '--epsilon', '25.5', '--workers', '1', '--json', '-', ...data],
    );
    expectOk(verified);
    expect(() => checkJson('result', JSON.parse(verified.stdout), 'verify')).not.toThrow();
    expect(JSON.parse(verified.stdout)).toMatchObject({
      levels: report.levels,
      transfer: report.transfer,
      comparisons: report.comparisons,
      spikeAgreement: report.spikeAgreement,
      blackBox: { queries: 5, samples: 6 },
      spikeMismatches: 0,
      readoutMismatches: 0,
    });
  });

  test('record what was verified, and hold it against what came before', async () => {
    const history = ['--history', at('runs.duckdb')];
    const data = ['--dataset', 'mnist', '--backend', 'wasm'];
    const verify = [
      'verify',
      at('b.swp'),
      '--graph',
      at('b.swg'),
      '--samples',
      '3',
      '--steps',
      '1',
      ...history,
      ...data,
    ];
    expectOk(await spikewright(...verify));
    const junit = at('junit.xml');
    const again = await spikewright(...verify, '--baseline', '1', '--junit', junit, '--json', '-');
    expectOk(again);
    const { baseline } = JSON.parse(again.stdout);
    expect(new Set(baseline.map(({ verdict }: { verdict: string }) => verdict))).toEqual(new Set(['same']));
    expect(readFileSync(junit, 'utf8')).toContain('name="chip = twin, every spike and every readout" classname');
    const other = await spikewright(...verify, '--seed', '5', '--baseline', '1');
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('SW5035') });
    const listed = await spikewright('runs', 'list', '--json', '-', ...history);
    expect(JSON.parse(listed.stdout).runs.map(({ id, status }: RunLine) => [id, status])).toEqual([
      [3, 'failed'],
      [2, 'finished'],
      [1, 'finished'],
    ]);
    expect((await spikewright('runs', 'show', '2', ...history)).stdout).toContain('chip.energyJoules');
    expect((await spikewright('runs', 'compare', '1', '2', ...history)).stdout).toContain('The same program.');
    const sql = "select count(*)::integer from metrics where name = 'levels.chip.robust'";
    expect((await spikewright('runs', 'query', sql, ...history)).stdout).toContain('2');
    expectOk(await spikewright('runs', 'export', at('runs.csv'), ...history));
    expect(await spikewright('runs', 'show', 'x', ...history)).toMatchObject({ code: 2 });
  });

  test('find a fault in a program, cut it down to a reproducer, and see it mended', async () => {
    const sound = decodeProgram(readFileSync(at('b.swp')), 'b.swp');
    writeFileSync(at('fault.swp'), encodeProgram(mutations.threshold(sound, 2)!.program));
    const options = ['--samples', '3', '--attack', 'fgsm', '--epsilon', '8', '--workers', '1', '--json', '-'];
    const data = ['--dataset', 'mnist', '--backend', 'wasm'];
    const failed = await spikewright('verify', at('fault.swp'), '--graph', at('b.swg'), ...options, ...data);
    expect(failed.code, failed.stderr).toBe(1);
    expect(failed.stderr).toContain('note SW5012');
    expect(failed.stderr).toMatch(/error SW5013 chip 0 core \d+, compartments/);
    const { firstMismatch, reproducer } = JSON.parse(failed.stdout);
    expect(reproducer).toBe(at('fault.reproducer.json'));
    expect((await spikewright('validate', reproducer)).stdout).toContain('a sound reproducer');
    const run = (program: string) =>
      spikewright('reproduce', reproducer, '--program', at(program), '--graph', at('b.swg'), '--json', '-');
    const again = await run('fault.swp');
    expect(again.code, again.stderr).toBe(1);
    expect(again.stderr).toMatch(/error SW500[56]/);
    expect(JSON.parse(again.stdout)).toMatchObject({
      isSameProgram: true,
      firstMismatch: { sample: firstMismatch.sample, chip: 0 },
    });
    const mended = await run('b.swp');
    expectOk(mended);
    expect(JSON.parse(mended.stdout)).toMatchObject({ isSameProgram: false, spikeMismatches: 0, firstMismatch: null });
  });

  test('validate what was written, and write the report again', async () => {
    const files = ['a.swa', 'a.sws', 'b.sws', 'b.swp', 'b.swg'].map(at);
    const validated = await spikewright('validate', model, ...files, join(at('whole'), 'report.json'), '--json', '-');
    expectOk(validated);
    expect(JSON.parse(validated.stdout).files.map(({ kind }: { kind: string }) => kind)).toEqual([
      'onnx',
      'ann',
      'snn',
      'snn',
      'program',
      'spike',
      'report',
    ]);
    expectOk(await spikewright('report', at('whole'), '--out', at('again.html')));
    expect(readFileSync(at('again.html'), 'utf8')).toBe(readFileSync(join(at('whole'), 'report.html'), 'utf8'));
  });

  test('measure and attack a network', async () => {
    const data = ['--dataset', 'mnist', '--backend', 'wasm', '--samples', '8'];
    const evaluated = await spikewright('evaluate', at('b.sws'), '--steps', '2', '--json', '-', ...data);
    expectOk(evaluated);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ clean: { total: 8 }, robust: { total: 8 } });
    const out = at('adversarial.safetensors');
    expectOk(await spikewright('attack', at('b.sws'), '--out', out, '--attack', 'fgsm', '--epsilon', '8', ...data));
    const validated = await spikewright('validate', out);
    expect(validated.stdout).toContain('4 tensors');
  });

  test('train a network that evaluates', async () => {
    const out = at('trained.onnx');
    const log = at('trained.jsonl');
    expectOk(
      await spikewright(
        ...['train', '--out', out, '--dataset', 'mnist', '--objective', 'single-step', '--epochs', '2', '--log', log],
        ...['--train-samples', '64', '--batch-size', '32', '--backend', 'wasm', '--augmentation', 'crop-flip'],
      ),
    );
    expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(2);
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
    expectOk(
      await spikewright('evaluate', out, '--clean', '--dataset', 'mnist', '--samples', '8', '--backend', 'wasm'),
    );
    const next = at('trained-on.onnx');
    expectOk(
      await spikewright(
        ...['train', '--from', out, '--out', next, '--dataset', 'mnist', '--learning-rate', '0', '--max-steps', '1'],
        ...['--train-samples', '64', '--batch-size', '32', '--backend', 'wasm', '--objective', 'natural'],
      ),
    );
    const kernels = [out, next].map((path) =>
      readModel(readFileSync(path), path, null).value.layers.flatMap((layer) =>
        'kernel' in layer ? [layer.kernel] : [],
      ),
    );
    expect(kernels[0]!.length).toBeGreaterThan(1);
    expect(kernels[1]).toEqual(kernels[0]);
  });
});

describe('an SNN trained from random weights', () => {
  const data = ['--dataset', 'mnist', '--backend', 'wasm'];
  const short = ['--epochs', '1', '--train-samples', '64', '--batch-size', '32', '--timesteps', '2', ...data];

  test.each(['natural', 'single-step', 'rat'])('by %s is an SNN that evaluates', async (objective) => {
    const out = at(`${objective}.sws`);
    expectOk(await spikewright('train', '--spiking', '--objective', objective, '--out', out, ...short));
    expectOk(await spikewright('evaluate', out, '--clean', '--samples', '4', ...data));
  });

  test('is refused by an objective that it has not, or into a file that cannot hold it', async () => {
    const trades = await spikewright('train', '--spiking', '--objective', 'trades', '--out', at('t.sws'), ...short);
    expect(trades).toMatchObject({ code: 2, stderr: expect.stringContaining('SW6002') });
    const onnx = await spikewright('train', '--spiking', '--out', at('t.onnx'), ...short);
    expect(onnx).toMatchObject({ code: 2, stderr: expect.stringContaining('an SNN is written as .sws') });
    const rat = await spikewright('train', '--objective', 'rat', '--out', at('t.swa'), ...short);
    expect(rat).toMatchObject({ code: 2, stderr: expect.stringContaining('it needs --spiking') });
    const from = await spikewright('train', '--spiking', '--from', at('t.swa'), '--out', at('t.sws'), ...short);
    expect(from).toMatchObject({ code: 2, stderr: expect.stringContaining('SW6002 --from') });
  });
});

describe('what tells about the installation', () => {
  test('doctor lists every backend and data set', async () => {
    const { code, stdout } = await spikewright('doctor', '--json', '-');
    expect(code).toBe(0);
    const { backends, chosen, datasets } = JSON.parse(stdout);
    expect(backends.map(({ backend }: { backend: string }) => backend)).toContain(chosen);
    expect(backends).toHaveLength(8);
    expect(datasets.map(({ name }: { name: string }) => name)).toEqual([
      'cifar10',
      'cifar100',
      'mnist',
      'svhn',
      'tinyimagenet',
    ]);
  });

  test('targets lists, shows and checks', async () => {
    expect((await spikewright('targets')).stdout).toContain('loihi1');
    expect((await spikewright('targets', 'loihi1')).stdout).toContain('Davies');
    const path = at('mine.json');
    writeFileSync(path, readFileSync(new URL('../../targets/loihi1.json', import.meta.url)));
    expectOk(await spikewright('targets', 'check', path));
  });
});
