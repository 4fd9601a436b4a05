import { sha256 } from '../../schemas/hash.js';
import { encodeProgram } from '../../schemas/program-file.js';
import { encodeSpikeGraph } from '../../schemas/spike-file.js';
import { countText, figureText, percentText } from '../report/number-text.js';
import { textTable } from '../report/text-table.js';
import { writeFileWhole } from '../store/write-file.js';
import { spikewrightVersion } from '../version.js';
import { defineCommand } from './command.js';
import { targetOption } from './shared-options.js';

export const compile = defineCommand({
  name: 'compile',
  summary: 'Fold, quantise and map an SNN on a chip',
  positionals: ['<snn>'],
  options: {
    snn: { type: 'string', demandOption: true, describe: 'SNN (.sws)' },
    out: { type: 'string', demandOption: true, describe: 'Program to write (.swp)' },
    graph: { type: 'string', describe: 'Also write the integer network that the program computes (.swg), for verify' },
    target: targetOption,
  },
  examples: [
    ['compile net.sws --out net.swp --graph net.swg', 'Maps on Loihi 1; keeps what verify compares with'],
    ['compile net.sws --out net.swp --target mychip.json', 'Maps on a chip of your own'],
  ],
  async run(args, context) {
    const [{ compile: compileSnn }, { chosenTarget }, { readSnnFile }] = await Promise.all([
      import('../../compiler/compile.js'),
      import('../target-choice.js'),
      import('./read-network.js'),
    ]);
    const target = await chosenTarget(args.target);
    const snn = await readSnnFile(args.snn);
    const { encodeSnn } = await import('../../schemas/snn-file.js');
    const sources = [
      { role: 'snn', sha256: sha256(encodeSnn(snn)) },
      { role: 'target', sha256: sha256(Buffer.from(JSON.stringify(target))) },
    ];
    const { value, diagnostics } = compileSnn(snn, target, {
      provenance: { spikewrightVersion, sources, options: '{}' },
    });
    context.tell(diagnostics);
    const { program, mapping, quantisation } = value;
    const bytes = encodeProgram(program);
    await writeFileWhole(args.out, bytes);
    if (args.graph !== undefined) await writeFileWhole(args.graph, encodeSpikeGraph(value.spikeGraph));
    context.print(
      textTable(
        [
          { title: 'Layer' },
          { title: 'Cores', align: 'right' },
          { title: 'Parts', align: 'right' },
          { title: 'Tightest limit' },
          { title: 'Used', align: 'right' },
          { title: 'Units per unit', align: 'right' },
          { title: 'Clipped', align: 'right' },
        ],
        mapping.layers.map((layer) => {
          const row = quantisation.find(({ population }) => population === layer.population);
          return [
            layer.population,
            countText(layer.cores),
            layer.parts.join(' × '),
            layer.binding,
            percentText(layer.bindingPercent),
            figureText(row?.scale ?? null),
            row === undefined ? '–' : percentText(row.clippedPercent),
          ];
        }),
      ),
    );
    context.print(
      `\n${args.out}: ${countText(program.cores.length)} cores on ${countText(program.chips)} of ${target.name}`,
    );
    const { layers, limits } = mapping;
    return {
      json: {
        out: args.out,
        sha256: sha256(bytes),
        target: target.name,
        layers,
        limits,
        quantisation,
        traffic: value.traffic,
      },
      diagnostics: [],
    };
  },
});
