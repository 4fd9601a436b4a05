import { Worker } from 'node:worker_threads';
import { failure } from '../../../../schemas/diagnostic.js';
import { compiledUrl } from '../../../workers/compiled.js';
import { unpackError } from '../../../workers/task.js';
import type { Call, Method } from './calls.js';
import { answer } from './calls.js';
import type { MemberSetup } from './shard-member.js';
import { ShardMember } from './shard-member.js';
import type { MemberReply } from './thread.js';

type Arguments<M extends Method> = Parameters<ShardMember[M]>;
type Answer<M extends Method> = Awaited<ReturnType<ShardMember[M]>>;

/** Something that answers calls one by one, in the order in which they come. */
interface Member {
  call(call: Call): Promise<unknown>;
  close(): void;
}

/** Those who share a batch's shards: threads, or where there is one the calling thread. Shard k is always the same member's. */
export class Crew {
  private readonly members: readonly Member[];

  constructor(setup: MemberSetup, workers: number) {
    this.members =
      workers === 1 ? [new LocalMember(setup)] : Array.from({ length: workers }, () => new ThreadMember(setup));
  }

  /** Has every member do it. */
  async all<M extends Method>(method: M, ...args: Arguments<M>): Promise<void> {
    await Promise.all(this.members.map((member) => member.call({ method, args })));
  }

  /**
   * Does it for every shard, and hands `take` the answers in the order of the shards. Rejects with what the first of
   * them throws, once none is at work any more.
   */
  async each<M extends Method>(
    shards: number,
    method: M,
    args: (shard: number) => Arguments<M>,
    take: (answer: Answer<M>, shard: number) => void,
  ): Promise<void> {
    const pending = Array.from({ length: shards }, (_, shard) => {
      const found = this.members[shard % this.members.length]!.call({ method, args: args(shard) });
      found.catch(() => {});
      return found as Promise<Answer<M>>;
    });
    try {
      for (let shard = 0; shard < shards; shard += 1) take(await pending.shift()!, shard);
    } finally {
      for (const rest of pending) await rest.catch(() => {});
    }
  }

  close(): void {
    for (const member of this.members) member.close();
  }
}

class LocalMember implements Member {
  private readonly member: ShardMember;
  private last: Promise<unknown> = Promise.resolve();

  constructor(setup: MemberSetup) {
    this.member = new ShardMember(setup);
  }

  call(call: Call): Promise<unknown> {
    const next = this.last.then(() => answer(this.member, call));
    this.last = next.catch(() => {});
    return next;
  }

  close(): void {}
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

class ThreadMember implements Member {
  private readonly thread: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private ended: Error | null = null;
  private count = 0;

  constructor(setup: MemberSetup) {
    this.thread = new Worker(compiledUrl(new URL('./thread.js', import.meta.url)), {
      workerData: setup,
      // A test runner's loader options must not reach threads, which run compiled code.
      execArgv: [],
    });
    this.thread.on('message', (reply: MemberReply) => {
      const { resolve, reject } = this.waiting.get(reply.id)!;
      this.waiting.delete(reply.id);
      // A thread that has nothing to do keeps no process alive.
      if (this.waiting.size === 0) this.thread.unref();
      if ('error' in reply) reject(unpackError(reply.error));
      else resolve(reply.answer);
    });
    this.thread.on('error', (error) => this.end(error.message, error));
    this.thread.on('exit', (code) => this.end(`exit code ${code}`));
    this.thread.unref();
  }

  call(call: Call): Promise<unknown> {
    if (this.ended !== null) return Promise.reject(this.ended);
    const id = this.count;
    this.count += 1;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.thread.ref();
      this.thread.postMessage({ id, call });
    });
  }

  close(): void {
    this.ended = new Error('the crew has been dismissed');
    void this.thread.terminate();
  }

  /** What the thread held of its shards is lost, so no other one can take its place. */
  private end(reason: string, cause?: Error): void {
    this.ended ??= failure('SW5009', { where: 'worker thread', what: `it ended early: ${reason}` }, { cause });
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}
