import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../compiler/export/onnx.js';
import { importOnnx } from '../../compiler/import/onnx.js';
import { onnx, spikewright } from '../../schemas/generated/messages.js';
import { decodeProgram, encodeProgram } from '../../schemas/program-file.js';
import { onnxModels } from '../compiler/import/arbitrary-onnx.js';
import { annGraphs } from '../schemas/arbitraries.js';
import { expectCode, expectDiagnosticOrValue, resealed } from '../schemas/hostile.js';
import { programs } from '../schemas/spike-arbitraries.js';

/** A number in [low, high]. */
type Between = (low: number, high: number) => number;

/** What a reader may take beside ten times the file, which counts for small files alone: stacks and texts of errors. */
const FREE_BYTES = 1 << 20;

/** Runs a reader on bad bytes: a diagnostic or a value, for which it may not take more than ten times the bytes. */
function expectHarmless(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array, free = FREE_BYTES): void {
  let taken = Number.POSITIVE_INFINITY;
  // What happens once, such as reading source maps, is gone the second time; code that is not optimised yet, and boxes
  // each number it reads, is gone after some runs: later on a busy machine, whose compiler threads wait.
  for (let run = 0; run < 24 && taken > 10 * bytes.length + free; run += 1) {
    const before = memory();
    expectDiagnosticOrValue(() => read(bytes));
    // Counts what was allocated and is not collected yet, too: unless something was collected, never less than the peak.
    taken = memory() - before;
  }
  if (taken > 10 * bytes.length + free) expect.fail(`${taken} B taken for a file of ${bytes.length} B`);
}

/** Bytes in use on and off the heap of this thread. */
function memory(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

const readers = {
  program: (bytes: Uint8Array) => decodeProgram(bytes, 'x.swp'),
  onnx: (bytes: Uint8Array) => importOnnx(bytes, 'x.onnx'),
} as const;

/** One to three wounds. */
function mutated(sound: Uint8Array, between: Between): Uint8Array {
  let bytes = sound;
  for (let left = between(1, 3); left > 0; left -= 1) bytes = wounds[between(0, wounds.length - 1)]!(bytes, between);
  return bytes;
}

const wounds: readonly ((bytes: Uint8Array, between: Between) => Uint8Array)[] = [
  function cut(bytes, between) {
    return bytes.slice(0, between(0, bytes.length));
  },
  function flipBits(bytes, between) {
    const copy = bytes.slice();
    for (let left = between(1, 8); left > 0 && copy.length > 0; left -= 1) {
      copy[between(0, copy.length - 1)]! ^= 1 << between(0, 7);
    }
    return copy;
  },
  function lengthen(bytes, between) {
    // A number in the place of one byte, which may well have been a length: up to 2⁶⁴ − 1.
    return spliced(bytes, between(0, bytes.length), 1, [...new Array(between(1, 9)).fill(0xff), between(0, 0x7f)]);
  },
  function overwrite(bytes, between) {
    const extremes = [0, 1, 0x7f, 0x80, 0xff];
    const fill = new Array(between(1, 8)).fill(extremes[between(0, extremes.length - 1)]);
    return spliced(bytes, between(0, bytes.length), fill.length, fill);
  },
  function repeat(bytes, between) {
    const start = between(0, bytes.length);
    const part = bytes.subarray(start, start + between(0, 64));
    return spliced(bytes, start, 0, Array.from({ length: between(1, 4) }, () => [...part]).flat());
  },
  function lose(bytes, between) {
    return spliced(bytes, between(0, bytes.length), between(1, 32), []);
  },
];

function spliced(bytes: Uint8Array, start: number, removed: number, added: readonly number[]): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, start), ...added, ...bytes.subarray(start + removed)]);
}

function randomBytes(between: Between): Uint8Array {
  // A few high bits, as field tags and lengths have.
  const most = between(0, 1) === 0 ? 255 : 63;
  return Uint8Array.from({ length: between(0, 400) }, () => between(0, most));
}

function* inputs(samples: readonly Uint8Array[], count: number, seed: number): Generator<Uint8Array> {
  const random = xoroshiro128plus(seed);
  const between: Between = (low, high) => uniformInt(random, low, high);
  for (let n = 0; n < count; n += 1) {
    yield n % 8 === 0 ? randomBytes(between) : mutated(samples[n % samples.length]!, between);
  }
}

/** Small sound files, by which most wounds hit something that matters. */
function smallest(files: readonly Uint8Array[], count: number): Uint8Array[] {
  return files.toSorted((a, b) => a.length - b.length).slice(0, count);
}

const programFiles = smallest(fc.sample(programs, { numRuns: 30, seed: 11 }).map(encodeProgram), 12);
const onnxFiles = [
  ...smallest(fc.sample(annGraphs, { numRuns: 20, seed: 11 }).map(exportOnnx), 6),
  ...smallest(
    fc.sample(onnxModels, { numRuns: 20, seed: 11 }).map(({ bytes }) => bytes),
    6,
  ),
];

describe('hostile bytes get a diagnostic, soon and without filling the memory', () => {
  it('as Programs, 12,000 of them, most with a right checksum', () => {
    let index = 0;
    for (const bytes of inputs(programFiles, 12_000, 1)) {
      expectHarmless(readers.program, index % 4 === 0 ? bytes : resealed(bytes));
      index += 1;
    }
  });

  it('as ONNX models, 12,000 of them', () => {
    for (const bytes of inputs(onnxFiles, 12_000, 2)) expectHarmless(readers.onnx, bytes);
  });

  it('as files as large as real ones', () => {
    const real = new Uint8Array(readFileSync(new URL('../../runtime/demo/robust-ann.onnx', import.meta.url)));
    for (const bytes of inputs([real], 16, 3)) expectHarmless(readers.onnx, bytes);
  });

  it('as Programs of a newer version', () => {
    for (const file of programFiles) {
      const message = spikewright.ProgramFile.decode(file);
      message.version += 1;
      const newer = resealed(spikewright.ProgramFile.encode(message).finish());
      expect(expectCode('SW1004', () => readers.program(newer))).toContain(`version ${message.version}`);
    }
  });

  it('as megabytes of the smallest parts that become objects', () => {
    const many = <V>(value: V): V[] => new Array(1_000_000).fill(value);
    // Two megabytes may take what the reader grants any file, however small: 16 MiB.
    const expectBounded = (read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void => {
      expectHarmless(read, bytes, 1 << 24);
    };
    const sealed = (program: spikewright.ProgramFile.$Properties): Uint8Array => {
      const format = { format: 'spikewright-program', version: 2 };
      return resealed(spikewright.ProgramFile.encode({ ...format, ...program }).finish());
    };
    const graph = (parts: onnx.GraphProto.$Properties): Uint8Array => {
      return onnx.ModelProto.encode({ irVersion: 8, graph: parts }).finish();
    };
    expectBounded(readers.onnx, graph({ node: many({}) }));
    expectBounded(readers.onnx, graph({ node: [{ input: many('') }] }));
    expectBounded(readers.onnx, graph({ node: [{ attribute: many({}) }] }));
    expectBounded(readers.onnx, graph({ node: many({ input: [''] }) }));
    expectBounded(readers.onnx, graph({ initializer: [{ dims: many(1) }] }));
    expectBounded(readers.program, sealed({ cores: many({}) }));
    expectBounded(readers.program, sealed({ cores: [{ ranges: many({}) }] }));
    expectBounded(readers.program, sealed({ populations: many({}) }));
  });
});
