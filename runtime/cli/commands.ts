import { attack } from './attack.js';
import { budget } from './budget.js';
import type { Command } from './command.js';
import { compile } from './compile.js';
import { convert } from './convert.js';
import { demo } from './demo.js';
import { diff } from './diff.js';
import { doctor } from './doctor.js';
import { evaluate } from './evaluate.js';
import { exportNetwork } from './export.js';
import { finetune } from './finetune.js';
import { importModel } from './import.js';
import { inspect } from './inspect.js';
import { report } from './report.js';
import { reproduce } from './reproduce.js';
import { run } from './run.js';
import { runs } from './runs.js';
import { simulate } from './simulate.js';
import { sweep } from './sweep.js';
import { targets } from './targets.js';
import { train } from './train.js';
import { validate } from './validate.js';
import { verify } from './verify.js';

/** Every command, in the order of the pipeline. */
export const commands: readonly Command[] = [
  demo,
  run,
  sweep,
  train,
  importModel,
  exportNetwork,
  convert,
  finetune,
  attack,
  evaluate,
  compile,
  simulate,
  verify,
  reproduce,
  budget,
  report,
  runs,
  inspect,
  diff,
  validate,
  targets,
  doctor,
];
