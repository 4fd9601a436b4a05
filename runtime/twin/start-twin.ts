import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import type { CompiledEngine } from '../engine/compiled/compiled-engine.js';
import type { Engine } from '../engine/engine.js';
import type { Twin } from './twin.js';
import { IntegerTwin } from './twin.js';

/**
 * A graph's twin on the compiled engine, or on whichever backend of the eager engine was started last. Throws what the
 * twin's constructor throws: on the compiled engine SW4020 where float32 could not hold its integers (`inexactness`).
 */
export async function startTwin(graph: IntegerSpikeGraph, engine: Engine): Promise<Twin> {
  if (engine.name !== 'compiled') return new IntegerTwin(graph);
  // Not imported before it is asked for: the native library may be missing.
  const { CompiledTwin } = await import('./compiled/compiled-twin.js');
  return new CompiledTwin(graph, engine as CompiledEngine);
}
