import type { Program } from '../../schemas/program.js';
import type { Target } from '../../schemas/target.js';
import { type Fault, type FaultDraw, strikes } from '../../sim/fault.js';
import { boardTiles, tilePlace } from '../../targets/board-grid.js';
import { strikesMessage } from './reference-strikes.js';

/** What becomes of a message. */
export type Fate = 'heard' | 'late' | 'lost';

/** A fault on the slow simulator, as the docstrings of `FaultInjector` read; of the bits of weights it knows nothing. */
export class SlowFault {
  readonly #program: Program;
  readonly #target: Target;
  readonly #fault: Fault;
  readonly #draw: FaultDraw;

  readonly #hops = new Map<string, number | null>();

  constructor(program: Program, target: Target, fault: Fault, draw: FaultDraw) {
    this.#program = program;
    this.#target = target;
    this.#fault = fault;
    this.#draw = draw;
  }

  isDead(core: number): boolean {
    return this.#fault.kind === 'core' && this.#fault.core === core;
  }

  /** Whether a spiking neuron whose membrane says `fires` is heard to fire. */
  fires(core: number, population: number, neuron: number, fires: boolean): boolean {
    const fault = this.#fault;
    if (this.isDead(core)) return false;
    if (fault.kind !== 'dead' && fault.kind !== 'stuck') return fires;
    const isStruck = strikes(fault.rate, this.#draw(fault.kind, population, neuron));
    return isStruck ? fault.kind === 'stuck' : fires;
  }

  /** Of the message of output axon `entry` of a core, made at a timestep of a sample. */
  fate(sample: number, step: number, from: number, entry: number, to: number): Fate {
    const fault = this.#fault;
    if (this.isDead(to) || this.hops(from, to) === null) return 'lost';
    if (fault.kind !== 'drop' && fault.kind !== 'delay') return 'heard';
    if (!strikesMessage(fault.rate, this.#draw(fault.kind, sample, step, from), entry)) return 'heard';
    return fault.kind === 'drop' ? 'lost' : 'late';
  }

  /** Links of the shortest way from core to core that does without a dead one; null without such a way. */
  hops(from: number, to: number): number | null {
    const key = `${from} ${to}`;
    const known = this.#hops.get(key);
    if (known !== undefined) return known;
    const hops = this.#search(from, to);
    this.#hops.set(key, hops);
    return hops;
  }

  #search(from: number, to: number): number | null {
    const { columns, rows } = boardTiles(this.#program.chips, this.#target.mesh);
    const at = (core: number): string => {
      const { column, row } = tilePlace(
        this.#program.cores[core]!.chip,
        this.#program.cores[core]!.core,
        this.#target.mesh,
      );
      return `${column},${row}`;
    };
    const reached = new Set([at(from)]);
    let rim = [at(from)];
    for (let hops = 0; rim.length > 0; hops++) {
      if (reached.has(at(to))) return hops;
      rim = rim.flatMap((tile) => {
        const [column, row] = tile.split(',').map(Number) as [number, number];
        const ways = [
          ['east', column + 1, row],
          ['west', column - 1, row],
          ['south', column, row + 1],
          ['north', column, row - 1],
        ] as const;
        return ways.flatMap(([direction, x, y]) => {
          const isThere = x >= 0 && x < columns && y >= 0 && y < rows;
          return isThere && !this.#isDeadLink(column, row, direction) ? [`${x},${y}`] : [];
        });
      });
      rim = [...new Set(rim)].filter((tile) => !reached.has(tile));
      for (const tile of rim) reached.add(tile);
    }
    return null;
  }

  #isDeadLink(column: number, row: number, direction: string): boolean {
    const fault = this.#fault;
    return fault.kind === 'link' && fault.column === column && fault.row === row && fault.direction === direction;
  }
}
