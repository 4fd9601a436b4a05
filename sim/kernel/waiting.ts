// Those that wait until a station has room. What a link serves, and a message in the making, is ready at a moment that is
// known when that begins. Where its next station is full then, it may be put down as waiting from that moment on; when there
// is room, `Holder.ready` tells whether that moment has come.

import { Holder, Taker } from './clock-state';

/** Puts a station, of which it is known when it is ready, with those that wait. */
export function wait(full: Taker, waiting: Holder): void {
  waiting.nextWaiting = full.firstWaiting;
  full.firstWaiting = changetype<usize>(waiting);
}

/**
 * Of those that wait and are ready, the one whose turn it is: the next behind the one that came in last, in the order of
 * their addresses, and behind the last of them the first. It waits no longer, and comes in. 0 where none is ready.
 */
export function takeTurn(taker: Taker, present: i64): usize {
  const last = taker.last;
  let found: usize = 0;
  let least: u32 = u32.MAX_VALUE;
  // Where it stands which waits next: that of the one found, and of the one looked at.
  let placeOfFound: usize = 0;
  let place = changetype<usize>(taker) + offsetof<Taker>('firstWaiting');
  for (let at = load<usize>(place); at !== 0; at = load<usize>(place)) {
    // Behind those that come later than the last one, for below zero it wraps round.
    const turn = <u32>(at - last - 1);
    const isNext = <i32>(turn <= least) & <i32>(changetype<Holder>(at).ready <= present);
    least = select<u32>(turn, least, isNext);
    found = select<usize>(at, found, isNext);
    placeOfFound = select<usize>(place, placeOfFound, isNext);
    place = at + offsetof<Holder>('nextWaiting');
  }
  if (found === 0) return 0;
  store<usize>(placeOfFound, changetype<Holder>(found).nextWaiting);
  taker.last = found;
  return found;
}
