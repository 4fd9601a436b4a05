import { isDeepStrictEqual } from 'node:util';
import { failure } from '../../schemas/diagnostic.js';
import type { Program } from '../../schemas/program.js';
import { parseProbe } from '../../sim/probe.js';
import type { SampleResult } from '../../sim/sample-result.js';
import type { ImageSource } from '../data/image-source.js';
import { breathe, type Hooks } from '../hooks.js';
import { Chip, type ChipOptions } from '../verify/chip.js';
import { EventRate } from '../verify/event-rate.js';
import { samplesPerStream } from '../verify/simulate-task.js';
import { SimulationTrace, type TracePaths } from './simulation-trace.js';

/**
 * Simulates at least one image, one after another or overlapping as the program says, hands `consume` their results, which
 * are those of `simulateImages`, and writes what the probes see; samples are numbered from 0, each asked for in its turn and
 * kept no longer than its stream lasts. Files have their names only when all samples are through: a failed or interrupted run leaves none.
 * Throws SW3020 to SW3022 for probes, SW6002 for probes without a file or a file without probes, SW6010 to SW6012 for
 * files, SW5001 and what loading program and target throws.
 */
export async function traceImages(
  program: Program,
  source: ImageSource,
  options: ChipOptions,
  { probes, paths }: { readonly probes: readonly string[]; readonly paths: TracePaths },
  consume: (result: SampleResult) => void,
  hooks: Hooks = {},
): Promise<void> {
  const all = probes.flatMap((text) => parseProbe(text, program, options.timing));
  // One that was given twice is recorded once.
  const found = all.filter((probe, k) => all.findIndex((other) => isDeepStrictEqual(other, probe)) === k);
  checkUse(probes, paths, options);
  const chip = new Chip(program, options);
  const trace = new SimulationTrace(program, found, paths);
  const rate = new EventRate();
  try {
    const atOnce = samplesPerStream(program);
    for (let first = 0; first < source.count; first += atOnce) {
      const end = Math.min(first + atOnce, source.count);
      const { results } = chip.run(source.images(first, end), { record: false, first, watch: trace });
      for (const result of results) consume(result);
      hooks.progress?.(end, source.count, rate.add(results));
      await breathe(hooks);
    }
    trace.finish();
  } catch (error) {
    trace.discard();
    throw error;
  }
}

function checkUse(probes: readonly string[], { tables, vcd, perfetto }: TracePaths, { timing }: ChipOptions): void {
  if (tables !== undefined && probes.length === 0) {
    throw failure('SW6002', { where: '--probe-out', what: 'without --probe there is nothing to record.' });
  }
  if (vcd !== undefined && !probes.some((text) => /^(spikes|membrane|queue|links)/.test(text))) {
    throw failure('SW6002', {
      where: '--vcd',
      what: 'a waveform needs a --probe of spikes, membrane, queue or links.',
    });
  }
  if (probes.length > 0 && tables === undefined && vcd === undefined && perfetto === undefined) {
    throw failure('SW6002', { where: '--probe', what: 'without --probe-out, --vcd or --perfetto it would be lost.' });
  }
  if (perfetto !== undefined && timing !== 'cycle') {
    throw failure('SW3022', { where: '--perfetto', what: `timing "${timing}" follows no single messages.` });
  }
}
