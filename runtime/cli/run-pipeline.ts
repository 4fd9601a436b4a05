import type { RunConfig } from '../../schemas/run.js';
import { duration } from '../duration.js';
import { type PipelineResult, runPipeline } from '../pipeline/pipeline.js';
import { summaryText } from '../report/summary-text.js';
import type { CommandContext, CommandResult } from './command.js';

const STAGE_WIDTH = 9;

/** Runs a configuration as "run" and "demo" do: a line per stage, then the tables and where the report lies. */
export async function runAndPrint(config: RunConfig, workers: number, context: CommandContext): Promise<CommandResult> {
  const start = performance.now();
  const result = await runPipeline(config, workers, {
    began: () => undefined,
    trained: () => undefined,
    hooks: context.hooks,
    tell: context.tell,
    finished: ({ record, reused }, summary) => {
      const time = reused ? 'reused' : duration(record.seconds);
      context.announce(`✓ ${record.stage.padEnd(STAGE_WIDTH)} ${time.padStart(11)}  ${summary}`);
    },
  });
  const seconds = (performance.now() - start) / 1000;
  context.print(['', summaryText(result.report), '', reportLine(result, seconds)].join('\n'));
  const { report, identity, outcomes, agreement } = result;
  return { json: { ...report, identity, outcomes, agreement, seconds }, diagnostics: result.diagnostics };
}

function reportLine({ htmlPath }: PipelineResult, seconds: number): string {
  return `Report: ${htmlPath} (${duration(seconds)} in all)`;
}
