import { sha256 } from '../../schemas/hash.js';
import { decodeProgram } from '../../schemas/program-file.js';
import { decodeIntegerSpikeGraph } from '../../schemas/spike-file.js';
import { countText } from '../report/number-text.js';
import { readFileWhole } from '../store/read-file.js';
import { defineCommand } from './command.js';
import { backendOption } from './shared-options.js';

export const reproduce = defineCommand({
  name: 'reproduce',
  summary: 'Run the smallest case in which chip and twin differed, as verify wrote it',
  positionals: ['<reproducer>'],
  options: {
    reproducer: { type: 'string', demandOption: true, describe: 'Reproducer (.json)' },
    program: { type: 'string', demandOption: true, describe: 'Program (.swp): the one at fault, or a mended one' },
    graph: { type: 'string', demandOption: true, describe: 'Integer network it was compiled from (.swg)' },
    backend: backendOption,
  },
  examples: [
    ['reproduce net.reproducer.json --program net.swp --graph net.swg', 'Exits with 1 while they still differ'],
  ],
  async run(args, context) {
    const [{ startEager }, { readReproducer, reproducerSummary }, { SideBySide }, { comparisonDiagnostics }, fault] =
      await Promise.all([
        import('../engine/start.js'),
        import('../verify/reproducer.js'),
        import('../verify/side-by-side.js'),
        import('../verify/compare.js'),
        import('../verify/fault.js'),
      ]);
    const graphFile = await readFileWhole(args.graph);
    const programFile = await readFileWhole(args.program);
    const graph = decodeIntegerSpikeGraph(graphFile, args.graph);
    const program = decodeProgram(programFile, args.program);
    const text = Buffer.from(await readFileWhole(args.reproducer)).toString('utf8');
    const { reproducer, drives } = readReproducer(text, args.reproducer, graph, sha256(graphFile));
    await startEager({ backend: args.backend });
    const pair = new SideBySide(program, graph);
    const comparison = await pair.compare(drives, reproducer.timesteps, reproducer.sample);
    pair.dispose();
    const isSameProgram = sha256(programFile) === reproducer.program.sha256;
    const { spikesCompared, spikeMismatches, readoutMismatches, firstMismatch } = comparison;
    const found = firstMismatch && fault.locateFault(program, graph, firstMismatch);
    context.print(
      `${isSameProgram ? 'The program it was made with' : 'Another program'} on ${reproducerSummary(reproducer, graph)}\n` +
        `${countText(spikesCompared)} spike slots compared: ${countText(spikeMismatches)} differ; ${countText(readoutMismatches)} readouts differ`,
    );
    return {
      json: {
        isSameProgram,
        timesteps: reproducer.timesteps,
        spikeMismatches,
        readoutMismatches,
        firstMismatch,
        fault: found,
      },
      diagnostics: [...comparisonDiagnostics(comparison), ...fault.faultDiagnostics(found)],
    };
  },
});
