import type { CoreImage, Program } from '../../schemas/program.js';
import type { IntegerSpikeGraph, ParameterTable, Population } from '../../schemas/spike.js';

/**
 * The network with windows of the first `timesteps` ≤ T of each population's. No population hears later what it did not
 * hear before, so that it does in them what it did in those of the whole network; only the readout's scale·T is another.
 */
export function shortenGraph(graph: IntegerSpikeGraph, timesteps: number): IntegerSpikeGraph {
  const cut = (table: ParameterTable<Int32Array>): ParameterTable<Int32Array> =>
    table.rows <= timesteps
      ? table
      : { ...table, rows: timesteps, data: table.data.slice(0, timesteps * table.columns) };
  const populations = graph.populations.map(
    (population): Population<Int32Array> => ({
      ...population,
      decay: cut(population.decay),
      threshold: cut(population.threshold),
      bias: cut(population.bias),
    }),
  );
  return { ...graph, timesteps, populations };
}

/** The same of a Program; cores, memories and axons stay as they are. */
export function shortenProgram(program: Program, timesteps: number): Program {
  const stepsPerSample = program.stepsPerSample - program.timesteps + timesteps;
  const cores = program.cores.map((core): CoreImage => {
    const { bias, compartmentCount } = core;
    return {
      ...core,
      profiles: core.profiles.map((profile) => ({
        ...profile,
        threshold: profile.threshold.slice(0, timesteps),
        resetBy: profile.resetBy.slice(0, timesteps),
        decay: profile.decay.slice(0, timesteps),
      })),
      bias: bias.rows <= timesteps ? bias : { rows: timesteps, data: bias.data.slice(0, timesteps * compartmentCount) },
    };
  });
  const sampleInterval = Math.min(program.sampleInterval, stepsPerSample);
  return { ...program, timesteps, stepsPerSample, sampleInterval, cores };
}
