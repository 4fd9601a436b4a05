// Links: each serves one message at a time, in the order in which they came in.

import { Link, Message, NEVER, stationFrom } from './clock-state';

let buffer: i32 = 0;

/** All links hold so many messages. */
export function openLinks(linkBuffer: i32): void {
  buffer = linkBuffer;
}

/** A message comes into a link that has room; true where it is the only one. */
export function enterLink(entered: Link, message: usize): bool {
  const count = entered.count + 1;
  entered.count = count;
  entered.messages += 1;
  if (count === buffer) entered.roomFrom = NEVER;
  const goal = changetype<Message>(message).goal;
  changetype<Message>(message).onward = stationFrom(entered.x, entered.y, entered.firstLink, goal);
  store<usize>(entered.tail, message);
  entered.tail = message + offsetof<Message>('next');
  return count === 1;
}

/** The head, which has been served, leaves. */
export function leaveLink(left: Link): usize {
  const message = left.head;
  const count = left.count - 1;
  left.count = count;
  left.head = changetype<Message>(message).next;
  left.tail = select<usize>(left.tail, changetype<usize>(left) + offsetof<Link>('head'), count !== 0);
  left.roomFrom = 0;
  return message;
}
