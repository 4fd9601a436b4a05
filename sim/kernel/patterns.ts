// What spikes send, counted by pattern: spikes of equal patterns send as many messages to the same cores, where these find as
// many synapses.

import { CoreState } from './core-state';
import { CORE, Network, PATTERN, Pattern, RECEIPT, Receipt, Sent, SHARE, Share } from './merged-state';

/** Bytes of four counts. */
const FOUR: usize = 16;

/** Counts the messages of all spikes not counted yet where they are sent. */
export function countSent(net: Network): void {
  for (let at = net.counts; at < net.pastCounts; at += FOUR) {
    if (!v128.any_true(v128.load(at))) continue;
    for (let place = at; place < at + FOUR; place += 4) {
      const spikes = <f64>load<u32>(place);
      if (spikes === 0) continue;
      const pattern = patternAt(net, place);
      if (pattern.sent === 0) continue;
      const sent = changetype<Sent>(pattern.sent);
      sent.messages += spikes * <f64>pattern.messages;
      sent.eastWest += spikes * <f64>pattern.eastWest;
      sent.northSouth += spikes * <f64>pattern.northSouth;
      sent.crossings += spikes * <f64>pattern.crossings;
    }
  }
}

/** Counts the spikes of this timestep where their messages are received; nothing is left to be counted. */
export function countReceived(net: Network): void {
  const zero = i32x4.splat(0);
  for (let at = net.counts; at < net.pastCounts; at += FOUR) {
    if (!v128.any_true(v128.load(at))) continue;
    for (let place = at; place < at + FOUR; place += 4) {
      const spikes = load<u32>(place);
      if (spikes !== 0) receivePattern(patternAt(net, place), spikes);
    }
    v128.store(at, zero);
  }
}

/** The same for spikes of any timesteps: all that each core has received is summed at once. */
export function countReceipts(net: Network): void {
  const counts = net.counts;
  let core = net.cores;
  let at = load<usize>(net.receipts);
  for (let place = net.receipts + 4; core < net.pastCores; place += 4) {
    const past = load<usize>(place);
    let messages: u64 = 0;
    let synapses: u64 = 0;
    for (; at < past; at += RECEIPT) {
      const receipt = changetype<Receipt>(at);
      const spikes = <u64>load<u32>(counts + <usize>receipt.count);
      messages += spikes * <u64>receipt.messages;
      synapses += spikes * <u64>receipt.synapses;
    }
    changetype<CoreState>(core).receivedInAll += <f64>messages;
    changetype<CoreState>(core).synapticOperationsInAll += <f64>synapses;
    core += CORE;
  }
  memory.fill(counts, 0, net.pastCounts - counts);
}

function patternAt(net: Network, count: usize): Pattern {
  return changetype<Pattern>(net.patterns + ((count - net.counts) >> 2) * PATTERN);
}

function receivePattern(pattern: Pattern, spikes: u32): void {
  for (let share = pattern.shares; share < pattern.pastShares; share += SHARE) {
    const own = changetype<Share>(share);
    const core = changetype<CoreState>(own.core);
    const messages = spikes * own.messages;
    const synapses = <f64>(<u64>spikes * <u64>own.synapses);
    core.receivedInAll += <f64>messages;
    core.synapticOperationsInAll += synapses;
    core.received += messages;
    core.synapticOperations += synapses;
    store<u32>(own.sentOn, load<u32>(own.sentOn) + messages);
  }
}
