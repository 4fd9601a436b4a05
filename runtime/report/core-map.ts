import type { CoreImage, Program } from '../../schemas/program.js';
import type { Report, ReportFilling, ReportMesh } from '../../schemas/report.js';
import type { Statistics } from '../../schemas/stats.js';
import type { Figure, Target } from '../../schemas/target.js';
import { readTarget } from '../../schemas/target-file.js';

/** Bytes of a synapse memory word of a Program. */
const WORD_BYTES = 8;

/** Which cores hold what, and how full they are. */
export function fillingMap(program: Program): ReportMesh & { readonly cores: readonly ReportFilling[] } {
  const target = readTarget(program.targetJson, `target of program ${program.name}`);
  const { columns, rows, coresPerTile, chipsPerRow } = target.mesh;
  const perRow = chipsPerRow?.value ?? program.chips;
  const cores = program.cores.map((image) => filling(program, image, target));
  const mesh = { chips: program.chips, columns, rows, coresPerTile, cores };
  return program.chips > perRow ? { ...mesh, chipsPerRow: perRow } : mesh;
}

/** The same with what each core did; `statistics` are of the same program. */
export function coreMap(program: Program, statistics: Statistics): Report['coreMap'] {
  const rows = new Map(statistics.coreTable.map((row) => [`${row.chip}/${row.core}`, row]));
  const map = fillingMap(program);
  return {
    ...map,
    cores: map.cores.map((core) => {
      const row = rows.get(`${core.chip}/${core.core}`);
      if (row === undefined) throw new Error(`no statistics of core ${core.core} on chip ${core.chip}`);
      return {
        ...core,
        messagesIn: row.messagesIn,
        messagesOut: row.messagesOut,
        synopsPerSample: row.synapticOperations,
        energyJoules: row.energyJoules,
        busyPercent: row.utilisationPercent,
      };
    }),
  };
}

function filling(program: Program, image: CoreImage, { limits }: Target): ReportFilling {
  const layers = new Set(image.ranges.map(({ population }) => program.populations[population]!.name));
  return {
    chip: image.chip,
    core: image.core,
    layers: [...layers],
    compartments: { used: image.compartmentCount, limit: known(limits.compartmentsPerCore) },
    synapseWords: {
      used: image.synapseMemory.length / WORD_BYTES,
      limit: known(limits.synapseMemoryPerCore) / WORD_BYTES,
    },
    axonsIn: { used: image.axonsIn.base.length, limit: known(limits.inputAxonsPerCore) },
    axonsOut: { used: image.axonsOut.axon.length, limit: known(limits.outputAxonsPerCore) },
  };
}

/** A limit without a public value is shown as 0: not judged. */
function known({ value }: Figure): number {
  return value ?? 0;
}
