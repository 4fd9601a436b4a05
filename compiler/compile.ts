import type { Result } from '../schemas/diagnostic.js';
import { PROGRAM_VERSION, type Program, type Provenance } from '../schemas/program.js';
import type { SnnGraph } from '../schemas/snn.js';
import type { FloatSpikeGraph, IntegerSpikeGraph } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import type { CalibrationImages } from './calibration.js';
import { type CoreBound, coreBound } from './core-bound.js';
import { CorePlanner } from './core-plan.js';
import { emitCores } from './emit.js';
import { explainMapping, type MappingTables } from './explain.js';
import { lower } from './lower.js';
import { partition } from './partition.js';
import { type PlacementOptions, place } from './place.js';
import type { QuantisationRow } from './quantisation-table.js';
import { quantise } from './quantise.js';
import { type RelayRow, relay } from './relay.js';
import { trafficOf } from './route.js';
import { schedule } from './schedule.js';
import type { AskedSplits } from './split-parts.js';
import { wire } from './wire.js';

export interface CompileOptions {
  /** Copied into the Program. */
  readonly provenance: Provenance;
  /** How cores are placed; without it by `defaultPlacement`. */
  readonly placement?: PlacementOptions & TrafficRates;
  /** Images to quantise by; without them sources are taken to fire at one rate. */
  readonly calibration?: CalibrationImages | null;
  /** How layers are to be cut; without it the search decides. */
  readonly splits?: AskedSplits;
}

/** What the traffic between cores is reckoned from. */
export interface TrafficRates {
  /** Spikes of one neuron per sample, by population, as a simulation counted them; null: every neuron fires once. */
  readonly rates: ReadonlyMap<string, number> | null;
}

/** A whole free board, every neuron firing once per sample. */
export const defaultPlacement: PlacementOptions & TrafficRates = { seed: 0, moves: null, occupied: [], rates: null };

/** Messages of a sample, and links they cross as placed and in row-major order, at the rates of the placement. */
export interface TrafficRow {
  readonly messages: number;
  readonly spikeHops: number;
  readonly spikeHopsRowMajor: number;
}

export interface MappedProgram {
  /** The given graph, its windows moved where relays take time. */
  readonly spikeGraph: IntegerSpikeGraph;
  readonly program: Program;
  readonly mapping: MappingTables;
  readonly traffic: TrafficRow;
  readonly bound: CoreBound;
}

export interface Compiled extends MappedProgram {
  readonly floatGraph: FloatSpikeGraph;
  readonly relays: readonly RelayRow[];
  readonly quantisation: readonly QuantisationRow[];
}

/**
 * A spiking network for a chip: lower, relay, quantise, then `compileIntegerGraph`. Throws SW2001…SW2102 where the network has
 * no place on the target; its diagnostics are warnings and notes.
 */
export function compile(snn: SnnGraph, target: Target, options: CompileOptions): Result<Compiled> {
  const { graph: floatGraph, relays } = relay(lower(snn), target);
  const { value, diagnostics } = quantise(floatGraph, target, options.calibration ?? null);
  const mapped = compileIntegerGraph(value.graph, target, options);
  return {
    value: { ...mapped, floatGraph, relays, quantisation: value.rows },
    diagnostics,
  };
}

/** An integer graph, quantised for this target, as a Program: partition, wire, place, schedule, emit. */
export function compileIntegerGraph(
  graph: IntegerSpikeGraph,
  target: Target,
  { provenance, placement = defaultPlacement, splits = new Map() }: CompileOptions,
): MappedProgram {
  const planner = new CorePlanner(target);
  const { graph: spikeGraph, placed } = partition(graph, target, splits);
  const wired = wire(placed, target);
  const traffic = trafficOf(
    wired,
    placed.map(({ population, relayOf }) => placement.rates?.get(relayOf ?? population.name) ?? 1),
  );
  const { slots, chips, ...distances } = place(wired.length, traffic, target, placement);
  const { stepsPerSample, sampleInterval, hostAxons } = schedule(spikeGraph, placed, wired, slots, target);
  const cores = emitCores(wired, slots, placed, planner, target);
  const program: Program = {
    formatVersion: PROGRAM_VERSION,
    name: graph.name,
    provenance,
    targetJson: JSON.stringify(target),
    timesteps: graph.timesteps,
    stepsPerSample,
    sampleInterval,
    chips,
    populations: placed.map(({ population: { name, kind, shape, phase, scale }, relayOf }) => {
      return { name, kind, shape, phase, scale, relayOf };
    }),
    drives: graph.drives,
    hostAxons,
    cores,
  };
  const messages = traffic.reduce((sum, flow) => sum + flow.messages, 0);
  return {
    program,
    spikeGraph,
    mapping: explainMapping(placed, wired, cores, target),
    traffic: { messages, ...distances },
    bound: coreBound(graph, target),
  };
}
