/** Builds a network of the simulator's measurements: `sim-network NET FOLDER` writes program.swp and images.f32 there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeProgram } from '../../schemas/program-file.js';
import { arrayBytes } from '../../schemas/wire.js';
import { buildNetwork, type NetworkName } from './networks.js';

const [net = '', folder = ''] = process.argv.slice(2);
const { program, images } = buildNetwork(net as NetworkName);
writeFileSync(join(folder, 'program.swp'), encodeProgram(program));
writeFileSync(join(folder, 'images.f32'), arrayBytes(images));
