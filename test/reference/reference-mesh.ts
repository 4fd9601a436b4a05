/** A message of the slow model: its core, and how long that takes to process it. */
interface Flit {
  readonly to: number;
  readonly work: number;
}

/** What one core does in a timestep, in its order: an update of so many ticks, then the messages of that neuron. */
export interface FlitCore {
  readonly x: number;
  readonly y: number;
  readonly updates: readonly { readonly ticks: number; readonly messages: readonly Flit[] }[];
}

/** Durations in ticks, and slots of every buffer. */
export interface FlitFigures {
  readonly spikeOut: number;
  readonly withinTile: number;
  readonly eastWest: number;
  readonly northSouth: number;
  /** Added to a hop that leaves a chip of so many columns. */
  readonly chipToChip: number;
  readonly chipColumns: number;
  readonly buffer: number;
}

type Direction = 'east' | 'west' | 'south' | 'north';
const step: Readonly<Record<Direction, readonly [number, number]>> = {
  east: [1, 0],
  west: [-1, 0],
  south: [0, 1],
  north: [0, -1],
};

/** A buffer at a router's input: what has arrived, and slots that are promised to flits on their way. */
interface Buffer {
  readonly flits: Flit[];
  promised: number;
}

/** A link or a delivery port: what it carries, until when, and whose turn it is. */
interface Output {
  readonly x: number;
  readonly y: number;
  /** Where it leads: the next router, or a core. */
  readonly direction: Direction | null;
  readonly core: number;
  /** The buffers that it takes flits from, and the one that it brings them to (none beyond the rim). */
  readonly from: readonly Buffer[];
  readonly to: Buffer;
  carries: Flit | null;
  until: number;
  turn: number;
}

/**
 * The ticks that a timestep takes until every core has made its updates and every message has been processed: a mesh of
 * routers with buffers at their inputs, single-flit messages, credits and round-robin arbitration, moved tick by tick.
 * It shares nothing with the simulator's clock but the figures: that has queues at outputs, serves who has waited longest,
 * and jumps from event to event.
 */
export function flitTicks(cores: readonly FlitCore[], figures: FlitFigures): number {
  const tile = (x: number, y: number): string => `${x},${y}`;
  const inputs = new Map<string, Buffer>();
  const buffer = (name: string): Buffer => {
    const found = inputs.get(name) ?? { flits: [], promised: 0 };
    inputs.set(name, found);
    return found;
  };
  const hasRoom = ({ flits, promised }: Buffer): boolean => flits.length + promised < figures.buffer;
  /** Input buffers of a router: one for each neighbour and one for each of its cores. */
  const inputsAt = (x: number, y: number): Buffer[] => [
    ...(['east', 'west', 'south', 'north'] as const).map((side) => buffer(`${tile(x, y)} from ${side}`)),
    ...cores.flatMap((core, k) => (core.x === x && core.y === y ? [buffer(`core ${k}`)] : [])),
  ];
  const inbox = cores.map(() => ({ flits: [] as Flit[], promised: 0 }));
  const processing = cores.map(() => 0);
  const columns = Math.max(...cores.map(({ x }) => x)) + 1;
  const rows = Math.max(...cores.map(({ y }) => y)) + 1;
  const opposite = { east: 'west', west: 'east', south: 'north', north: 'south' } as const;
  const outputs: Output[] = [];
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      for (const direction of ['east', 'west', 'south', 'north'] as const) {
        const [dx, dy] = step[direction];
        const to = buffer(`${tile(x + dx, y + dy)} from ${opposite[direction]}`);
        outputs.push({ x, y, direction, core: -1, from: inputsAt(x, y), to, carries: null, until: 0, turn: 0 });
      }
    }
  }
  for (const [core, { x, y }] of cores.entries()) {
    const own = { direction: null, core, from: inputsAt(x, y), to: inbox[core]! };
    outputs.push({ x, y, ...own, carries: null, until: 0, turn: 0 });
  }
  /** Dimension order: east or west first. */
  const wants = ({ x, y, direction, core }: Output, { to }: Flit): boolean => {
    const { x: toX, y: toY } = cores[to]!;
    if (toX !== x) return direction === (toX > x ? 'east' : 'west');
    if (toY !== y) return direction === (toY > y ? 'south' : 'north');
    return core === to;
  };
  const ticksOf = ({ x, direction }: Output): number => {
    if (direction === null) return figures.withinTile;
    if (direction === 'south' || direction === 'north') return figures.northSouth;
    const next = x + step[direction][0];
    const leaves = Math.floor(x / figures.chipColumns) !== Math.floor(next / figures.chipColumns);
    return figures.eastWest + (leaves ? figures.chipToChip : 0);
  };
  /** What each core has still to do, one thing at a time: an update, or the making of a message. */
  const senders = cores.map(({ updates }, core) => ({
    injection: buffer(`core ${core}`),
    left: updates.flatMap(({ ticks, messages }) => [
      { ticks, flit: null as Flit | null },
      ...messages.map((flit) => ({ ticks: figures.spikeOut, flit: flit as Flit | null })),
    ]),
    until: -1,
  }));

  let last = 0;
  for (let now = 0; ; now++) {
    for (let moved = true; moved; ) {
      moved = false;
      for (const output of outputs) {
        if (output.carries === null || output.until > now) continue;
        output.to.promised--;
        output.to.flits.push(output.carries);
        output.carries = null;
        moved = true;
      }
      for (const [core, { flits }] of inbox.entries()) {
        if (processing[core]! > 0 && processing[core]! <= now) {
          flits.shift();
          processing[core] = 0;
          last = now;
          moved = true;
        }
        if (processing[core] === 0 && flits.length > 0) {
          processing[core] = now + flits[0]!.work;
          moved = true;
        }
      }
      for (const sender of senders) {
        const [doing] = sender.left;
        if (doing === undefined) continue;
        if (sender.until < 0) sender.until = now + doing.ticks;
        if (sender.until > now) continue;
        const { injection } = sender;
        if (doing.flit !== null && !hasRoom(injection)) continue;
        if (doing.flit !== null) injection.flits.push(doing.flit);
        sender.left.shift();
        sender.until = -1;
        last = now;
        moved = true;
      }
      for (const output of outputs) {
        const { from: candidates, to } = output;
        if (output.carries !== null || !hasRoom(to)) continue;
        for (let k = 0; k < candidates.length; k++) {
          const place = (output.turn + k) % candidates.length;
          const [flit] = candidates[place]!.flits;
          if (flit === undefined || !wants(output, flit)) continue;
          candidates[place]!.flits.shift();
          output.carries = flit;
          output.until = now + ticksOf(output);
          output.turn = place + 1;
          to.promised++;
          moved = true;
          break;
        }
      }
    }
    const isIdle =
      senders.every(({ left }) => left.length === 0) &&
      outputs.every(({ carries }) => carries === null) &&
      inbox.every(({ flits }) => flits.length === 0) &&
      [...inputs.values()].every(({ flits }) => flits.length === 0);
    if (isIdle) return last;
  }
}
