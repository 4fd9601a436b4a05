import { failure } from '../schemas/diagnostic.js';
import type { Machine } from './machine.js';
import type { Picoseconds } from './quantities.js';
import type { TimingFigures } from './timing-figures.js';

/**
 * Throws SW3013 where a timestep could last longer than `limit` picoseconds: if every neuron fired, and whatever there is to
 * do were done one after another. No timestep lasts longer, for until it ends somebody is at work. `linkTime` [links].
 */
export function checkLongestTimestep(
  { cores, hostInputs, board }: Machine,
  figures: TimingFigures,
  linkTime: Float64Array,
  limit: Picoseconds,
): void {
  const { axonIn, synapticOperation, neuronUpdateActive, neuronUpdateInactive, spikeOut, withinTile } = figures;
  let [updates, messages, received, synapses] = [0, 0, hostInputs.length, 0];
  for (const { compartments, axonsOut } of cores) {
    updates += compartments;
    messages += axonsOut.synapses.length;
    received += axonsOut.synapses.length;
    for (const found of axonsOut.synapses) synapses += found;
  }
  for (const { core, inlet } of hostInputs) synapses += cores[core]!.axonIn.synapseCount[inlet]!;
  const way = (board.columns + board.rows) * linkTime.reduce((most, time) => Math.max(most, time), 0);
  const longest =
    updates * Math.max(neuronUpdateActive, neuronUpdateInactive) +
    messages * (spikeOut + withinTile + way) +
    received * axonIn +
    synapses * synapticOperation;
  if (longest <= limit) return;
  const seconds = (time: number): string => `${(time / 1e12).toLocaleString('en', { maximumSignificantDigits: 3 })} s`;
  const what = `up to ${seconds(longest)} with these figures; timing cycle counts ${seconds(limit)}.`;
  throw failure('SW3013', { where: 'timestep', what });
}
