import { decodeProgram } from '../../schemas/program-file.js';
import { coreImage, coreMemory, layerOf, programContent, programLimits, programTarget } from '../program-content.js';
import { coreMapText, coreText, layerText, summaryText } from '../report/program-text.js';
import { readFileWhole } from '../store/read-file.js';
import { defineCommand } from './command.js';
import { controlFree } from './control-free.js';

export const inspect = defineCommand({
  name: 'inspect',
  summary: 'Show what a program holds: layers, cores, memory maps',
  positionals: ['<program>'],
  options: {
    program: { type: 'string', demandOption: true, describe: 'Program (.swp)' },
    layer: { type: 'string', describe: 'A layer: its cores, need against limit', requiresArg: true },
    core: { type: 'string', describe: 'A core as CHIP/CORE: its memory map', requiresArg: true },
  },
  examples: [
    ['inspect net.swp', 'Summary and core map'],
    ['inspect net.swp --layer relu2', 'What each core of a layer uses'],
    ['inspect net.swp --core 0/12', 'Synapse memory, axons and profiles of one core'],
  ],
  async run(args, context) {
    const program = decodeProgram(await readFileWhole(args.program), args.program);
    const content = programContent(program);
    const layer = args.layer === undefined ? null : layerOf(content, args.layer);
    const memory = args.core === undefined ? null : coreMemory(coreImage(program, args.core));
    const limits = programLimits(program);
    const parts: string[] = [];
    if (layer !== null) parts.push(layerText(layer.layer, layer.cores, limits));
    if (memory !== null) {
      const words = limits.find(({ resource }) => resource === 'synapseWords')?.limit ?? Number.POSITIVE_INFINITY;
      parts.push(coreText(args.core!, memory, words));
    }
    if (parts.length === 0) parts.push(summaryText(content), coreMapText(content, programTarget(program).mesh));
    context.print(controlFree(parts.join('\n\n')));
    return { json: { ...content, layer, memory } };
  },
});
