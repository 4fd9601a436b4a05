import type { Program } from '../schemas/program.js';
import type { Target } from '../schemas/target.js';
import { boardTiles } from '../targets/board-grid.js';

/**
 * Links that the messages of a sample cross at least, however the cores of a Program are placed on its chips; `rates` are
 * the spikes of one neuron per sample, by population, 1 for every one where nothing was measured. A core and its partners
 * need slots of their own, and only so many lie within a distance of any tile: each core's flows, heaviest first, go at
 * least as far as the nearest slots of the best tile. Every flow counts at one of its ends, at the one with more partners,
 * where it is likely to have to go furthest.
 */
export function hopBound(program: Program, rates: ReadonlyMap<string, number> | null, { mesh }: Target): number {
  const { chips } = program;
  const partners = flowsByPartner(program, rates);
  const { columns, rows } = boardTiles(chips, mesh);
  const within = slotsWithin(columns, rows, mesh.coresPerTile);
  let sum = 0;
  for (const [core, own] of partners.entries()) {
    const counted: number[] = [];
    for (const [other, flow] of own) {
      const [here, there] = [own.size, partners[other]!.size];
      if (here > there || (here === there && core < other)) counted.push(flow);
    }
    let distance = 0;
    // The core itself takes the first slot.
    for (const [k, flow] of counted.sort((a, b) => b - a).entries()) {
      while (k + 2 > within[distance]!) distance += 1;
      sum += flow * distance;
    }
  }
  return sum;
}

/** By distance in tiles, the most slots that any tile of the board has so near, its own included. */
function slotsWithin(columns: number, rows: number, coresPerTile: number): readonly number[] {
  const most: number[] = Array.from({ length: columns + rows }, () => 0);
  for (let y = 0; y < rows; y += 1) {
    // No tile of the row has more near it than the middle one.
    const x = Math.floor(columns / 2);
    const at = most.map(() => 0);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        at[Math.abs(row - y) + Math.abs(column - x)]! += coresPerTile;
      }
    }
    let slots = 0;
    for (const [distance, count] of at.entries()) {
      slots += count;
      most[distance] = Math.max(most[distance]!, slots);
    }
  }
  return most;
}

/** By core, the messages between it and each of its partners, whichever way they go. */
function flowsByPartner(
  { cores, populations }: Program,
  rates: ReadonlyMap<string, number> | null,
): readonly ReadonlyMap<number, number>[] {
  const numbers = new Map(cores.map(({ chip, core }, number) => [chip * CORES_MAX + core, number]));
  const partners = cores.map(() => new Map<number, number>());
  for (const [number, { axonsOut, ranges }] of cores.entries()) {
    const population = ranges[0] === undefined ? undefined : populations[ranges[0].population];
    const rate = population === undefined ? 0 : (rates?.get(population.relayOf ?? population.name) ?? 1);
    for (let entry = 0; entry < axonsOut.core.length; entry += 1) {
      const to = numbers.get(axonsOut.chip[entry]! * CORES_MAX + axonsOut.core[entry]!)!;
      if (to === number || rate === 0) continue;
      partners[number]!.set(to, (partners[number]!.get(to) ?? 0) + rate);
      partners[to]!.set(number, (partners[to]!.get(number) ?? 0) + rate);
    }
  }
  return partners;
}

/** More cores than a chip of a Program has. */
const CORES_MAX = 65_536;
