import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import { textTable } from '../report/text-table.js';
import { spikewrightVersion } from '../version.js';
import { defineCommand } from './command.js';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Show versions, backends, devices, memory and data sets, and what to install for more',
  positionals: [],
  options: {
    'data-dir': { type: 'string', describe: 'Also look for data sets’ original files in this folder' },
  },
  examples: [['doctor', 'What works here, and why the rest does not']],
  async run(args, context) {
    const [
      { probeBackends, probeCompiled, startEngine },
      { gpuBackends, probeGpuRuntime },
      { datasetNames, openDataset },
    ] = await Promise.all([
      import('../engine/start.js'),
      import('../engine/backend/gpu-runtime.js'),
      import('../data/open.js'),
    ]);
    const threads = availableParallelism();
    const compiled = [await probeCompiled(threads)];
    for (const backend of gpuBackends) compiled.push(await probeGpuRuntime(backend, true));
    const backends = [
      ...compiled.map((probe) => ({ engine: 'compiled', ...probe })),
      ...(await probeBackends()).map((probe) => ({ engine: 'eager', ...probe })),
    ];
    const { chosen, engine } = await startEngine({ engine: 'auto', backend: 'auto', threads });
    const datasets = datasetNames.map((name) => findDataset(openDataset, name, args['data-dir']));
    const machine = {
      spikewright: spikewrightVersion,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      threads,
      memoryBytes: totalmem(),
      freeMemoryBytes: freemem(),
    };
    context.print(
      [
        `Spikewright ${machine.spikewright}, Node ${machine.node}, ${machine.platform}`,
        `${machine.cpu}, ${machine.threads} threads, ${gibibytes(machine.freeMemoryBytes)} of ${gibibytes(machine.memoryBytes)} GiB free`,
        '',
        textTable(
          [
            { title: 'Engine' },
            { title: 'Backend' },
            { title: '' },
            { title: 'Version' },
            { title: 'Device or reason' },
          ],
          backends.map(({ engine: name, backend, isAvailable, version, device, reason }) => [
            name,
            backend,
            isAvailable ? '✓' : '✗',
            version ?? '–',
            [device, reason].filter((part) => part !== null && part !== '').join('; '),
          ]),
        ),
        '',
        `auto takes ${engine.name} on ${chosen.backend} (${chosen.device ?? 'unknown device'}); in use: ${engine.memory().tensors} tensors, ${engine.memory().bytes} B`,
        '',
        textTable(
          [{ title: 'Data set' }, { title: '' }, { title: 'Found or missing' }],
          datasets.map(({ name, found, detail }) => [name, found ? '✓' : '✗', detail]),
        ),
        ...backends.filter(({ install }) => install !== '').map(({ backend, install }) => `\n→ ${backend}: ${install}`),
        ...datasets.filter(({ fix }) => fix !== '').map(({ name, fix }) => `\n→ ${name}: ${fix}`),
      ].join('\n'),
    );
    return { json: { ...machine, backends, engine: engine.name, chosen: chosen.backend, datasets } };
  },
});

function findDataset(
  open: typeof import('../data/open.js').openDataset,
  name: string,
  dataDir: string | undefined,
): { name: string; found: boolean; detail: string; fix: string } {
  try {
    const train = open(name, 'train', dataDir);
    const test = open(name, 'test', dataDir);
    return { name, found: true, detail: `${train.count} training and ${test.count} test images`, fix: '' };
  } catch (error) {
    if (!(error instanceof SpikewrightError)) throw error;
    const [first] = error.diagnostics;
    return { name, found: false, detail: first?.what ?? '', fix: first?.fix ?? '' };
  }
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
