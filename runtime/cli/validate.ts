import type { Diagnostic } from '../../schemas/diagnostic.js';
import { jsonFormats } from '../../schemas/json-file.js';
import { readFileWhole } from '../store/read-file.js';
import { defineCommand } from './command.js';
import { controlFree } from './control-free.js';

export const validate = defineCommand({
  name: 'validate',
  summary: 'Check files of every kind that Spikewright reads or writes',
  positionals: ['<files..>'],
  options: {
    files: { type: 'string', array: true, demandOption: true, describe: 'Files to check' },
    as: { type: 'string', choices: jsonFormats, describe: 'What JSON files are; without it their keys tell' },
  },
  examples: [
    ['validate net.onnx net.sws net.swp', 'Checks three files'],
    ['validate mychip.json --as target', 'Checks a chip description'],
  ],
  async run({ files, as }, context) {
    const { validateFile } = await import('../validate.js');
    const results: { file: string; kind: string; summary: string | null; valid: boolean }[] = [];
    const diagnostics: Diagnostic[] = [];
    for (const file of files) {
      const found = validateFile(await readFileWhole(file), file, as ?? null);
      const valid = found.summary !== null;
      results.push({ file, kind: found.kind, summary: found.summary, valid });
      diagnostics.push(...found.diagnostics);
      context.print(controlFree(`${valid ? '✓' : '✗'} ${file}: ${found.kind}${valid ? `, ${found.summary}` : ''}`));
    }
    return { json: { files: results, diagnostics }, diagnostics };
  },
});
