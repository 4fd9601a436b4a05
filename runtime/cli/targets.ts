import { failure } from '../../schemas/diagnostic.js';
import type { Figure, Target } from '../../schemas/target.js';
import { loadTarget, targetNames } from '../../targets/load.js';
import { figureText } from '../report/number-text.js';
import { textTable } from '../report/text-table.js';
import { chosenTarget } from '../target-choice.js';
import { defineCommand } from './command.js';
import { controlFree } from './control-free.js';

export const targets = defineCommand({
  name: 'targets',
  summary: 'List the chips, show one with the source of every figure, or check a target file',
  positionals: ['[name]', '[file]'],
  options: {
    name: { type: 'string', describe: 'Chip to show; "check" to check FILE' },
    file: { type: 'string', describe: 'Target file to check' },
  },
  examples: [
    ['targets', 'Lists the chips'],
    ['targets loihi1', 'Every figure of Loihi 1 with its source'],
    ['targets check mychip.json', 'Checks a chip description of your own'],
  ],
  async run({ name, file }, context) {
    if (name === 'check') {
      if (file === undefined)
        throw failure('SW6001', { where: 'spikewright targets check', what: 'no file was given.' });
      const target = await chosenTarget(file.includes('.') || file.includes('/') ? file : `./${file}`);
      context.print(`✓ ${file}: target ${controlFree(target.name)}`);
      return { json: { file, name: target.name, valid: true } };
    }
    if (file !== undefined)
      throw failure('SW6001', { where: 'spikewright targets', what: `"${file}" is one name too many.` });
    if (name !== undefined) {
      const target = await chosenTarget(name);
      context.print(targetText(target));
      return { json: target };
    }
    const all = targetNames().map(loadTarget);
    context.print(
      textTable(
        [
          { title: 'Target' },
          { title: 'Cores/chip', align: 'right' },
          { title: 'Energy profiles' },
          { title: 'Description' },
        ],
        all.map((target) => [
          target.name,
          figureText(target.limits.coresPerChip.value),
          Object.keys(target.energyProfiles).join(', '),
          target.description,
        ]),
      ),
    );
    return { json: all.map((target) => ({ name: target.name, description: target.description })) };
  },
});

function targetText(target: Target): string {
  const { limits, timing, energyProfiles, mesh, arithmetic } = target;
  const profiles = Object.entries(energyProfiles).map(
    ([name, profile]) =>
      `Energy profile ${name}${name === target.defaultEnergyProfile ? ' (default)' : ''}: ${profile.description}\n${figureTable(profile)}`,
  );
  return controlFree(
    [
      `${target.name}: ${target.description}`,
      `Limits\n${figureTable(limits)}`,
      `Mesh: ${mesh.columns} × ${mesh.rows} tiles of ${mesh.coresPerTile} cores\n${figureTable(mesh)}`,
      `Arithmetic: fires on v ${arithmetic.compare} θ; resets ${arithmetic.resets.join(', ')}; membrane ±${figureText(arithmetic.membraneMax)}; weights ±${arithmetic.weight.mantissaMax} in steps of ${arithmetic.weight.step}`,
      `Timing (${timing.clock})\n${figureTable(timing)}`,
      ...profiles,
    ].join('\n\n'),
  );
}

/** The figures among a record's values, each with its source. */
function figureTable(record: object): string {
  const rows = Object.entries(record).flatMap(([name, value]: [string, unknown]) =>
    isFigure(value)
      ? [[name, value.value === null ? 'unknown' : figureText(value.value), value.unit, sourceOf(value)]]
      : [],
  );
  return textTable(
    [{ title: 'Figure' }, { title: 'Value', align: 'right' }, { title: 'Unit' }, { title: 'Source' }],
    rows,
  );
}

function sourceOf(figure: Figure): string {
  if (figure.value === null) return figure.note;
  return figure.note === undefined ? figure.source : `${figure.source}; ${figure.note}`;
}

function isFigure(value: unknown): value is Figure {
  return typeof value === 'object' && value !== null && 'unit' in value && 'value' in value;
}
