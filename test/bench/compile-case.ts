/** One case of the compiler's measurements in a process of its own: `compile-case NET TARGET`, the result on standard output. */
import { compile } from '../../compiler/compile.js';
import { hopBound } from '../../compiler/hop-bound.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import { encodeProgram } from '../../schemas/program-file.js';
import { loadTarget } from '../../targets/load.js';
import { compileNetwork } from './compile-networks.js';

/** A network on a target; what only a Program could tell is null where the compiler refused. */
export interface CompileCase {
  readonly net: string;
  readonly target: string;
  /** From the SNN in memory to the bytes of the Program. */
  readonly seconds: number;
  /** Largest resident size of the process. */
  readonly peakBytes: number;
  readonly chips: number | null;
  readonly cores: number | null;
  readonly coresLowerBound: number | null;
  readonly bindingLimit: string | null;
  /** Of all cores together. */
  readonly synapseBytes: number | null;
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
  messages: null,
  spikeHops: null,
  spikeHopsRowMajor: null,
  spikeHopsLowerBound: null,
  coresOf: null,
  boundOf: null,
  bindingOf: null,
  refused: null,
};

function outcome(net: string, targetName: string): Outcome {
  const snn = compileNetwork(net);
  const target = loadTarget(targetName);
  const provenance = { spikewrightVersion: '0', sources: [], options: '{}' };
  const start = process.hrtime.bigint();
  const seconds = (): number => Number(process.hrtime.bigint() - start) / 1e9;
  try {
    const { program, traffic, bound, mapping } = compile(snn, target, { provenance }).value;
    encodeProgram(program);
    const cost = { seconds: seconds(), peakBytes: peakBytes() };
    return {
      ...cost,
      chips: program.chips,
      cores: program.cores.length,
      coresLowerBound: bound.cores,
      bindingLimit: bound.limit,
      synapseBytes: program.cores.reduce((sum, { synapseMemory }) => sum + synapseMemory.length, 0),
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

const [net = '', target = ''] = process.argv.slice(2);
const result: CompileCase = { net, target, ...outcome(net, target) };
process.stdout.write(JSON.stringify(result));
