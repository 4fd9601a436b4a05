/**
 * Measures the simulator: `npm run bench:sim -- --json FILE [--net dense-a,vgg11] [--mode off]` (without --json, to
 * standard output). One case per network, timing mode and number of workers, each in a process of its own, so that its peak memory is
 * its own; then the modes against each other, and one thread against two, taking turns in one process. Networks whose names begin with `flat` tell how the cost of a synaptic operation depends on their number.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { networkNames } from './networks.js';
import { printMeasurements } from './print-measurements.js';
import type { SimCase } from './sim-case.js';
import type { SimRatios } from './sim-ratios.js';
import type { SimThreads } from './sim-threads.js';

const { values } = parseArgs({
  options: {
    json: { type: 'string', default: '-' },
    net: { type: 'string', default: networkNames.join(',') },
    mode: { type: 'string', default: 'off,analytic,cycle' },
  },
});

async function run(script: string, ...args: readonly string[]): Promise<string> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return (await promisify(execFile)(process.execPath, [path, ...args])).stdout;
}

const cases: SimCase[] = [];
const ratios: SimRatios[] = [];
const threads: SimThreads[] = [];
for (const net of values.net.split(',')) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-sim-'));
  try {
    await run('./sim-network.js', net, folder);
    for (const mode of values.mode.split(',')) {
      if (net.startsWith('flat') && mode !== 'off') continue;
      for (const workers of mode === 'cycle' ? [0, 1, 2] : [0]) {
        const result: SimCase = JSON.parse(await run('./sim-case.js', net, mode, String(workers), folder));
        cases.push(result);
        process.stderr.write(`${lineOf(result)}\n`);
      }
    }
    if (net.startsWith('flat')) continue;
    for (const mode of values.mode.split(',').filter((name) => name !== 'analytic')) {
      const result: SimThreads = JSON.parse(await run('./sim-threads.js', net, mode, folder));
      threads.push(result);
      process.stderr.write(`${threadLineOf(result)}\n`);
    }
    if (values.mode === 'off') continue;
    const result: SimRatios = JSON.parse(await run('./sim-ratios.js', net, folder));
    ratios.push(result);
    process.stderr.write(`${ratioLineOf(result)}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
printMeasurements({ cases, ratios, threads }, values.json);

function threadLineOf({ net, mode, samplesPerSecond: [one, two], ratio, processorRatio }: SimThreads): string {
  return (
    `${net} ${mode}, started: ${one.toPrecision(4)} samples/s with one thread, ${two.toPrecision(4)} with two, ` +
    `${ratio.toFixed(2)} × as many for ${processorRatio.toFixed(2)} × the processor time`
  );
}

function ratioLineOf(ratios: SimRatios): string {
  const { net, analyticToOff, cycleToOff, messagesPerSecond, clockMessagesPerSecond, clockCrossingsPerSecond } = ratios;
  const millions = (rate: number): string => `${(rate / 1e6).toFixed(1)} M`;
  return (
    `${net}, processor time: analytic ${analyticToOff.toFixed(2)} × off, cycle ${cycleToOff.toFixed(2)} × off: ` +
    `${millions(messagesPerSecond)} messages/s, by the clock alone ${millions(clockMessagesPerSecond)}, ` +
    `which cross ${millions(clockCrossingsPerSecond)} links/s`
  );
}

function lineOf(result: SimCase): string {
  const {
    net,
    mode,
    workers,
    samples,
    spikes,
    synops,
    messages,
    seconds,
    loadSeconds,
    peakBytes,
    kernelSynopsPerSecond,
  } = result;
  const rate = synops / seconds;
  const share =
    kernelSynopsPerSecond === null
      ? ''
      : ` (${((100 * rate) / kernelSynopsPerSecond).toFixed(0)} % of the loops alone, which take ${((1e3 * synops) / samples / kernelSynopsPerSecond).toFixed(2)} ms)`;
  const load = loadSeconds === null ? `${workers} threads` : `loaded in ${loadSeconds.toFixed(1)} s`;
  const each = (value: number): string => Math.round(value / samples).toLocaleString('en');
  return (
    `${net} ${mode}, ${load}: ${((seconds / samples) * 1e3).toFixed(2)} ms a sample, ${(rate / 1e9).toFixed(2)} G synops/s${share}, ` +
    `${(messages / seconds / 1e6).toFixed(2)} M messages/s, ${each(spikes)} spikes, ${each(synops)} synops, ` +
    `${each(messages)} messages, ${(peakBytes / 2 ** 20).toFixed(0)} MiB`
  );
}
