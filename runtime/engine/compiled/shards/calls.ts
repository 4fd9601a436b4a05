import type { ShardMember } from './shard-member.js';

/** What members of a crew are asked for. */
export type Method = 'write' | 'run' | 'end' | 'lossGradient' | 'logits' | 'gradients' | 'recordSpikes';

/** A method with its arguments, plain data that crosses from thread to thread. */
export interface Call {
  readonly method: Method;
  readonly args: readonly unknown[];
}

export function answer(member: ShardMember, { method, args }: Call): Promise<unknown> {
  const asked = member[method] as (this: ShardMember, ...args: readonly unknown[]) => Promise<unknown>;
  return asked.apply(member, [...args]);
}
