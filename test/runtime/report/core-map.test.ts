import { describe, expect, it } from 'vitest';
import { fillingMap } from '../../../runtime/report/core-map.js';
import { fillingSection } from '../../../runtime/report/core-map-section.js';
import { checkJson } from '../../../schemas/json-file.js';
import { figure, tinyTarget } from '../../sim/tiny-target.js';
import { scene } from '../../sim/trace/scene.js';
import { sampleReport } from './sample-report.js';

/** Three chips in rows of so many; cores on the first and the last. */
function onBoard(perRow: number) {
  const [source, sink] = scene.cores;
  const target = tinyTarget({ mesh: { chipsPerRow: figure(perRow, 'chips') } });
  const limits = { ...target.limits, chips: figure(2 * perRow, 'chips') };
  return fillingMap({
    ...scene,
    chips: 3,
    targetJson: JSON.stringify({ ...target, limits }),
    cores: [source!, { ...sink!, chip: 2 }],
  });
}

describe('the core map of a board', () => {
  it('says and draws where each chip stands', () => {
    const map = onBoard(2);
    expect(map.chipsPerRow).toBe(2);
    const { text } = fillingSection(map);
    const names = [...text.matchAll(/<figcaption>(Chip [^,<]*(?:, column \d of chips\))?)/g)].map(([, name]) => name);
    expect(names).toEqual([
      'Chip 0 (row 0, column 0 of chips)',
      'Chip 1 (row 0, column 1 of chips)',
      'Chip 2 (row 1, column 0 of chips)',
    ]);
    expect(text).toContain('Chips stand in rows of 2');
    const board = /<svg[^>]*aria-label="The board: 2 rows of 2 chips[^>]*>(.*?)<\/svg>/s.exec(text)![1]!;
    // The second row is there as a whole; two chips are in use; chip 2 is below chip 0.
    expect(board.match(/class="free"/g)).toHaveLength(4);
    expect(board.match(/fill-opacity/g)).toHaveLength(2);
    const places = [...board.matchAll(/x="(\d+)" y="(\d+)"[^>]*class="free"/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    expect(places[0]![0]).toBe(places[2]![0]);
    expect(places[2]![1]).toBeGreaterThan(places[0]![1]!);
    expect(places[1]![1]).toBe(places[0]![1]);
  });

  it('says nothing of rows where there is one', () => {
    const map = onBoard(3);
    expect('chipsPerRow' in map).toBe(false);
    const { text } = fillingSection(map);
    expect(text).toContain('<figcaption>Chip 2, utilisation');
    expect(text).not.toMatch(/of chips|The board|stand in rows/);
  });

  it('is part of a sound report', () => {
    const { chipsPerRow, chips } = onBoard(2);
    const { coreMap } = sampleReport();
    const report = sampleReport({ coreMap: { ...coreMap, chips, chipsPerRow: chipsPerRow! } });
    expect(() => checkJson('report', report, 'report')).not.toThrow();
  });
});
