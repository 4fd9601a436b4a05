import { expect, test } from 'vitest';
import { overflowDiagnostics } from '../../../runtime/verify/overflow.js';
import type { Statistics } from '../../../schemas/stats.js';

const counted = (saturations: number, inputsBeyondMax: number) =>
  ({ program: 'net', samples: 8, saturations, inputsBeyondMax }) as Statistics;

test('overflow is told with its count, and only where there was any', () => {
  expect(overflowDiagnostics(counted(0, 0))).toEqual([]);
  expect(overflowDiagnostics(counted(1200, 0))).toMatchObject([
    { code: 'SW3008', severity: 'warning', what: expect.stringContaining('1,200 times in 8 samples') },
  ]);
  expect(overflowDiagnostics(counted(0, 3)).map(({ code }) => code)).toEqual(['SW3009']);
});
