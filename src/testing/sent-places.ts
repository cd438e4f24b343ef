/**
 * Follows the frames of one direction as a bystander, for checks of what is said on a
 * wire: which stream a number means, and where a BATCH that leaves out its place
 * belongs (docs/protocol.md, STREAM and BATCH).
 */
import type { BatchFrame, Frame } from "../core/codec/frame-types.ts";
import { numberedLinesMax } from "../core/codec/wire-limits.ts";
import type { StreamId } from "../core/event.ts";
import type { VectorEntry } from "../core/vector/entry.ts";

/** Consecutive events that a frame carries. */
export interface CarriedRange {
  readonly stream: number;
  readonly from: number;
  readonly count: number;
}

export class SentPlaces {
  private readonly lines: VectorEntry[] = [];
  private lineCount = 0;
  private readonly named: StreamId[] = [];
  private lastStream = 0;
  private readonly nextSeqs = new Map<number, number>();

  /** The next frame of this direction; what it carries when it is a RANGE or BATCH, undefined for others. */
  take(frame: Frame): CarriedRange | undefined {
    switch (frame.type) {
      case "hello":
        this.lineCount = Math.min(frame.entryCount, numberedLinesMax);
        return undefined;
      case "vector":
        if (frame.purpose === "hello")
          this.lines.push(...frame.entries.slice(0, this.lineCount - this.lines.length));
        return undefined;
      case "stream":
        this.named.push(frame.id);
        return undefined;
      case "history":
        this.nextSeqs.clear();
        this.lastStream = frame.stream;
        if (frame.count > 0) this.nextSeqs.set(frame.stream, frame.to + 1);
        return undefined;
      case "range":
        return { stream: frame.stream, from: frame.from, count: frame.count };
      default:
        return frame.type === "batch" ? this.batch(frame) : undefined;
    }
  }

  /** The stream of a frame that holds events or stands in their place, undefined for others; to be asked after `take`. */
  streamOfData(frame: Frame): StreamId | undefined {
    switch (frame.type) {
      case "batch":
        return this.streamOf(this.lastStream);
      case "range":
      case "fragment":
      case "lost":
      case "floor":
        return this.streamOf(frame.stream);
      default:
        return undefined;
    }
  }

  /** What a number means; undefined when nothing has been said about it. */
  streamOf(number: number): StreamId | undefined {
    return number < this.lineCount ? this.lines[number]?.id : this.named[number - this.lineCount];
  }

  private batch(frame: BatchFrame): CarriedRange | undefined {
    const { start, history, count } = frame;
    const stream = frame.stream ?? (history === undefined ? this.lastStream : 0);
    const head = this.lines[stream]?.head;
    const from =
      start === undefined
        ? this.nextSeqs.get(stream)
        : "from" in start
          ? start.from
          : head === undefined
            ? undefined
            : head - count + 1;
    if (from === undefined) return undefined;
    if (history !== undefined) this.nextSeqs.clear();
    this.lastStream = stream;
    this.nextSeqs.set(stream, from + count);
    return { stream, from, count };
  }
}
