import { expect, it } from 'vitest';
import { convert } from '../../../compiler/convert.js';
import { calibrate, methodCalibration } from '../../../runtime/calibrate/calibrate.js';
import { startEager } from '../../../runtime/engine/start.js';
import { channelsLast, goldenAnn, goldenValues } from '../engine/golden-vgg.js';

it('no calibrated threshold starts below the bound that training holds it to', async () => {
  const { engine } = await startEager({ backend: 'wasm' });
  const image = channelsLast(goldenValues('calibration.images').slice(0, 3 * 32 * 32), [1, 3, 32, 32]);
  const snn = convert(goldenAnn(), { timesteps: 8, leak: 1, reset: 'hard' });
  const { graph, measured } = await calibrate(engine, snn, [image], { steps: 2, percentile: 99.7, scale: 1e-3 });
  const thresholds = graph.layers.flatMap((layer) => (layer.kind === 'neuron' ? [layer.threshold] : []));
  expect(Math.max(...measured.values())).toBeLessThan(30);
  expect(thresholds).toEqual([0.03, 0.03, 0.03, 0.03]);
});

it('calibration finds the thresholds that PyTorch finds, layer by layer over three mini-batches', async () => {
  const { engine } = await startEager({ backend: 'wasm' });
  const images = channelsLast(goldenValues('calibration.images'), [48, 3, 32, 32]);
  const size = 16 * 32 * 32 * 3;
  const batches = [0, 1, 2].map((number) => images.slice(number * size, (number + 1) * size));
  const snn = convert(goldenAnn(), { timesteps: 8, leak: 1, reset: 'hard' });
  const { graph, measured } = await calibrate(engine, snn, batches, methodCalibration);
  const expected = goldenValues('calibration.thresholds');
  expect([...measured.keys()]).toEqual(['spike0', 'spike1', 'spike2', 'spike3']);
  for (const [index, [name, threshold]] of [...measured].entries()) {
    expect(Math.abs(threshold / expected[index]! - 1), name).toBeLessThan(1e-4);
    const neuron = graph.layers.find((layer) => layer.name === name);
    expect(neuron).toMatchObject({ kind: 'neuron', threshold: threshold * 0.3 });
  }
});
