import { expect, it } from 'vitest';
import { heatMap } from '../../sim/heat-map.js';
import { figure } from './tiny-target.js';

const mesh = { columns: 3, rows: 2, coresPerTile: 2, linkBuffer: figure(16, 'messages') };

it('draws each core where it lies on its chip, as tenths of the largest value', () => {
  const cells = [
    { chip: 0, core: 0, value: 1000 },
    { chip: 0, core: 1, value: 99 },
    { chip: 0, core: 4, value: 100 },
    { chip: 0, core: 11, value: 555 },
    { chip: 2, core: 6, value: 0 },
  ];
  expect(heatMap(cells, mesh, 'messages')).toBe(
    ['messages by core: 9 is 1,000', 'chip 0', '|9.|  |1 |', '|  |  | 5|', 'chip 2', '|  |  |  |', '|. |  |  |'].join(
      '\n',
    ),
  );
});

it('says where chips stand on a board of several rows', () => {
  const board = { ...mesh, chipsPerRow: figure(2, 'chips') };
  const cells = [0, 3].map((chip) => ({ chip, core: 0, value: 1 }));
  const lines = heatMap(cells, board, 'spikes').split('\n');
  expect(lines[1]).toBe('chip 0 (row 0, column 0 of chips)');
  expect(lines[4]).toBe('chip 3 (row 1, column 1 of chips)');
});

it('draws a chip at rest', () => {
  expect(heatMap([{ chip: 0, core: 0, value: 0 }], mesh, 'spikes')).toBe(
    ['spikes by core: 9 is 0', 'chip 0', '|. |  |  |', '|  |  |  |'].join('\n'),
  );
});
