import type { Projection } from '../schemas/spike.js';
import type { Target } from '../schemas/target.js';
import type { MapShape } from '../schemas/tensor.js';
import { coreLimits } from './core-need.js';
import { EntryCapacity } from './packing.js';
import { type Axis, axisReach, projectionAxes } from './tiling.js';

/** What a projection asks of any mapping. A full neuron hears through all taps that any neuron hears through. */
export interface FanIn {
  /** Words that hold its non-zero weights, each once, at least. */
  readonly words: number;
  /** By source channel, its windows that are heard, at least. */
  readonly windowsOf: Float64Array;
  /** Windows of a channel that reach a full neuron; by source channel, the channels that it then reaches, at least. */
  readonly fullWindows: number;
  readonly channelsOf: Int32Array;
  /** The most channels whose full neurons fit a core; Infinity where there are none. */
  readonly channelsPerCore: number;
  /** Channels, of all cores together, that zero weights may make room for beyond that. */
  readonly channelsByZeros: number;
  /** Sources that a full neuron hears, and targets that a window reaches in the middle of the grid, at least. */
  readonly leastSources: number;
  readonly leastTargets: number;
}

/** Measures a projection between populations of these shapes. */
export function fanIn(projection: Projection<Int32Array>, from: MapShape, to: MapShape, target: Target): FanIn {
  const { kernel } = projection;
  const [, kernelWidth, inputs, channels] = kernel.shape;
  const [rows, columns] = projectionAxes(projection, from);
  const [alongRows, alongColumns] = [axisUse(rows, to[0]), axisUse(columns, to[1])];
  const channelsOf = new Int32Array(inputs).fill(channels);
  const zerosOf = new Int32Array(inputs);
  const zerosTo = new Int32Array(channels);
  for (const tapRow of alongRows.taps) {
    for (const tapColumn of alongColumns.taps) {
      let k = (tapRow * kernelWidth + tapColumn) * inputs * channels;
      for (let input = 0; input < inputs; input += 1) {
        let zeros = 0;
        for (let channel = 0; channel < channels; channel += 1, k += 1) {
          if (kernel.data[k] !== 0) continue;
          zeros += 1;
          zerosTo[channel]! += 1;
        }
        zerosOf[input]! += zeros;
        channelsOf[input] = Math.min(channelsOf[input]!, channels - zeros);
      }
    }
  }
  const taps = alongRows.taps.length * alongColumns.taps.length;
  const zeros = zerosOf.reduce((sum, count) => sum + count, 0);
  const wordLimit = coreLimits(target).find(({ resource }) => resource === 'synapseWords')!.limit;
  const capacity = new EntryCapacity(target.limits, target.arithmetic.weight.bits);
  const fullWindows = alongRows.full * alongColumns.full;
  const room = fullWindows === 0 ? null : channelRoom(capacity, wordLimit, inputs, taps, channels);
  const mostZerosTo = zerosTo.reduce((most, count) => Math.max(most, count), 0);
  const mostZerosOf = zerosOf.reduce((most, count) => Math.max(most, count), 0);
  return {
    words: (taps * inputs * channels - zeros) * capacity.wordsPerSynapse,
    // A source that some tap leads nowhere surely reaches something only where it reaches through all of them.
    windowsOf: Float64Array.from(channelsOf, (reached, input) => {
      if (reached > 0) return alongRows.windows * alongColumns.windows;
      return zerosOf[input]! < taps * channels ? alongRows.complete * alongColumns.complete : 0;
    }),
    fullWindows,
    channelsOf,
    channelsPerCore: room === null ? Number.POSITIVE_INFINITY : room.channels,
    channelsByZeros: room === null ? 0 : ((1 + room.byZeros) * zeros) / (taps * inputs),
    leastSources: fullWindows === 0 ? 0 : taps * inputs - mostZerosTo,
    leastTargets: Math.max(0, alongRows.most * alongColumns.most * channels - mostZerosOf),
  };
}

/** The taps of an axis that lead from a source to a target of the grid. */
interface AxisUse {
  readonly taps: readonly number[];
  /** Sources that reach any target, those that do through all `taps`, and those that reach one which hears through all. */
  readonly windows: number;
  readonly complete: number;
  readonly full: number;
  /** Targets of every source that reaches such a one, at least. */
  readonly most: number;
}

function axisUse(axis: Axis, extent: number): AxisUse {
  const reaches = axisReach(axis, [0, extent]);
  const taps = new Set<number>();
  const heard = new Int32Array(extent);
  for (const { first, taps: count, tap } of reaches) {
    for (let n = 0; n < count; n += 1) {
      taps.add(tap - n * axis.stride);
      heard[first + n]! += 1;
    }
  }
  const full = reaches.filter(({ first, taps: count }) => {
    return heard.subarray(first, first + count).includes(taps.size);
  });
  return {
    taps: [...taps],
    windows: reaches.length,
    complete: reaches.filter(({ taps: count }) => count === taps.size).length,
    full: full.length,
    most: full.length === 0 ? 0 : full.reduce((least, { taps: count }) => Math.min(least, count), extent),
  };
}

/**
 * How many channels' full neurons a core of `words` words holds at most: each takes a weight for every one of `taps` taps
 * of each of `inputs` source channels, whose lists are in whole words. `byZeros` is what room zero weights make: with them
 * lists may differ in length, and c channels with z zeros per source channel have c·taps ≤ channels·taps + (1 + byZeros)·z.
 *
 * With an average of w words per source channel, lists of w₁ ≤ w and w₂ ≥ w words in proportion hold the most synapses;
 * those that the shorter lists lack of c·taps are zeros. `byZeros` is the largest gain per zero over all such pairs.
 */
function channelRoom(
  capacity: EntryCapacity,
  words: number,
  inputs: number,
  taps: number,
  channels: number,
): { readonly channels: number; readonly byZeros: number } | null {
  const average = words / inputs;
  const all = taps * channels;
  if (average >= all) return null;
  const most = Math.floor(capacity.synapses(Math.floor(average)) / taps);
  if (most === 0 || most >= channels) return null;
  let byZeros = 0;
  for (let longer = Math.ceil(average); ; longer += 1) {
    const atMost = Math.min(all, capacity.synapses(longer));
    for (let shorter = 0; shorter <= average; shorter += 1) {
      const share = longer === shorter ? 1 : (average - shorter) / (longer - shorter);
      const held = share * atMost + (1 - share) * capacity.synapses(shorter);
      const gain = held - most * taps;
      const zeros = Math.max((most + 1) * taps, atMost) - held;
      if (gain > 0 && zeros > 0) byZeros = Math.max(byZeros, gain / zeros);
    }
    if (atMost === all) break;
  }
  return { channels: most, byZeros };
}
