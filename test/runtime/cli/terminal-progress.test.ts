import { describe, expect, test } from 'vitest';
import { TerminalProgress } from '../../../runtime/cli/terminal-progress.js';

/** A progress display on a screen whose clock and text the test holds. */
function display(isTerminal: boolean, columns = 100) {
  const clock = { now: 0 };
  let text = '';
  const progress = new TerminalProgress({
    isTerminal,
    colourful: false,
    columns: () => columns,
    now: () => clock.now,
    write: (more) => {
      text += more;
    },
  });
  const taken = (): string => {
    const written = text;
    text = '';
    return written;
  };
  return { progress, clock, taken };
}

describe('progress on a terminal', () => {
  test('draws over itself, at most ten times a second, and cleans up', () => {
    const { progress, clock, taken } = display(true);
    progress.show({ stage: 'attack', done: 0, total: 8, note: '' });
    expect(taken()).toContain('attack');
    clock.now = 99;
    progress.show({ stage: 'attack', done: 1, total: 8, note: '' });
    expect(taken()).toBe('');
    clock.now = 2000;
    progress.show({ stage: 'attack', done: 2, total: 8, note: 'PCW(1)' });
    // 2 of 8 in 2 s leave 6 s.
    const drawn = taken();
    expect(drawn.startsWith('\r\x1b[2K')).toBe(true);
    expect(drawn.slice(5)).toMatch(/^ {2}attack ━+ {2}25 % 6\.0 s left · 2\/8 · 1\/s · PCW\(1\)$/);
    progress.clear();
    expect(taken()).toBe('\r\x1b[2K');
  });

  test('starts the clock anew with each stage', () => {
    const { progress, clock, taken } = display(true);
    progress.show({ stage: 'first', done: 1, total: 2, note: '' });
    clock.now = 10_000;
    progress.show({ stage: 'second', done: 0, total: 2, note: '' });
    clock.now = 11_000;
    taken();
    progress.show({ stage: 'second', done: 1, total: 2, note: '' });
    expect(taken()).toContain('1.0 s left');
  });

  test('judges the time left of a resumed stage by what was done since', () => {
    const { progress, clock, taken } = display(true);
    progress.show({ stage: 'finetune', done: 40, total: 60, note: '' });
    clock.now = 5000;
    taken();
    progress.show({ stage: 'finetune', done: 45, total: 60, note: '' });
    // 5 in 5 s; 15 are left.
    expect(taken()).toContain('15 s left');
  });

  test('never draws a line longer than the screen', () => {
    const { progress, taken } = display(true, 60);
    progress.show({ stage: 'finetune', done: 1, total: 2, note: 'x'.repeat(200) });
    expect(taken().replace('\r\x1b[2K', '').length).toBeLessThanOrEqual(60);
  });
});

describe('progress elsewhere', () => {
  test('writes a line every five seconds, and none for short work', () => {
    const { progress, clock, taken } = display(false);
    progress.show({ stage: 'verify', done: 0, total: 4, note: '' });
    clock.now = 4999;
    progress.show({ stage: 'verify', done: 1, total: 4, note: '' });
    expect(taken()).toBe('');
    clock.now = 5000;
    progress.show({ stage: 'verify', done: 2, total: 4, note: '' });
    expect(taken()).toBe('  verify  50 % · 5.0 s left · 2/4 · 0.4/s\n');
    progress.clear();
    expect(taken()).toBe('');
  });
});
