import { parentPort, workerData } from 'node:worker_threads';
import type { PortableError } from '../../../workers/task.js';
import { packError } from '../../../workers/task.js';
import type { Call } from './calls.js';
import { answer } from './calls.js';
import type { MemberSetup } from './shard-member.js';
import { ShardMember } from './shard-member.js';

/** From a member's thread: what a call came to. */
export type MemberReply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: PortableError };

/** The entry of a member's thread: answers one call at a time, in the order in which they come. */
const port = parentPort!;
const member = new ShardMember(workerData as MemberSetup);
let last: Promise<void> = Promise.resolve();

port.on('message', ({ id, call }: { id: number; call: Call }) => {
  last = last.then(async () => {
    let reply: MemberReply;
    try {
      reply = { id, answer: await answer(member, call) };
    } catch (error) {
      reply = { id, error: packError(error) };
    }
    port.postMessage(reply);
  });
});
