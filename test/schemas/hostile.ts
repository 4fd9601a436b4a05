import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect } from 'vitest';
import { SpikewrightError } from '../../schemas/diagnostic.js';

/** Runs a reader on bad bytes: it may accept them, but may throw nothing other than a diagnostic. */
export function expectDiagnosticOrValue(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(SpikewrightError);
  }
}

/** Expects a SpikewrightError whose first diagnostic has this code, and returns its text. */
export function expectCode(code: string, read: () => unknown): string {
  let caught: unknown = null;
  try {
    read();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(SpikewrightError);
  const { diagnostics, message } = caught as SpikewrightError;
  expect(`${diagnostics[0]?.code}: ${message}`).toMatch(new RegExp(`^${code}: `));
  return message;
}

/** The bytes with a few of them replaced, at positions anywhere in the file. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.integer({ min: 1, max: 255 }));
  return fc.uniqueArray(change, { minLength: 1, maxLength: 4, selector: ([position]) => position }).map((changes) => {
    const copy = new Uint8Array(bytes);
    for (const [position, flip] of changes) copy[position] = copy[position]! ^ flip;
    return copy;
  });
}

/** The same file with the checksum at its end made right, so that damage reaches what lies behind the check. */
export function resealed(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  const body = copy.length - 5;
  if (body < 0) return copy;
  copy[body] = 0x7d;
  new DataView(copy.buffer).setUint32(body + 1, crc32(copy.subarray(0, body)), true);
  return copy;
}

/** A generated file with every length class of truncation: nothing, a few bytes, fractions, all but one. */
export function truncations(bytes: Uint8Array): Uint8Array[] {
  const lengths = [0, 1, 2, 4, 5, 6, 8, 16, 64, bytes.length >> 2, bytes.length >> 1, bytes.length - 8];
  lengths.push(bytes.length - 6, bytes.length - 5, bytes.length - 2, bytes.length - 1);
  return [...new Set(lengths.filter((length) => length >= 0 && length < bytes.length))].map((length) =>
    bytes.slice(0, length),
  );
}
