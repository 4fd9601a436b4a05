/**
 * One case of the compiler's measurements in a process of its own: `compile-case NET TARGET FILE`, where FILE is the
 * network's SNN file, beside which the Program is written; the result on standard output.
 */
import { compile } from '../../compiler/compile.js';
import { hopBound } from '../../compiler/hop-bound.js';
import { readSnnFile } from '../../runtime/cli/read-network.js';
import { writeFileWhole } from '../../runtime/store/write-file.js';
import { recordIntegerNetwork } from '../../runtime/verify/origin.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import { programParts } from '../../schemas/program-file.js';
import { snnParts } from '../../schemas/snn-file.js';
import { spikeGraphParts } from '../../schemas/spike-file.js';
import { loadTarget } from '../../targets/load.js';

/** A network on a target; what only a Program could tell is null where the compiler refused. */
export interface CompileCase {
  readonly net: string;
  readonly target: string;
  /** From the SNN's file to the Program's, as the command does: read, hash, compile, hash, write. */
  readonly seconds: number;
  /** Largest resident size of the process. */
  readonly peakBytes: number;
  readonly chips: number | null;
  readonly cores: number | null;
  readonly coresLowerBound: number | null;
  readonly bindingLimit: string | null;
  /** Of all cores together. */
  readonly synapseBytes: number | null;
  readonly secondsPerSynapseMebibyte: number | null;
  readonly peakBytesPerSynapseByte: number | null;
  readonly messages: number | null;
  readonly spikeHops: number | null;
  readonly spikeHopsRowMajor: number | null;
  /** What no placement of these cores could do with fewer than. */
  readonly spikeHopsLowerBound: number | null;
  /** By population. */
  readonly coresOf: Readonly<Record<string, number>> | null;
  /** By population of the network, the cores that it takes at least, and the limit that asks for them. */
  readonly boundOf: Readonly<Record<string, { readonly cores: number; readonly limit: string }>> | null;
  /** By population, the limit of which its fullest core uses the largest share. */
  readonly bindingOf: Readonly<Record<string, string>> | null;
  readonly refused: { readonly code: string; readonly where: string; readonly what: string } | null;
}

type Outcome = Omit<CompileCase, 'net' | 'target'>;

const nothing: Omit<Outcome, 'seconds' | 'peakBytes'> = {
  chips: null,
  cores: null,
  coresLowerBound: null,
  bindingLimit: null,
  synapseBytes: null,
  secondsPerSynapseMebibyte: null,
  peakBytesPerSynapseByte: null,
  messages: null,
  spikeHops: null,
  spikeHopsRowMajor: null,
  spikeHopsLowerBound: null,
  coresOf: null,
  boundOf: null,
  bindingOf: null,
  refused: null,
};

async function outcome(snnFile: string, targetName: string): Promise<Outcome> {
  const target = loadTarget(targetName);
  const start = process.hrtime.bigint();
  const seconds = (): number => Number(process.hrtime.bigint() - start) / 1e9;
  try {
    const snn = await readSnnFile(snnFile);
    const sources = [{ role: 'snn', sha256: sha256(snnParts(snn)) }];
    const provenance = { spikewrightVersion: '0', sources, options: '{}' };
    const { program, spikeGraph, traffic, bound, mapping } = compile(snn, target, { provenance }).value;
    const file = programParts(recordIntegerNetwork(program, spikeGraphParts(spikeGraph)));
    await writeFileWhole(`${snnFile}.swp`, file);
    const cost = { seconds: seconds(), peakBytes: peakBytes() };
    const synapseBytes = program.cores.reduce((sum, { synapseMemory }) => sum + synapseMemory.length, 0);
    return {
      ...cost,
      synapseBytes,
      secondsPerSynapseMebibyte: (cost.seconds / synapseBytes) * 2 ** 20,
      peakBytesPerSynapseByte: cost.peakBytes / synapseBytes,
      chips: program.chips,
      cores: program.cores.length,
      coresLowerBound: bound.cores,
      bindingLimit: bound.limit,
      ...traffic,
      spikeHopsLowerBound: hopBound(program, null, target),
      boundOf: Object.fromEntries(bound.layers.map(({ population, cores, limit }) => [population, { cores, limit }])),
      bindingOf: Object.fromEntries(mapping.layers.map(({ population, binding }) => [population, binding])),
      coresOf: Object.fromEntries(mapping.layers.map(({ population, cores }) => [population, cores])),
      refused: null,
    };
  } catch (error) {
    const reason = error instanceof SpikewrightError ? error.diagnostics[0] : undefined;
    if (reason === undefined) throw error;
    const { code, where, what } = reason;
    return { ...nothing, seconds: seconds(), peakBytes: peakBytes(), refused: { code, where, what } };
  }
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

const [net = '', target = '', snnFile = ''] = process.argv.slice(2);
const result: CompileCase = { net, target, ...(await outcome(snnFile, target)) };
process.stdout.write(JSON.stringify(result));
