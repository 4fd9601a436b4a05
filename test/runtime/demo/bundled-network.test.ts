import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openDataset } from '../../../runtime/data/open.js';
import { readModel } from '../../../runtime/model-file.js';
import { layerShapes } from '../../../schemas/layer-shapes.js';
import { readRun } from '../../../schemas/run-file.js';

const folder = new URL('../../../runtime/demo/', import.meta.url);

describe('the demo', () => {
  const config = readRun(readFileSync(new URL('run.json', folder), 'utf8'), 'run.json');
  const bytes = readFileSync(new URL(config.model, folder));

  test('has a network of at most 2 MB that normalises its input itself', () => {
    expect(bytes.length).toBeLessThanOrEqual(2e6);
    expect(readModel(bytes, config.model, config.normalisation).diagnostics).toEqual([]);
  });

  test('has a network for its images and classes, as it was trained', () => {
    const { layers } = readModel(bytes, config.model, null).value;
    const { shape, classNames } = openDataset(config.dataset.name, 'test');
    const shapes = [...layerShapes(layers).values()];
    expect(shapes[0]).toEqual([...shape]);
    expect(shapes.at(-1)).toEqual([classNames.length]);
  });

  test('keeps the log of its network’s training', () => {
    const log = readdirSync(folder).find((name) => name.endsWith('.jsonl'))!;
    const epochs = readFileSync(new URL(log, folder), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(epochs.map(({ epoch }) => epoch)).toEqual(epochs.map((_, index) => index + 1));
    expect(epochs.at(-1).testCleanAccuracy).toBeGreaterThanOrEqual(0.5);
  });
});
