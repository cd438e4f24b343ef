/**
 * The numbers of outgoing streams: those of the first lines of our vector go without
 * saying, others get the next by STREAM, before the first frame that needs it.
 */
import { encodeFrame } from "../codec/encode-frame.ts";
import { numberedLinesMax } from "../codec/wire-limits.ts";
import type { VectorEntry } from "../vector/entry.ts";
import type { SessionState } from "./state.ts";
import { type Outgoing, streamKey } from "./tracked-streams.ts";

/** HELLO's vector has these lines. */
export function numberLines(s: SessionState, lines: readonly VectorEntry[]): void {
  s.linesTold = lines.slice(0, numberedLinesMax);
  s.outgoingByNumber.length = s.linesTold.length;
}

/** The number that the stream has, or will get when its first frame leaves. */
export function streamNumber(s: SessionState, out: Outgoing): number {
  if (out.number >= 0) return out.number;
  const key = streamKey(out.id);
  const line = s.linesTold.findIndex(({ id }) => streamKey(id) === key);
  return line < 0 ? s.outgoingByNumber.length : line;
}

/** The STREAM frame, for a stream that needs one. */
export function nameStream(s: SessionState, out: Outgoing): Uint8Array | undefined {
  if (out.number >= 0) return undefined;
  out.number = streamNumber(s, out);
  s.outgoingByNumber[out.number] = out;
  if (out.number < s.linesTold.length) return undefined;
  return encodeFrame({ type: "stream", id: out.id }, s.outEnds);
}

export function joined(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  if (first === undefined) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
