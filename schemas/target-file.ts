import { failure } from './diagnostic.js';
import { readJson } from './json-file.js';
import type { Target } from './target.js';

/**
 * Reads a target from its JSON text: against the schema, then what a schema cannot say (the default profile exists, the
 * mesh holds the chip's cores, rows of chips are full, the barrier's points ascend). Throws SW1020…SW1024.
 */
export function readTarget(text: string, where: string): Target {
  const target = readJson<Target>('target', text, where);
  const profiles = Object.keys(target.energyProfiles);
  if (!profiles.includes(target.defaultEnergyProfile)) {
    throw failure('SW1024', {
      where: `${where}, defaultEnergyProfile`,
      what: `"${target.defaultEnergyProfile}" is no profile of this target; it has ${profiles.join(', ')}.`,
    });
  }
  const { columns, rows, coresPerTile, chipsPerRow } = target.mesh;
  const cores = target.limits.coresPerChip.value;
  if (cores !== null && columns * rows * coresPerTile < cores) {
    throw failure('SW1024', {
      where: `${where}, mesh`,
      what: `${columns} × ${rows} tiles of ${coresPerTile} cores hold fewer than the chip's ${cores} cores.`,
    });
  }
  const chips = target.limits.chips.value;
  const perRow = chipsPerRow?.value ?? null;
  if (chips !== null && perRow !== null && chips > perRow && chips % perRow !== 0) {
    throw failure('SW1024', {
      where: `${where}, mesh.chipsPerRow`,
      what: `${chips} chips leave a row of ${perRow} short; messages pass through every chip of a row.`,
    });
  }
  target.timing.barrier.forEach(({ tiles }, index, points) => {
    const previous = points[index - 1];
    if (previous !== undefined && previous.tiles >= tiles) {
      throw failure('SW1024', {
        where: `${where}, timing.barrier[${index}]`,
        what: `${tiles} tiles after ${previous.tiles}; the points must ascend.`,
      });
    }
  });
  return target;
}
