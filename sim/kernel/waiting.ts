// Those that wait until a station has room. What a link serves, and a message in the making, is ready at a moment that is
// known when that begins. Where its next station is full then, it may be put down as waiting from that moment on; when there
// is room, `Holder.ready` tells whether that moment has come.

import { Holder, Taker } from './clock-state';

/** Puts a station, of which it is known when it is ready, behind all that are ready before or at the same moment. */
export function wait(full: Taker, waiting: Holder): void {
  const address = changetype<usize>(waiting);
  const ready = waiting.ready;
  if (full.firstWaiting === 0) {
    waiting.nextWaiting = 0;
    full.firstWaiting = address;
    full.lastWaiting = address;
  } else if (changetype<Holder>(full.lastWaiting).ready <= ready) {
    waiting.nextWaiting = 0;
    changetype<Holder>(full.lastWaiting).nextWaiting = address;
    full.lastWaiting = address;
  } else if (changetype<Holder>(full.firstWaiting).ready > ready) {
    waiting.nextWaiting = full.firstWaiting;
    full.firstWaiting = address;
  } else {
    let before = changetype<Holder>(full.firstWaiting);
    while (changetype<Holder>(before.nextWaiting).ready <= ready) before = changetype<Holder>(before.nextWaiting);
    waiting.nextWaiting = before.nextWaiting;
    before.nextWaiting = address;
  }
}
