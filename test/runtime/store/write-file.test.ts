import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFileWhole } from '../../../runtime/store/read-file.js';
import { writeFailure, writeFileWhole } from '../../../runtime/store/write-file.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'spikewright-write-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** What the file system throws. */
function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'write' });
}

describe('writing a whole file', () => {
  test('makes the folder, replaces the content and leaves no other file', async () => {
    const path = join(root, 'deep', 'er', 'file.json');
    await writeFileWhole(path, 'old');
    await writeFileWhole(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(join(root, 'deep', 'er'))).toEqual(['file.json']);
  });

  test('keeps the old content and leaves no other file where it fails', async () => {
    const path = join(root, 'taken');
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), 'old');
    await expect(writeFileWhole(path, 'new')).rejects.toMatchObject({ diagnostics: [{ code: 'SW6012', where: path }] });
    expect(readdirSync(root)).toEqual(['taken']);
    expect(readFileSync(join(path, 'inside'), 'utf8')).toBe('old');
  });

  test.each([
    ['ENOSPC', 'SW6010'],
    ['EDQUOT', 'SW6010'],
    ['EFBIG', 'SW6010'],
    ['EACCES', 'SW6011'],
    ['EROFS', 'SW6011'],
    ['EIO', 'SW6012'],
  ])('tells %s as %s with the reason', (reason, code) => {
    expect(writeFailure('x', systemError(reason))).toMatchObject({
      diagnostics: [{ code, where: 'x', what: expect.stringContaining(reason) }],
    });
  });

  test('passes on what is no fault of the file system', () => {
    const bug = new TypeError('bug');
    expect(writeFailure('x', bug)).toBe(bug);
  });
});

describe('reading a whole file', () => {
  test('gives its bytes', async () => {
    const path = join(root, 'file');
    writeFileSync(path, Uint8Array.of(0, 255, 10));
    expect([...(await readFileWhole(path))]).toEqual([0, 255, 10]);
  });

  test('says that it is missing or no file', async () => {
    const missing = join(root, 'missing');
    await expect(readFileWhole(missing)).rejects.toMatchObject({
      diagnostics: [{ code: 'SW1001', where: missing, what: 'there is no such file.' }],
    });
    await expect(readFileWhole(root)).rejects.toMatchObject({
      diagnostics: [{ code: 'SW1001', what: 'this is no regular file.' }],
    });
  });
});
