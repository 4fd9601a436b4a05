import type { Diagnostic } from '../../schemas/diagnostic.js';
import { jsonFormats } from '../../schemas/json-file.js';
import { readFileWhole } from '../store/read-file.js';
import { defineCommand } from './command.js';
import { controlFree } from './control-free.js';
import { realNumber } from './options.js';

export const validate = defineCommand({
  name: 'validate',
  summary: 'Check files of every kind that Spikewright reads or writes',
  positionals: ['<files..>'],
  options: {
    files: { type: 'string', array: true, demandOption: true, describe: 'Files to check' },
    as: { type: 'string', choices: jsonFormats, describe: 'What JSON files are; without it their keys tell' },
    dt: realNumber('Of NIR: length of a timestep in the unit of its time constants', 1, 1e-12, 1e12),
  },
  examples: [
    ['validate net.onnx net.sws net.swp', 'Checks three files'],
    ['validate mychip.json --as target', 'Checks a chip description'],
    ['validate net.nir --dt 1e-3', 'Checks a network whose times are in seconds, at timesteps of a millisecond'],
  ],
  async run({ files, as, dt }, context) {
    const { validateFile } = await import('../validate.js');
    const results: { file: string; kind: string; summary: string | null; valid: boolean }[] = [];
    const diagnostics: Diagnostic[] = [];
    for (const file of files) {
      const found = await validateFile(await readFileWhole(file), file, as ?? null, dt);
      const valid = found.summary !== null;
      results.push({ file, kind: found.kind, summary: found.summary, valid });
      diagnostics.push(...found.diagnostics);
      context.print(controlFree(`${valid ? '✓' : '✗'} ${file}: ${found.kind}${valid ? `, ${found.summary}` : ''}`));
    }
    return { json: { files: results, diagnostics }, diagnostics };
  },
});
