/** Events of one stream, and the chains beside them. */
import type { StreamIndex } from "../vector/stream-table.ts";
import type { ReadLimit, StoredEvent } from "./api.ts";
import { isHeld } from "./apply.ts";
import { chainZero } from "./chain.ts";
import type { LogCore } from "./core.ts";
import { isRehomed } from "./locate.ts";
import { toStoredEvent } from "./stored-event.ts";
import { visitStream } from "./visit-stream.ts";

export function readStream(
  core: LogCore,
  index: StreamIndex,
  from: number,
  limit: ReadLimit,
): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  let bytes = 0;
  core.readRefusal = undefined;
  let chain = isRehomed(core, index) ? rehomedChainBefore(core, index, from) : undefined;
  visitStream(core, index, from, (recorded) => {
    const event = toStoredEvent(core, recorded, chain ?? recorded.fields.chainBefore);
    if (event === undefined) return false;
    const isFull = events.length > 0 && bytes + event.payloadSize > limit.bytes;
    if (isFull) return false;
    events.push(event);
    bytes += event.payloadSize;
    if (chain !== undefined) chain = event.chain;
    return events.length < limit.events && bytes < limit.bytes;
  });
  const last = events[events.length - 1];
  if (chain !== undefined && last !== undefined) {
    core.rehomedChains.set(index, { seq: last.seq, chain: last.chain });
  }
  return events;
}

/** The event at `seq` alone, or undefined. */
export function readEvent(core: LogCore, index: StreamIndex, seq: number): StoredEvent | undefined {
  return readStream(core, index, seq, { events: 1, bytes: 1 })[0];
}

/** Chain at `seq`, from state where it stands, else from a neighbouring record. */
export function chainAt(core: LogCore, index: StreamIndex, seq: number): Uint8Array | undefined {
  const { table } = core.streams;
  const head = table.head(index);
  if (seq === head) return table.chain(index);
  if (seq < 0 || seq > head) return undefined;
  if (seq === 0) return chainZero(core.crypto, table.id(index));
  const floor = table.floor(index);
  if (floor !== undefined && seq === floor.seq) return floor.chain;
  // Chains of a re-homed stream are counted up from its beginning: not across a hole.
  const isUnknown = table.holes(index).some((hole) => hole.from <= seq);
  if (isUnknown && isRehomed(core, index)) return undefined;
  if (isHeld(core, index, seq)) {
    const event = readEvent(core, index, seq);
    if (event !== undefined) return event.chain;
  }
  return isHeld(core, index, seq + 1) ? readEvent(core, index, seq + 1)?.chainBefore : undefined;
}

/**
 * A re-homed stream has chains of its own, which no record holds: they are
 * computed from its beginning, or from where the last read ended. Behind what was
 * lost they go on from the chain that the next record holds.
 */
function rehomedChainBefore(core: LogCore, index: StreamIndex, seq: number): Uint8Array {
  const { table } = core.streams;
  const cached = core.rehomedChains.get(index);
  const floor = table.floor(index);
  let at = cached !== undefined && cached.seq < seq ? cached.seq : 0;
  let chain =
    at > 0 && cached !== undefined ? cached.chain : chainZero(core.crypto, table.id(index));
  if (floor !== undefined && floor.seq > at && floor.seq < seq) {
    at = floor.seq;
    chain = floor.chain;
  }
  while (at < seq - 1) {
    const before = at;
    visitStream(core, index, at + 1, (recorded) => {
      if (recorded.seq >= seq) return false;
      const event = toStoredEvent(core, recorded, chain);
      if (event === undefined) return false;
      chain = event.chain;
      at = recorded.seq;
      return true;
    });
    if (at === before) {
      const gap = [...table.lost(index), ...table.holes(index)].find(
        (range) => range.from <= before + 1 && range.to > before,
      );
      if (gap === undefined) break;
      at = gap.to;
      visitStream(core, index, at + 1, (recorded) => {
        chain = recorded.fields.chainBefore.slice();
        return false;
      });
    }
  }
  return chain;
}
