// Links: each serves one message at a time, in the order in which they came in.

import { Link, Message } from './clock-state';
import { append } from './pending';

/** Its head is in service from `now` on. */
export function serve(station: i32, served: Link, now: i64): void {
  served.since = now;
  append(served.lane, station, now + served.service);
}

/** A message comes into a link that has room. */
export function enterLink(station: i32, entered: Link, message: usize, now: i64): void {
  entered.messages += 1;
  if (entered.count++ === 0) {
    entered.head = message;
    serve(station, entered, now);
  } else changetype<Message>(entered.tail).next = message;
  entered.tail = message;
}

/** The head, which has been served, leaves. */
export function leaveLink(left: Link): void {
  left.head = changetype<Message>(left.head).next;
  left.count -= 1;
}
