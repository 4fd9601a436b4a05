import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import { checkJson, jsonSchema } from '../../schemas/json-file.js';
import { nearestWord } from '../../schemas/nearest-word.js';
import { readRun } from '../../schemas/run-file.js';
import { readTarget } from '../../schemas/target-file.js';
import { sampleReport } from '../runtime/report/sample-report.js';
import { expectCode } from './hostile.js';
import { sampleTarget } from './sample-target.js';

/** The sample target's JSON text after a change of its plain copy. */
function changed(change: (target: ReturnType<typeof plain>) => void): string {
  const copy = plain();
  change(copy);
  return JSON.stringify(copy);
}

// biome-ignore lint/suspicious/noExplicitAny: tests break the type on purpose
const plain = (): any => structuredClone(sampleTarget);

describe('target files', () => {
  it('are read as they stand', () => {
    expect(readTarget(JSON.stringify(sampleTarget), 'x.json')).toEqual(sampleTarget);
    expect(readTarget(`\ufeff${JSON.stringify(sampleTarget)}`, 'x.json')).toEqual(sampleTarget);
  });

  it.each<[string, string, string, string]>([
    ['no JSON', 'SW1020', '{"formatVersion": 1,', 'x.json: this is no JSON'],
    ['a missing figure', 'SW1022', changed((t) => delete t.timing.spikeOut), 'x.json, timing.spikeOut: key "spikeOut"'],
    [
      'a negative figure',
      'SW1023',
      changed((t) => {
        t.energyProfiles.bench.synapticOperation.value = -23.6;
      }),
      'x.json, energyProfiles.bench.synapticOperation.value: -23.6 must be >= 0',
    ],
    [
      'a misspelt key',
      'SW1021',
      changed((t) => {
        t.limits.coresPerChp = t.limits.coresPerChip;
      }),
      'x.json, limits.coresPerChp: unknown key "coresPerChp" in limits. A misspelt key would otherwise be ignored in silence. Did you mean "coresPerChip"?',
    ],
    [
      'an unknown unit',
      'SW1023',
      changed((t) => {
        t.timing.axonIn.unit = 'pJ';
      }),
      'x.json, timing.axonIn.unit: "pJ" must be one of "ps", "ns"',
    ],
    ['a figure without a source', 'SW1022', changed((t) => delete t.timing.axonIn.source), 'timing.axonIn.source'],
    ['an unknown figure without a note', 'SW1022', changed((t) => delete t.timing.chipToChip.note), 'chipToChip.note'],
    [
      'a default profile that does not exist',
      'SW1024',
      changed((t) => {
        t.defaultEnergyProfile = 'lab';
      }),
      '"lab" is no profile of this target; it has bench',
    ],
    [
      'a mesh that is too small',
      'SW1024',
      changed((t) => {
        t.mesh.columns = 1;
      }),
      '1 × 1 tiles of 2 cores',
    ],
    [
      'a short row of chips',
      'SW1024',
      changed((t) => {
        t.limits.chips.value = 5;
        t.mesh.chipsPerRow = { value: 2, unit: 'chips', source: 'x' };
      }),
      'mesh.chipsPerRow: 5 chips leave a row of 2 short',
    ],
    ['a barrier that descends', 'SW1024', changed((t) => t.timing.barrier.reverse()), 'timing.barrier[1]'],
    [
      'half a core',
      'SW1023',
      changed((t) => {
        t.limits.coresPerChip.value = 3.5;
      }),
      'limits.coresPerChip.value: 3.5 must be of type integer or null',
    ],
  ])('with %s are refused with %s', (_, code, text, message) => {
    expect(expectCode(code, () => readTarget(text, 'x.json'))).toContain(message);
  });

  it('have every violation reported at once', () => {
    const text = changed((t) => {
      delete t.name;
      t.arithmetic.compare = '<';
      t.extra = 1;
    });
    let codes: string[] = [];
    try {
      readTarget(text, 'x.json');
    } catch (error) {
      codes = (error as SpikewrightError).diagnostics.map(({ code }) => code);
    }
    expect(codes.sort()).toEqual(['SW1021', 'SW1022', 'SW1023']);
  });

  it('answer any JSON with a diagnostic', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => readTarget(text, 'x.json')).toThrow(SpikewrightError);
        expect(() => readRun(text, 'x.json')).toThrow(SpikewrightError);
      }),
    );
    expectCode('SW1020', () => readTarget('['.repeat(1_000_000), 'x.json'));
  });
});

describe('run files', () => {
  it('have the method’s constants for defaults', () => {
    const run = readRun('{"dataset": {"name": "cifar10"}, "model": "net.onnx"}', 'run.json');
    expect(run.convert).toEqual({
      calibrationSteps: 100,
      batches: 11,
      batchSize: 64,
      percentile: 99.7,
      scale: 0.3,
      leak: 1,
      reset: 'hard',
      statisticsBatches: 0,
    });
    expect(run.finetune).toMatchObject({ beta: 2, epsilon: 2 / 255, alpha: 1 / 255, learningRate: 0.001 });
    expect(run.finetune).toMatchObject({ epochs: 60, steps: null, batchSize: 64, momentum: 0.9, weightDecay: 0.001 });
    expect(run.finetune).toMatchObject({ innerLoss: 'divergence', outerLoss: 'robust', fixedThresholds: false });
    expect(run.finetune.statisticsBatches).toBe(0);
    expect(run.attack).toEqual({
      kind: 'pgd',
      epsilon: 8 / 255,
      steps: 20,
      queries: 5000,
      ensemble: false,
      samples: 100,
      blackBoxQueries: 0,
      margin: 0.02,
      otherSamples: 64,
      others: [],
    });
    expect(run).toMatchObject({
      timesteps: 8,
      seed: 0,
      engine: 'auto',
      backend: 'auto',
      device: 'cpu',
      normalisation: null,
      budget: null,
    });
    expect(run.dataset).toEqual({ name: 'cifar10', dataDir: null, trainSamples: null });
  });

  it.each([
    ['SW1021', '{"dataset":{"name":"a"},"model":"b","timestep":4}', 'Did you mean "timesteps"?'],
    ['SW1021', '{"dataset":{"name":"a"},"model":"b","convert":{"percentil":4}}', 'convert.percentil'],
    ['SW1022', '{"model":"b"}', 'key "dataset" is missing in the top level'],
    ['SW1023', '{"dataset":{"name":"a"},"model":"b","timesteps":0}', 'timesteps: 0 must be >= 1'],
    ['SW1023', '{"dataset":{"name":"a"},"model":"b","backend":"cuda"}', '"cuda" must be one of "auto"'],
    ['SW1023', '[]', 'must be of type object'],
    ['SW1024', '{"dataset":{"name":"a"},"model":"b","finetune":{"alpha":0.5}}', 'finetune.alpha'],
    ['SW1024', '{"dataset":{"name":"a"},"model":"b","normalisation":{"mean":[0],"std":[1,1]}}', 'mean has 1 channels'],
  ])('are refused with %s: %s', (code, text, message) => {
    expect(expectCode(code, () => readRun(text, 'run.json'))).toContain(message);
  });
});

describe('budget files', () => {
  it('bound something', () => {
    const budget = { atMost: { energyJoules: 1e-3 }, atLeast: { accuracy: { chip: { robust: 0.35 } } } };
    expect(checkJson('budget', structuredClone(budget), 'b')).toEqual({ formatVersion: 1, ...budget });
    expectCode('SW1022', () => checkJson('budget', {}, 'b'));
    expectCode('SW1023', () => checkJson('budget', { atMost: { cores: -1 } }, 'b'));
    expectCode('SW1021', () => checkJson('budget', { atLeast: { accuracy: { chipp: {} } } }, 'b'));
    expect(expectCode('SW1021', () => checkJson('budget', { atMost: { latencySecond: 5 } }, 'b'))).toContain(
      'Did you mean "latencySeconds"?',
    );
    // A share, not percent.
    expectCode('SW1023', () => checkJson('budget', { atLeast: { agreement: 97 } }, 'b'));
  });
});

describe('machine-readable results', () => {
  const proportion = { correct: 50, total: 100, low: 0.4, high: 0.6 };
  const level = { clean: proportion, robust: proportion };
  const result = {
    levels: { ann: level, snn: level, twin: level, chip: level },
    samples: 100,
    spikeMismatches: 0,
    readoutMismatches: 0,
    chip: {
      spikesPerSample: 1,
      activeNeuronsPercent: 5,
      synopsPerSample: 10,
      latencySeconds: null,
      energyJoules: 1e-6,
      cores: 3,
      chips: 1,
    },
    seconds: 12,
  };

  it('need the fixed keys and are free to have others', () => {
    expect(checkJson('report', { ...result, more: true }, 'r')).toEqual({ ...result, more: true });
    for (const key of Object.keys(result)) {
      const { [key as 'seconds']: _, ...rest } = result;
      expect(expectCode('SW1022', () => checkJson('report', rest, 'r'))).toContain(`key "${key}"`);
    }
  });

  it('need the whole report where they say that they are one', () => {
    const message = expectCode('SW1022', () => checkJson('report', { ...result, format: 'spikewright/report' }, 'r'));
    expect(message).toContain('key "classNames"');
    expect(message).toContain('key "timing"');
  });
});

describe('the report schema', () => {
  it('passes a whole report and misses any of its keys', () => {
    const report = structuredClone(sampleReport());
    expect(checkJson('report', structuredClone(report), 'r')).toEqual(report);
    for (const key of Object.keys(report).filter((name) => name !== 'format')) {
      const { [key as 'name']: _, ...rest } = report;
      expect(expectCode('SW1022', () => checkJson('report', rest, 'r'))).toContain(`key "${key}"`);
    }
  });
});

describe('every JSON Schema', () => {
  it.each([
    'target',
    'run',
    'budget',
    'report',
    'reproducer',
    'bench',
  ] as const)('%s documents each of its keys', (format) => {
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { properties } = schema as { properties?: Record<string, Record<string, unknown> | false> };
      // Below an `if`, and where a `$ref` is narrowed, properties are conditions and not keys of their own.
      const declares = !path.endsWith('/if') && !('$ref' in schema);
      for (const [key, value] of Object.entries((declares && properties) || {})) {
        // A key that must not be there needs no words.
        if (value !== false) expect(value.description, `${path}/${key}`).toEqual(expect.stringMatching(/\w/));
      }
      for (const [key, value] of Object.entries(schema)) visit(value, `${path}/${key}`);
    };
    visit(jsonSchema(format), format);
  });
});

describe('the nearest word', () => {
  it('undoes one slip: a letter lost, doubled, replaced or swapped with its neighbour', () => {
    const words = ['threshold', 'percentile', 'energyProfile', 'timesteps'];
    const slip = fc.tuple(fc.constantFrom(...words), fc.nat(7), fc.nat(3));
    fc.assert(
      fc.property(slip, ([word, at, kind]) => {
        const [before, after] = [word.slice(0, at), word.slice(at)];
        const slips = [
          before + after.slice(1),
          before + after[0] + after,
          `${before}x${after.slice(1)}`,
          before + after[1] + after[0] + after.slice(2),
        ];
        expect(nearestWord(slips[kind]!, words)).toBe(word);
      }),
    );
  });

  it('is none where all are far', () => {
    expect(nearestWord('colour', ['threshold', 'percentile'])).toBeNull();
    expect(nearestWord('x'.repeat(100_000), ['threshold'])).toBeNull();
  });
});
