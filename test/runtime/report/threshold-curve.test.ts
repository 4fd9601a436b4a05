import { expect, it } from 'vitest';
import { thresholdCurves } from '../../../runtime/report/threshold-curve.js';

const epoch = (number: number, thresholds?: Record<string, number>) => ({
  epoch: number,
  loss: 1,
  cleanAccuracy: null,
  robustAccuracy: null,
  learningRate: 0.1,
  ...(thresholds === undefined ? {} : { thresholds }),
});

it('shows every threshold from its calibration on, and leaves out epochs that have none', () => {
  const epochs = [epoch(1, { if1: 0.25, if2: 0.5 }), epoch(2, { if1: 0.125, if2: 0.75 }), epoch(3)];
  const calibrated = new Map([
    ['if1', 0.375],
    ['if2', 0.625],
  ]);
  const { text } = thresholdCurves(epochs, calibrated);
  const cells = [...text.matchAll(/<t[hd] [^>]*class="number">([^<]*)</g)].map(([, cell]) => cell);
  expect(cells).toEqual(['Epoch', 'if1', 'if2', '0', '0.375', '0.625', '1', '0.25', '0.5', '2', '0.125', '0.75']);
  expect(text.match(/<svg/g)).toHaveLength(1);
  // Without the calibration of each, they begin with the first epoch.
  expect(thresholdCurves(epochs, new Map()).text).not.toContain('calibrated<');
});

it('shows nothing of a training that kept no thresholds', () => {
  expect(thresholdCurves([epoch(1)], new Map()).text).toBe('');
});
