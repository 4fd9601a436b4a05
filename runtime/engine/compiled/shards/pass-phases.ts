import stringify from 'safe-stable-stringify';
import type { AnnGraph } from '../../../../schemas/ann.js';
import type { SnnGraph } from '../../../../schemas/snn.js';
import type { Surrogate } from '../../surrogate.js';
import type { NetworkGraph } from '../network-graph.js';
import { networkSource } from '../network-source.js';
import type { PassSource } from '../pass-programs.js';
import type { Schedule } from './phases.js';
import { backwardSchedule, forwardSchedule } from './phases.js';

/** What distinguishes the phases of a network's training passes. */
export interface PassShape {
  /** Images of a shard. */
  readonly images: number;
  readonly shards: number;
  readonly form: Surrogate['form'];
  readonly dropsOut: boolean;
  /** Which gradients a backward pass is to find; none where none will follow. */
  readonly gradients: 'parameters' | 'input' | 'both' | 'none';
}

/** A pass in its phases. */
export interface PhasedPass {
  readonly written: NetworkGraph;
  readonly forward: Schedule;
  readonly backward: Schedule;
}

/** The phases of a network's training passes, worked out once for each shape. */
export class PassPhases {
  readonly timesteps: number;
  private readonly source: PassSource;
  private readonly known = new Map<string, PhasedPass>();

  constructor(graph: AnnGraph | SnnGraph) {
    this.source = networkSource(graph, 'cpu');
    this.timesteps = this.source.timesteps;
  }

  of(shape: PassShape): PhasedPass {
    const key = stringify(shape);
    let found = this.known.get(key);
    if (found === undefined) {
      found = this.plan(shape);
      this.known.set(key, found);
    }
    return found;
  }

  private plan({ images, shards, form, dropsOut, gradients }: PassShape): PhasedPass {
    const isActivation = form === 'activation';
    const kind = { mode: 'train', batch: images, shards, isActivation, dropsOut } as const;
    const written = this.source.write(kind, form, isActivation ? 1 : this.timesteps);
    const { graph, logits, updates, upstream, imageGradient } = written;
    const sought = [
      ...(gradients === 'parameters' || gradients === 'both' ? written.gradients.values() : []),
      ...(gradients === 'input' || gradients === 'both' ? [imageGradient] : []),
    ];
    const backward = sought.length === 0 ? nothing : backwardSchedule(graph, sought, upstream);
    return { written, backward, forward: forwardSchedule(graph, [logits, ...updates.values()], backward.read) };
  }
}

const nothing: Schedule = { phases: [], read: new Set() };
