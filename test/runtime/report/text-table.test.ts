import { expect, test } from 'vitest';
import { textTable } from '../../../runtime/report/text-table.js';

test('columns are as wide as their widest cell, numbers stand right, nothing trails', () => {
  const table = textTable(
    [{ title: 'Layer' }, { title: 'Spikes', align: 'right' }, { title: '' }],
    [
      ['conv1', '12', '✓'],
      ['a longer name', '1,234,567', ''],
    ],
  );
  expect(table).toBe(
    [
      'Layer             Spikes',
      '─────────────  ─────────  ─',
      'conv1                 12  ✓',
      'a longer name  1,234,567',
    ].join('\n'),
  );
});
