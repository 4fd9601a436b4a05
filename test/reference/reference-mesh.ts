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
  /** Added to a hop that leaves a chip of so many columns and rows. */
  readonly chipToChip: number;
  readonly chipColumns: number;
  readonly chipRows: number;
  readonly buffer: number;
}

type Direction = 'east' | 'west' | 'south' | 'north';
const step: Readonly<Record<Direction, readonly [number, number]>> = {
  east: [1, 0],
  west: [-1, 0],
  south: [0, 1],
  north: [0, -1],
};

/** What holds messages until they are taken one by one: a core that has made one, or an output that has carried one over. */
interface Giver {
  /** The message that may be taken now. */
  readonly offers: () => Flit | undefined;
  readonly give: () => void;
  /** Since when it may be. */
  until: number;
}

/** A link or a delivery port with the buffer before it: its first message is being carried, or has been and waits. */
interface Output extends Giver {
  readonly flits: Flit[];
  /** Ticks that it takes to carry a message. */
  readonly ticks: number;
  /** Those that it takes from, whether a message is for it, and whose turn it is. */
  readonly from: Giver[];
  readonly wants: (flit: Flit) => boolean;
  turn: number;
}

/**
 * The ticks that a timestep takes until every core has made its updates and every message has been processed: a mesh of
 * routers with a buffer at each output and single-flit messages, moved tick by tick; of several that want one output
 * each comes in its turn (round robin).
 * It shares nothing with the simulator's clock but the figures and where the buffers are: that knows in advance when ports
 * and cores are done, and jumps from event to event.
 *
 * Where the buffers are matters. With buffers at the inputs of routers instead, a message for a busy output holds up those
 * behind it that are for another, though that be idle; with buffers at outputs they have parted before. No source says
 * which a chip of ours has; the figure that there is counts the messages of a link.
 */
export function flitTicks(cores: readonly FlitCore[], figures: FlitFigures): number {
  const columns = Math.max(...cores.map(({ x }) => x)) + 1;
  const rows = Math.max(...cores.map(({ y }) => y)) + 1;
  let now = 0;
  let last = 0;
  /** What each core has still to do, one thing at a time: an update, or the making of a message. */
  const senders = cores.map(({ updates }) => {
    const left = updates.flatMap(({ ticks, messages }) => [
      { ticks, flit: null as Flit | null },
      ...messages.map((flit) => ({ ticks: figures.spikeOut, flit: flit as Flit | null })),
    ]);
    const sender = {
      left,
      until: left.length === 0 ? 0 : left[0]!.ticks,
      offers: () => (now < sender.until ? undefined : (left[0]?.flit ?? undefined)),
      give: () => {
        left.shift();
        sender.until = now + (left[0]?.ticks ?? 0);
        last = now;
      },
    };
    return sender;
  });
  const output = (ticks: number, wants: Output['wants']): Output => {
    const flits: Flit[] = [];
    const made: Output = {
      flits,
      ticks,
      until: -1,
      offers: () => (made.until < 0 || now < made.until ? undefined : flits[0]),
      give: () => {
        flits.shift();
        made.until = -1;
      },
      from: [],
      wants,
      turn: 0,
    };
    return made;
  };
  /** The links out of each tile, by direction, and the ports of all cores. */
  const tiles = Array.from({ length: columns * rows }, (_, tile) => {
    const [x, y] = [tile % columns, Math.floor(tile / columns)];
    const inside = (Object.keys(step) as Direction[]).filter((direction) => {
      const [toX, toY] = [x + step[direction][0], y + step[direction][1]];
      return toX >= 0 && toX < columns && toY >= 0 && toY < rows;
    });
    return inside.map((direction) => ({
      x,
      y,
      direction,
      link: output(linkTicks(figures, x, y, direction), ({ to }) => {
        return directionFrom(x, y, cores[to]!) === direction;
      }),
    }));
  });
  const ports = cores.map((_, core) => output(figures.withinTile, ({ to }) => to === core));
  const links = tiles.flat();
  for (const [core, { x, y }] of cores.entries()) {
    for (const onward of links) if (onward.x === x && onward.y === y) onward.link.from.push(senders[core]!);
    for (const [to, port] of ports.entries())
      if (cores[to]!.x === x && cores[to]!.y === y) port.from.push(senders[core]!);
  }
  for (const { x, y, direction, link } of links) {
    const [toX, toY] = [x + step[direction][0], y + step[direction][1]];
    for (const onward of links) if (onward.x === toX && onward.y === toY) onward.link.from.push(link);
    for (const [core, port] of ports.entries())
      if (cores[core]!.x === toX && cores[core]!.y === toY) port.from.push(link);
  }
  const inboxes = cores.map(() => ({ flits: [] as Flit[], until: -1 }));
  const outputs = [...links.map(({ link }) => link), ...ports];
  for (; ; now++) {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [core, inbox] of inboxes.entries()) {
        if (inbox.until >= 0 && inbox.until <= now) {
          inbox.flits.shift();
          inbox.until = -1;
          last = now;
          moved = true;
        }
        const port = ports[core]!;
        const arrived = port.offers();
        if (arrived !== undefined && inbox.flits.length < figures.buffer) {
          port.give();
          inbox.flits.push(arrived);
          moved = true;
        }
        if (inbox.until < 0 && inbox.flits.length > 0) {
          inbox.until = now + inbox.flits[0]!.work;
          moved = true;
        }
      }
      for (const sender of senders) {
        if (sender.left[0]?.flit !== null || sender.until > now) continue;
        sender.give();
        moved = true;
      }
      for (const taker of outputs) {
        const isWanted = taker.from.some((giver) => giver.offers() !== undefined);
        if (isWanted && taker.flits.length < figures.buffer) {
          const contenders = taker.from.flatMap((giver, place) => {
            const flit = giver.offers();
            return flit !== undefined && taker.wants(flit) ? [{ giver, flit, place }] : [];
          });
          const places = taker.from.length;
          const turnsUntil = (place: number): number => (place - taker.turn + places) % places;
          contenders.sort((a, b) => turnsUntil(a.place) - turnsUntil(b.place));
          const [next] = contenders;
          if (next !== undefined) {
            next.giver.give();
            taker.flits.push(next.flit);
            taker.turn = (next.place + 1) % places;
            moved = true;
          }
        }
        if (taker.until < 0 && taker.flits.length > 0) {
          taker.until = now + taker.ticks;
          moved = true;
        }
      }
    }
    const isIdle =
      senders.every(({ left }) => left.length === 0) &&
      outputs.every(({ flits }) => flits.length === 0) &&
      inboxes.every(({ flits }) => flits.length === 0);
    if (isIdle) return last;
  }
}

/** Dimension order: east or west first; null at home. */
function directionFrom(x: number, y: number, { x: toX, y: toY }: FlitCore): Direction | null {
  if (toX !== x) return toX > x ? 'east' : 'west';
  if (toY !== y) return toY > y ? 'south' : 'north';
  return null;
}

function linkTicks(figures: FlitFigures, x: number, y: number, direction: Direction): number {
  const { eastWest, northSouth, chipToChip, chipColumns, chipRows } = figures;
  const [nextX, nextY] = [x + step[direction][0], y + step[direction][1]];
  const leaves =
    Math.floor(x / chipColumns) !== Math.floor(nextX / chipColumns) ||
    Math.floor(y / chipRows) !== Math.floor(nextY / chipRows);
  return (nextX === x ? northSouth : eastWest) + (leaves ? chipToChip : 0);
}
