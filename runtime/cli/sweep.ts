import { failure } from '../../schemas/diagnostic.js';
import { checkJson, readJson } from '../../schemas/json-file.js';
import { readRun } from '../../schemas/run-file.js';
import type { SweepConfig, SweepPoint, SweepSpace } from '../../schemas/sweep.js';
import { duration } from '../duration.js';
import type { PipelineListener } from '../pipeline/run-context.js';
import { readFileWhole } from '../store/read-file.js';
import { type CommandContext, defineCommand } from './command.js';
import { demoConfig } from './demo-config.js';
import { historyOption, workersOption } from './shared-options.js';

export const sweep = defineCommand({
  name: 'sweep',
  summary: 'Take points of a design space through the pipeline; show the Pareto front',
  resumes: true,
  records: true,
  positionals: [],
  options: {
    config: { type: 'string', requiresArg: true, describe: 'Sweep (JSON): a run’s configuration and the space' },
    run: { type: 'string', requiresArg: true, describe: 'Run configuration (JSON); without any the demo’s' },
    'weight-bits': axis('Bits of a weight'),
    timesteps: axis('Timesteps T'),
    'threshold-scales': axis('Factors on the calibrated thresholds'),
    targets: axis('Chips, by name or path'),
    'placement-seeds': axis('Seeds of the placement of cores'),
    out: {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the artefacts, instead of the one in the configuration',
    },
    workers: workersOption,
    history: historyOption,
  },
  examples: [
    ['sweep --weight-bits 8 6 4 --timesteps 4 8', 'The demo’s network with each of 3 × 2 settings'],
    ['sweep --config sweep.json', 'Runs or resumes everything that the file describes'],
  ],
  async run(args, context) {
    const start = performance.now();
    const config = await sweepConfig(args);
    const base = config.run === null ? await demoConfig() : readRun(await text(config.run), config.run);
    const [{ pointConfigs }, { runSweep }, { pointText, sweepText }] = await Promise.all([
      import('../sweep/space.js'),
      import('../sweep/sweep.js'),
      import('../report/sweep-text.js'),
    ]);
    const { result, identity, htmlPath } = await runSweep(pointConfigs(base, config.space, config.out), args.workers, {
      point: (index, count) => stageListener(context, `point ${index + 1}/${count}`),
      measured: (name, point, index, count) => {
        context.announce(
          `${mark(point)} ${index + 1}/${count} ${name}: ${pointText(point)}${left(start, index + 1, count)}`,
        );
      },
    });
    const seconds = (performance.now() - start) / 1000;
    context.print(`\n${sweepText(result)}\n\n* on the Pareto front of energy, latency and robust accuracy\n`);
    context.print(`Report: ${htmlPath} (${duration(seconds)} in all)`);
    return { json: { ...result, identity, seconds } };
  },
});

function axis(describe: string) {
  const words = `${describe}; several are tried in turn`;
  return { type: 'string', array: true, requiresArg: true, describe: words } as const;
}

/** Numbers given one after another or with commas between them. Throws SW6002. */
function numbers(option: string, values: readonly string[] | undefined): readonly number[] | undefined {
  return listed(values)?.map((value) => {
    const number = value === '' ? Number.NaN : Number(value);
    if (Number.isFinite(number)) return number;
    throw failure('SW6002', { where: `--${option}`, what: `numbers are needed, such as "8 4"; "${value}" was given.` });
  });
}

function listed(values: readonly string[] | undefined): readonly string[] | undefined {
  return values?.flatMap((value) => value.split(',').map((part) => part.trim()));
}

interface SweepArguments {
  readonly config: string | undefined;
  readonly run: string | undefined;
  readonly out: string | undefined;
  readonly 'weight-bits': readonly string[] | undefined;
  readonly timesteps: readonly string[] | undefined;
  readonly 'threshold-scales': readonly string[] | undefined;
  readonly targets: readonly string[] | undefined;
  readonly 'placement-seeds': readonly string[] | undefined;
}

/** The file's sweep, with what the command line says instead. Throws SW1001, SW1020…SW1023 and SW6002. */
async function sweepConfig(args: SweepArguments): Promise<SweepConfig> {
  const read = args.config === undefined ? {} : readJson<SweepConfig>('sweep', await text(args.config), args.config);
  const given: SweepSpace = Object.fromEntries(
    Object.entries({
      weightBits: numbers('weight-bits', args['weight-bits']),
      timesteps: numbers('timesteps', args.timesteps),
      thresholdScales: numbers('threshold-scales', args['threshold-scales']),
      targets: listed(args.targets),
      placementSeeds: numbers('placement-seeds', args['placement-seeds']),
    }).filter(([, values]) => values !== undefined),
  );
  const { space, ...rest } = read as Partial<SweepConfig>;
  const merged = {
    ...rest,
    ...(args.run === undefined ? {} : { run: args.run }),
    ...(args.out === undefined ? {} : { out: args.out }),
    space: { ...space, ...given },
  };
  return checkJson<SweepConfig>('sweep', merged, 'sweep');
}

async function text(path: string): Promise<string> {
  return Buffer.from(await readFileWhole(path)).toString('utf8');
}

/** Shows the work of a point’s stages, and tells what a terminal would tell of one run. */
function stageListener(context: CommandContext, point: string): PipelineListener {
  return {
    began: () => undefined,
    trained: () => undefined,
    hooks: (stage) => context.hooks(`${point} ${stage}`),
    finished: () => undefined,
    // Warnings of the compiler repeat from point to point; what is refused stands in the result.
    tell: () => undefined,
  };
}

function mark({ refused }: SweepPoint): string {
  return refused.length === 0 ? '✓' : '–';
}

/** How long the rest takes if the points go on as they have. */
function left(start: number, done: number, count: number): string {
  if (done === count) return '';
  const elapsed = (performance.now() - start) / 1000;
  return ` (about ${duration((elapsed * (count - done)) / done)} left)`;
}
