import { loopsModule } from './generated/loops.js';

/** A byte address in the memory that the loops work on. */
export type Address = number;

/** The compiled loops; see the AssemblyScript in `simd/` for what each does. */
export interface Loops {
  spreadSums(x: Address, rows: number, channels: number, origin: Address, sums: Address, squares: Address): void;
  gradientSums(
    g: Address,
    x: Address,
    rows: number,
    channels: number,
    origin: Address,
    sums: Address,
    products: Address,
  ): void;
  scaleAbout(
    x: Address,
    y: Address,
    rows: number,
    channels: number,
    origin: Address,
    factor: Address,
    term: Address,
  ): void;
  mixGradient(
    g: Address,
    x: Address,
    dx: Address,
    rows: number,
    channels: number,
    origin: Address,
    a: Address,
    b: Address,
    offset: Address,
  ): void;
  passPositive(from: Address, gate: Address, to: Address, count: number): void;
  spreadRow(from: Address, to: Address, width: number, across: number, channels: number, share: number): void;
  stepNeurons(
    a: Address,
    membrane: Address,
    spikes: Address,
    distance: Address,
    count: number,
    leak: number,
    theta: number,
    isSoft: boolean,
  ): void;
  stepBack(
    up: Address,
    distance: Address,
    slope: Address,
    carried: Address,
    to: Address,
    count: number,
    leak: number,
    theta: number,
    isSoft: boolean,
    adds: boolean,
  ): number;
  copyRows(from: Address, to: Address, rows: number, fromBytes: number, toBytes: number): void;
  addKernelRow(
    input: Address,
    upstream: Address,
    gradient: Address,
    height: number,
    width: number,
    lanes: number,
    channels: number,
    pixelBytes: number,
    rowBytes: number,
  ): void;
  triangularSlope(distance: Address, slope: Address, count: number, width: number): void;
}

/**
 * Instantiates the loops over the memory among `exports`, those of the backend's own module, whose minifier gave it some
 * short name. Throws where there is none, and a CompileError where the processor has no SIMD.
 */
export function instantiateLoops(exports: Readonly<Record<string, unknown>>): Loops {
  const memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  if (memory === undefined) throw new Error('the wasm backend shows no memory: its version is not the one expected');
  const module = new WebAssembly.Module(Buffer.from(loopsModule, 'base64'));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Loops;
}
