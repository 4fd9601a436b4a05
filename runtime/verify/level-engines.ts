import type { Diagnostic } from '../../schemas/diagnostic.js';
import { diagnostic, failure } from '../../schemas/diagnostic.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import type { BackendName } from '../engine/backend/backend.js';
import type { Engine } from '../engine/engine.js';
import type { EngineChoice } from '../engine/start.js';
import { startEager, startEngine } from '../engine/start.js';
import { inexactness } from '../twin/compiled/exactness.js';
import { planTwin } from '../twin/plan.js';

/** What the levels run on, in each thread alike: plain data. */
export interface LevelEngines {
  /** Of ANN and SNN. */
  readonly networks: 'compiled' | 'eager';
  readonly twin: 'compiled' | 'eager';
  /** Of the eager engine, on which the float spike graph runs. */
  readonly backend: BackendName;
}

/**
 * Which engines there are for the levels of a network: compiled where it starts and its float32 holds the twin's integers.
 * Where it does not hold them the twin alone runs eagerly, with a warning SW4020. Throws what starting engines throws, and
 * SW4020 where the compiled engine was asked for by name.
 */
export async function chooseLevelEngines(
  graph: IntegerSpikeGraph,
  { engine, backend }: Pick<EngineChoice, 'engine' | 'backend'>,
): Promise<{ engines: LevelEngines; networks: Engine; diagnostics: readonly Diagnostic[] }> {
  const started = await startEngine({ engine, backend, threads: 1 });
  const eager = await startEager({ backend });
  const networks = started.engine.name === 'compiled' ? 'compiled' : 'eager';
  const problems = networks === 'compiled' ? inexactness(graph, planTwin(graph)) : [];
  const [first] = problems;
  if (first !== undefined && engine === 'compiled') throw failure('SW4020', first);
  return {
    engines: { networks, twin: first === undefined ? networks : 'eager', backend: eager.chosen.backend },
    networks: started.engine,
    diagnostics: problems.map((problem) => diagnostic('SW4020', 'warning', problem)),
  };
}
