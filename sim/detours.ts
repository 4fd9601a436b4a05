import type { Distance, Mesh } from './mesh.js';

/**
 * Ways round a dead link: shortest ways over the links that are left, those of dimension order where that is one of them.
 * Distances are worked out once for each tile that messages go to.
 */
export class Detours {
  readonly #mesh: Mesh;
  readonly #dead: number;
  /** By destination tile: links to go from every tile, or −1. */
  readonly #steps = new Map<number, Int32Array>();

  /** `dead`: the link that carries nothing. */
  constructor(mesh: Mesh, dead: number) {
    this.#mesh = mesh;
    this.#dead = dead;
  }

  /** How far messages go from one core to another; null where no way is left. */
  distance(from: number, to: number): Distance | null {
    const mesh = this.#mesh;
    const end = mesh.tileOf(to);
    const steps = this.#stepsTo(end);
    let tile = mesh.tileOf(from);
    if (steps[tile]! < 0) return null;
    let [eastWest, northSouth, chipCrossings] = [0, 0, 0];
    while (tile !== end) {
      const link = this.#nextLink(tile, to, steps);
      if (mesh.isNorthSouth(link)) northSouth++;
      else eastWest++;
      if (mesh.leavesChip(link)) chipCrossings++;
      tile = mesh.linkEnd(link);
    }
    return { eastWest, northSouth, chipCrossings };
  }

  #nextLink(tile: number, to: number, steps: Int32Array): number {
    const ordered = this.#mesh.nextLink(tile, to);
    const leads = (link: number): boolean => {
      return link !== this.#dead && steps[this.#mesh.linkEnd(link)] === steps[tile]! - 1;
    };
    return leads(ordered) ? ordered : this.#mesh.linksOf(tile).find(leads)!;
  }

  /** Breadth first from the destination, against the direction of the links. */
  #stepsTo(end: number): Int32Array {
    const known = this.#steps.get(end);
    if (known !== undefined) return known;
    const mesh = this.#mesh;
    const steps = new Int32Array(mesh.board.columns * mesh.board.rows).fill(-1);
    steps[end] = 0;
    const queue = [end];
    for (const tile of queue) {
      for (const out of mesh.linksOf(tile)) {
        const neighbour = mesh.linkEnd(out);
        if (steps[neighbour] !== -1 || mesh.opposite(out) === this.#dead) continue;
        steps[neighbour] = steps[tile]! + 1;
        queue.push(neighbour);
      }
    }
    this.#steps.set(end, steps);
    return steps;
  }
}
