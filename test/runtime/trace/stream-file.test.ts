import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { StreamFile } from '../../../runtime/trace/stream-file.js';

/** Files are opened where they should be, but what is written goes to a device that is always full. */
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    openSync: (path: string, flags: string) => {
      fs.closeSync(fs.openSync(path, flags));
      return fs.openSync('/dev/full', 'w');
    },
  };
});

const folder = mkdtempSync(join(tmpdir(), 'spikewright-full-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a trace for which the disk has no room ends in a diagnostic, and leaves nothing', () => {
  const path = join(folder, 'wave.vcd');
  const file = new StreamFile(path);
  const noSpace = expect.objectContaining({
    diagnostics: [expect.objectContaining({ code: 'SW6010', where: path, what: expect.stringContaining('ENOSPC') })],
  });
  const thrown = (action: () => void): unknown => {
    try {
      action();
    } catch (error) {
      return error;
    }
    return null;
  };
  file.write(new Uint8Array(1000));
  // What is gathered is written once it is 256 KiB.
  expect(thrown(() => file.write(new Uint8Array(2 ** 18)))).toEqual(noSpace);
  expect(thrown(() => file.seal())).toEqual(noSpace);
  expect(readdirSync(folder)).toHaveLength(1);
  file.discard();
  expect(readdirSync(folder)).toEqual([]);
});
