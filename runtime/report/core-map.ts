import type { CoreImage, Program } from '../../schemas/program.js';
import type { Report, ReportCore } from '../../schemas/report.js';
import type { Figure, Target } from '../../schemas/target.js';
import { readTarget } from '../../schemas/target-file.js';

/** Bytes of a synapse memory word of a Program. */
const WORD_BYTES = 8;

/** Which cores hold what, and how full they are. */
export function coreMap(program: Program): Report['coreMap'] {
  const target = readTarget(program.targetJson, `target of program ${program.name}`);
  const { columns, rows, coresPerTile } = target.mesh;
  return {
    chips: program.chips,
    columns,
    rows,
    coresPerTile,
    cores: program.cores.map((core) => coreRow(program, core, target)),
  };
}

function coreRow(program: Program, image: CoreImage, { limits }: Target): ReportCore {
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
