/**
 * Measures the compiler: `npm run bench:compile -- --json FILE [--net vgg11,resnet20] [--target loihi1,loihi2]` (without
 * --json, to standard output). Each case runs in a process of its own, so that its peak memory is its own, and is timed from
 * the file of an SNN with random weights to that of its Program. A case that is refused keeps its diagnostic in `refused`
 * and null in all that needs a Program.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { encodeSnn } from '../../schemas/snn-file.js';
import type { CompileCase } from './compile-case.js';
import { compileNetwork, compileNetworks } from './compile-networks.js';
import { printMeasurements } from './print-measurements.js';

const { values } = parseArgs({
  options: {
    json: { type: 'string', default: '-' },
    net: { type: 'string', default: compileNetworks.join(',') },
    target: { type: 'string', default: 'loihi1,loihi2' },
  },
});
const script = fileURLToPath(new URL('./compile-case.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-compile-'));
const cases: CompileCase[] = [];
try {
  for (const net of values.net.split(',')) {
    const file = join(folder, 'net.sws');
    writeFileSync(file, encodeSnn(compileNetwork(net)));
    for (const target of values.target.split(',')) {
      const { stdout } = await promisify(execFile)(process.execPath, [script, net, target, file]);
      const result: CompileCase = JSON.parse(stdout);
      cases.push(result);
      process.stderr.write(`${lineOf(result)}\n`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
const sizes = values.target.split(',').flatMap(growthOn);
for (const { target, exponent } of sizes) {
  process.stderr.write(`vgg11 on ${target}: seconds grow as synapse memory to the power ${exponent.toFixed(2)}\n`);
}
printMeasurements({ cases, sizes }, values.json);

/** How the seconds of vgg11 grow from its smallest size to its largest; nothing where less than three were measured. */
function growthOn(target: string) {
  const family = cases.flatMap(({ net, target: own, seconds, synapseBytes }) => {
    return own === target && net.startsWith('vgg11') && synapseBytes !== null ? [{ net, seconds, synapseBytes }] : [];
  });
  if (family.length < 3) return [];
  family.sort((a, b) => a.synapseBytes - b.synapseBytes);
  const [least, most] = [family[0]!, family.at(-1)!];
  const exponent = Math.log(most.seconds / least.seconds) / Math.log(most.synapseBytes / least.synapseBytes);
  return [{ target, nets: family.map(({ net }) => net), exponent }];
}

function lineOf(result: CompileCase): string {
  const { net, target, seconds, peakBytes, cores, coresLowerBound, bindingLimit } = result;
  const { spikeHops, spikeHopsRowMajor, spikeHopsLowerBound } = result;
  const each = result.secondsPerSynapseMebibyte;
  const perMebibyte = each === null ? '' : ` (${each.toFixed(2)} for a MiB of synapses)`;
  const cost = `${net} on ${target}: ${seconds.toFixed(1)} s${perMebibyte}, ${(peakBytes / 2 ** 20).toFixed(0)} MiB`;
  if (result.refused !== null) return `${cost}; refused: ${result.refused.code} ${result.refused.where}`;
  const times = (hops: number): string => (spikeHopsRowMajor! / Math.max(1, hops)).toFixed(2);
  const hops = `hops ${times(spikeHops!)} times fewer than row-major (at best ${times(spikeHopsLowerBound!)})`;
  return `${cost}, ${cores} cores (at least ${coresLowerBound} by ${bindingLimit}), ${hops}`;
}
