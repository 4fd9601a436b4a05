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

it('draws a chip at rest', () => {
  expect(heatMap([{ chip: 0, core: 0, value: 0 }], mesh, 'spikes')).toBe(
    ['spikes by core: 9 is 0', 'chip 0', '|. |  |  |', '|  |  |  |'].join('\n'),
  );
});
