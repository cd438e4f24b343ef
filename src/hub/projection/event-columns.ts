/**
 * A batch of events on its way to the projection's thread: a column a field, and all payloads in one
 * piece of memory that changes hands. As objects, thousands of names and small arrays would be written,
 * read and made again one by one.
 */
import { assert } from "../../core/errors/zam-error.ts";
import type { ArrivedEvent } from "../../engine/index.ts";

type Field = Exclude<keyof ArrivedEvent, "payload">;

export interface EventColumns {
  readonly columns: { readonly [F in Field]: readonly ArrivedEvent[F][] };
  /** Where each payload ends. */
  readonly ends: readonly number[];
  readonly payloads: Uint8Array<ArrayBuffer>;
}

/** A large payload is not copied but handed over: its event is not to be used any more. */
export function toColumns(events: readonly ArrivedEvent[]): EventColumns {
  let end = 0;
  const ends = events.map(({ payload }) => {
    end += payload.length;
    return end;
  });
  const payloads = wholeMemoryOf(events) ?? new Uint8Array(end);
  if (events[0]?.payload !== payloads)
    for (const [index, { payload }] of events.entries())
      payloads.set(payload, ends[index - 1] ?? 0);
  const column = <F extends Field>(field: F): readonly ArrivedEvent[F][] =>
    events.map((event) => event[field]);
  return {
    columns: {
      arrival: column("arrival"),
      node: column("node"),
      epoch: column("epoch"),
      lane: column("lane"),
      seq: column("seq"),
      hlc: column("hlc"),
      chain: column("chain"),
      type: column("type"),
      tsMs: column("tsMs"),
      receivedMs: column("receivedMs"),
    },
    ends,
    payloads,
  };
}

/** Of an event that is alone, when its payload is all that is in its memory. */
function wholeMemoryOf(events: readonly ArrivedEvent[]): Uint8Array<ArrayBuffer> | undefined {
  const [only, ...more] = events;
  if (only === undefined || more.length > 0) return undefined;
  const { payload } = only;
  const isWhole =
    payload.buffer instanceof ArrayBuffer && payload.length === payload.buffer.byteLength;
  return isWhole ? (payload as Uint8Array<ArrayBuffer>) : undefined;
}

/** Payloads are views of what was handed over. */
export function fromColumns({ columns, ends, payloads }: EventColumns): readonly ArrivedEvent[] {
  return ends.map((end, at) => ({
    arrival: valueAt(columns.arrival, at),
    node: valueAt(columns.node, at),
    epoch: valueAt(columns.epoch, at),
    lane: valueAt(columns.lane, at),
    seq: valueAt(columns.seq, at),
    hlc: valueAt(columns.hlc, at),
    chain: valueAt(columns.chain, at),
    type: valueAt(columns.type, at),
    tsMs: valueAt(columns.tsMs, at),
    receivedMs: valueAt(columns.receivedMs, at),
    payload: payloads.subarray(at === 0 ? 0 : ends[at - 1], end),
  }));
}

function valueAt<T>(column: readonly T[], at: number): T {
  const value = column[at];
  assert(value !== undefined, "every column has a value of every event");
  return value;
}
