/**
 * Holds chip against integer twin on whole networks: `npm run check:networks -- [--net resnet20] [--target loihi1]
 * [--samples 8] [--json FILE]` (without --json, to standard output). Networks with random weights and random images; every
 * spike of every layer and every readout is compared. Exits with 1 where any differs. Without --net and --target: vgg11,
 * resnet20 and wrn16-4 on loihi2, and resnet20 on loihi1.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { compile } from '../../compiler/compile.js';
import { encodeImages } from '../../runtime/drive.js';
import { startEngine } from '../../runtime/engine/start.js';
import { startTwin } from '../../runtime/twin/start-twin.js';
import { Chip } from '../../runtime/verify/chip.js';
import { type Comparison, compareSample, mergeComparisons, nothingCompared } from '../../runtime/verify/compare.js';
import { decodeProgram, encodeProgram } from '../../schemas/program-file.js';
import { loadTarget } from '../../targets/load.js';
import { randomImages } from '../property/arbitrary-spike.js';
import { compileNetwork } from './compile-networks.js';

const { values } = parseArgs({
  options: {
    net: { type: 'string' },
    target: { type: 'string', default: 'loihi2' },
    samples: { type: 'string', default: '8' },
    json: { type: 'string', default: '-' },
  },
});

interface NetworkCheck {
  readonly net: string;
  readonly target: string;
  readonly cores: number;
  readonly samples: number;
  /** (neuron, timestep) pairs compared; how many of them fired; and how many differ. */
  readonly spikesCompared: number;
  readonly spikes: number;
  readonly spikeMismatches: number;
  readonly readoutMismatches: number;
  readonly firstMismatch: Comparison['firstMismatch'];
  readonly seconds: number;
}

async function check(net: string, target: string, samples: number): Promise<NetworkCheck> {
  const start = performance.now();
  const tell = (what: string): void => {
    process.stderr.write(`${net} on ${target}: ${what} (${((performance.now() - start) / 1000).toFixed(0)} s)\n`);
  };
  const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };
  const compiled = compile(compileNetwork(net), loadTarget(target), { provenance }).value;
  // What runs is what a file holds.
  const program = decodeProgram(encodeProgram(compiled.program), net);
  tell(`compiled, ${program.cores.length} cores`);
  const graph = compiled.spikeGraph;
  const chip = new Chip(program, { timing: 'off' });
  const { engine } = await startEngine({ engine: 'auto', backend: 'auto', threads: availableParallelism() });
  const twin = await startTwin(graph, engine);
  tell('loaded');
  let total = nothingCompared;
  let spikes = 0;
  const encoded = encodeImages(graph.drives, randomImages(graph.drives[0]!.inputShape, samples, 1));
  for (const [n, sample] of encoded.entries()) {
    const [expected] = await twin.recordEncoded([sample]);
    const [found] = chip.runEncoded([sample], { record: true }).records;
    const compared = compareSample(program, n, expected!, found!);
    for (const raster of found!.spikes.values()) spikes += raster.reduce((sum, spike) => sum + spike, 0);
    total = mergeComparisons(total, compared);
    tell(`sample ${n + 1} of ${samples}, ${total.spikeMismatches + total.readoutMismatches} differences`);
  }
  twin.dispose();
  const seconds = (performance.now() - start) / 1000;
  return { net, target, cores: program.cores.length, ...total, spikes, seconds };
}

const networks =
  values.net === undefined
    ? [
        ['resnet20', 'loihi2'],
        ['wrn16-4', 'loihi2'],
        ['vgg11', 'loihi2'],
        ['resnet20', 'loihi1'],
      ]
    : values.net.split(',').map((net) => [net, values.target]);
const cases: NetworkCheck[] = [];
for (const [net, target] of networks) cases.push(await check(net!, target!, Number(values.samples)));
const text = `${JSON.stringify({ cases }, null, 2)}\n`;
if (values.json === '-') process.stdout.write(text);
else writeFileSync(values.json, text);
process.exitCode = cases.some(({ firstMismatch }) => firstMismatch !== null) ? 1 : 0;
