import { createColors } from 'picocolors';
import { duration } from '../duration.js';
import { controlFree } from './control-free.js';

/** How far a stage is. */
interface ProgressEvent {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Short figures beside the bar; may be empty. */
  readonly note: string;
}

/** Where progress is drawn. */
export interface Screen {
  /** True where lines can be drawn over. */
  readonly isTerminal: boolean;
  readonly colourful: boolean;
  /** Characters per line. */
  columns(): number;
  write(text: string): void;
  /** Milliseconds that only grow. */
  now(): number;
}

/** On a terminal: drawn at most this often, in ms. */
const REDRAW_EVERY = 100;
/** Elsewhere: a line at most this often, in ms. */
const LINE_EVERY = 5000;
const BAR_WIDTH = 24;

/** Draws progress events: on a terminal a bar in place with the time left and the units done a second, elsewhere a line every few seconds. */
export class TerminalProgress {
  private stage: string | null = null;
  private start = 0;
  /** What was done before the clock started: a resumed stage does not begin at 0. */
  private first = 0;
  private drawn = 0;

  constructor(private readonly screen: Screen) {}

  /** Shows an event; one of another stage than the last begins a new bar. */
  show(event: ProgressEvent): void {
    const { isTerminal } = this.screen;
    const now = this.screen.now();
    if (event.stage !== this.stage) {
      this.stage = event.stage;
      this.start = now;
      this.first = event.done;
      this.drawn = isTerminal ? now - REDRAW_EVERY : now;
    }
    if (now - this.drawn < (isTerminal ? REDRAW_EVERY : LINE_EVERY)) return;
    this.drawn = now;
    this.screen.write(isTerminal ? `\r\x1b[2K${this.bar(event, now)}` : `${this.line(event, now)}\n`);
  }

  /** Takes the bar away, so that other text can follow. */
  clear(): void {
    if (this.stage !== null && this.screen.isTerminal) this.screen.write('\r\x1b[2K');
    this.stage = null;
  }

  private line(event: ProgressEvent, now: number): string {
    return `  ${controlFree(event.stage)} ${percent(event)} % · ${this.facts(event, now)}`;
  }

  private bar(event: ProgressEvent, now: number): string {
    const colours = createColors(this.screen.colourful);
    const filled = Math.round(share(event) * BAR_WIDTH);
    const bar = colours.cyan('━'.repeat(filled)) + colours.dim('━'.repeat(BAR_WIDTH - filled));
    const stage = controlFree(event.stage);
    const room = Math.max(0, this.screen.columns() - stage.length - BAR_WIDTH - 12);
    return `  ${stage} ${bar} ${percent(event)} % ${colours.dim(this.facts(event, now).slice(0, room))}`;
  }

  private facts({ done, total, note }: ProgressEvent, now: number): string {
    const elapsed = (now - this.start) / 1000;
    const since = done - this.first;
    const time = since > 0 && total > done ? `${duration((elapsed * (total - done)) / since)} left` : duration(elapsed);
    const rate = since > 0 && elapsed > 0 ? `${Number((since / elapsed).toPrecision(3))}/s` : '';
    return [time, `${done}/${total}`, rate, controlFree(note)].filter((part) => part !== '').join(' · ');
  }
}

function share({ done, total }: ProgressEvent): number {
  return total > 0 ? Math.min(1, done / total) : 0;
}

function percent(event: ProgressEvent): string {
  return `${Math.floor(share(event) * 100)}`.padStart(3);
}
