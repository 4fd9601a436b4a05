/**
 * Measures the compiler: `npm run bench:compile -- --json FILE [--net vgg11,resnet20] [--target loihi1,loihi2]` (without
 * --json, to standard output). Each case runs in a process of its own, so that its peak memory is its own: building the
 * network with random weights, then, timed, `compile` and the encoding of the Program. A case that is refused keeps its
 * diagnostic in `refused` and null in all that needs a Program.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { CompileCase } from './compile-case.js';
import { compileNetworks } from './compile-networks.js';

const { values } = parseArgs({
  options: {
    json: { type: 'string', default: '-' },
    net: { type: 'string', default: compileNetworks.join(',') },
    target: { type: 'string', default: 'loihi1,loihi2' },
  },
});
const script = fileURLToPath(new URL('./compile-case.js', import.meta.url));
const cases: CompileCase[] = [];
for (const target of values.target.split(',')) {
  for (const net of values.net.split(',')) {
    const { stdout } = await promisify(execFile)(process.execPath, [script, net, target]);
    const result: CompileCase = JSON.parse(stdout);
    cases.push(result);
    process.stderr.write(`${lineOf(result)}\n`);
  }
}
const text = `${JSON.stringify({ cases }, null, 2)}\n`;
if (values.json === '-') process.stdout.write(text);
else writeFileSync(values.json, text);

function lineOf(result: CompileCase): string {
  const { net, target, seconds, peakBytes, cores, coresLowerBound, bindingLimit } = result;
  const { spikeHops, spikeHopsRowMajor, spikeHopsLowerBound } = result;
  const cost = `${net} on ${target}: ${seconds.toFixed(1)} s, ${(peakBytes / 2 ** 20).toFixed(0)} MiB`;
  if (result.refused !== null) return `${cost}; refused: ${result.refused.code} ${result.refused.where}`;
  const times = (hops: number): string => (spikeHopsRowMajor! / Math.max(1, hops)).toFixed(2);
  const hops = `hops ${times(spikeHops!)} times fewer than row-major (at best ${times(spikeHopsLowerBound!)})`;
  return `${cost}, ${cores} cores (at least ${coresLowerBound} by ${bindingLimit}), ${hops}`;
}
