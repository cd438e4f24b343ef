/**
 * What a received event is told apart by before it is stored: whether it may be read here, or
 * is quarantined (RULES 34). The mark goes before the event, so that no crash can leave the event
 * without it; a mark without its event waits for the event, which is then judged anew.
 */
import { ZamError } from "../errors/zam-error.ts";
import { type EventContent, epochToText, type StreamId } from "../event.ts";
import { type Ranges, rangesContain } from "../vector/ranges.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { LogCore } from "./core.ts";
import { stageStreamFact } from "./marks.ts";
import type { PartialEvent } from "./partials.ts";
import { quarantineReasonCharactersMax } from "./quarantine.ts";
import { readFragment } from "./read-payload.ts";

/** By seq, the reason of each event that is to be held back. */
export type Verdicts = ReadonlyMap<number, string>;

const noVerdicts: Verdicts = new Map();

/** Own events were judged when they were pushed. */
export function judgeEvents(
  core: LogCore,
  stream: StreamId,
  events: readonly Pick<EventContent, "seq" | "type" | "payload">[],
  missing: Ranges | undefined,
): Verdicts {
  const { judge } = core;
  if (judge === undefined || stream.node === core.nodeId) return noVerdicts;
  const verdicts = new Map<number, string>();
  for (const { seq, type, payload } of events) {
    if (missing !== undefined && !rangesContain(missing, seq)) continue;
    const reason = judge({ stream, type, payload });
    if (reason !== undefined) verdicts.set(seq, reason.slice(0, quarantineReasonCharactersMax));
  }
  return verdicts;
}

/** Why nothing more that is to be held back is taken of this stream. */
export function quarantineRefusal(
  core: LogCore,
  stream: StreamId,
  index: StreamIndex | undefined,
  verdicts: Verdicts,
): ZamError | undefined {
  if (verdicts.size === 0 || index === undefined || !core.quarantine.isFull(index))
    return undefined;
  const { node, epoch, lane } = stream;
  const reason = "too many of its events are quarantined already";
  return new ZamError("Z215", { node, epoch: epochToText(epoch), lane, reason });
}

/** Before the events: a mark for each run of one reason. */
export function stageVerdicts(
  core: LogCore,
  index: StreamIndex,
  verdicts: Verdicts,
  wallMs: number,
): void {
  let from = 0;
  let to = 0;
  let reason = "";
  const stage = (): void => {
    if (from === 0) return;
    const run = { from, to, reason };
    stageStreamFact(core, index, wallMs, (alias) => ({ kind: "quarantine", alias, ...run }));
  };
  for (const [seq, why] of verdicts) {
    if (from > 0 && seq === to + 1 && why === reason) {
      to = seq;
      continue;
    }
    stage();
    from = seq;
    to = seq;
    reason = why;
  }
  stage();
}

/** Behind an event that may be read: a mark that an earlier try left does not hold it back. */
export function stageLetIn(core: LogCore, index: StreamIndex, seq: number, wallMs: number): void {
  if (core.quarantine.isEmpty || core.quarantine.reasonAt(index, seq) === undefined) return;
  stageStreamFact(core, index, wallMs, (alias) => ({ kind: "release", alias, seq }));
}

/** The payload of an event whose last piece is `last`, for the judge; undefined when a piece cannot be read. */
export function wholeOf(
  core: LogCore,
  index: StreamIndex,
  partial: PartialEvent,
  last: Uint8Array,
): Uint8Array | undefined {
  const whole = new Uint8Array(partial.totalBytes);
  let at = 0;
  for (const place of partial.places.slice(0, partial.durableCount)) {
    const piece = readFragment(core, index, place);
    if (piece === undefined || piece.length !== place.sizeBytes) return undefined;
    whole.set(piece, at);
    at += piece.length;
  }
  for (const piece of partial.undurable) {
    whole.set(piece, at);
    at += piece.length;
  }
  if (at + last.length !== whole.length) return undefined;
  whole.set(last, at);
  return whole;
}
