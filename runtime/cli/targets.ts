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
      `Capabilities\n${capabilityTable(target)}${originText(arithmetic)}`,
      `Limits\n${figureTable(limits)}`,
      `Mesh: ${mesh.columns} × ${mesh.rows} tiles, ${mesh.coresPerTile} ${mesh.coresPerTile === 1 ? 'core' : 'cores'} each${originText(mesh)}\n${figureTable(mesh)}`,
      `Timing (${timing.clock})\n${figureTable(timing)}`,
      ...profiles,
    ].join('\n\n'),
  );
}

/** What the chip computes, and what it cannot. */
function capabilityTable({ arithmetic, limits }: Target): string {
  const { weight, threshold, bias } = arithmetic;
  const grid = (mantissaMax: number, step: number, exponentMax: number): string => {
    const unit = step === 1 ? '' : `·${figureText(step)}`;
    return `±${figureText(mantissaMax)}${unit}${exponentMax === 0 ? '' : `·2^0…${exponentMax}`}`;
  };
  const rows: readonly (readonly [string, string])[] = [
    ['spikes where', `v ${arithmetic.compare} θ`],
    ['resets', arithmetic.resets.join(', ')],
    ['weights', `${grid(weight.mantissaMax, weight.step, weight.exponentMax)}, ${weight.bits} bits`],
    ['thresholds', `1…${figureText(threshold.mantissaMax)}${threshold.step === 1 ? '' : `·${threshold.step}`}`],
    ['membrane', `±${figureText(arithmetic.membraneMax)}`],
    ['input of a timestep', arithmetic.inputMax === null ? 'no bound' : `±${figureText(arithmetic.inputMax)}`],
    ['leak', arithmetic.decayBits === 0 ? 'none that multiplies' : `${arithmetic.decayBits} bits`],
    ['constant current', bias === null ? 'none' : grid(bias.mantissaMax, 1, bias.exponentMax)],
    ['bias inside the window', arithmetic.biasGate ? 'gated' : 'by an axon driven each timestep'],
    ['parameters by timestep', arithmetic.perStepTables ? 'yes' : 'no'],
    ['samples in a pipeline', arithmetic.windowReset ? 'yes: membranes clear by population' : 'no'],
    ['population axons', limits.populationAxon === null ? 'no' : 'yes'],
  ];
  return textTable([{ title: 'Capability' }, { title: 'Value' }], rows);
}

function originText({ source, date }: { readonly source?: string; readonly date?: string }): string {
  if (source === undefined) return '';
  return `\nSource: ${source}${date === undefined ? '' : ` (${date})`}`;
}

/** The figures among a record's values and in the records inside it, each with its source. */
function figureTable(record: object): string {
  return textTable(
    [{ title: 'Figure' }, { title: 'Value', align: 'right' }, { title: 'Unit' }, { title: 'Source' }],
    figureRows(record, ''),
  );
}

function figureRows(record: object, prefix: string): string[][] {
  return Object.entries(record).flatMap(([key, value]: [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (isFigure(value)) {
      return [[name, valueText(value), value.unit, sourceOf(value)]];
    }
    if (key === 'barrier' && Array.isArray(value)) {
      const points = value as Target['timing']['barrier'];
      return points.flatMap(({ tiles, time }) =>
        figureRows({ [`${name} of ${figureText(tiles)} ${tiles === 1 ? 'tile' : 'tiles'}`]: time }, ''),
      );
    }
    return typeof value === 'object' && value !== null ? figureRows(value, `${name}.`) : [];
  });
}

/** A limit that the chip does not have is null too, and its note begins so. */
function valueText(figure: Figure): string {
  if (figure.value !== null) return figureText(figure.value);
  return figure.note.startsWith('none') ? 'none' : 'unknown';
}

function sourceOf(figure: Figure): string {
  if (figure.value === null) return figure.note;
  const date = figure.date === undefined ? '' : ` (${figure.date})`;
  return `${figure.source}${date}${figure.note === undefined ? '' : `; ${figure.note}`}`;
}

function isFigure(value: unknown): value is Figure {
  return typeof value === 'object' && value !== null && 'unit' in value && 'value' in value;
}
