/**
 * What the tokens of a direction lean on: everything learned from the events
 * before. Deterministic, of bounded size, and the same on both sides as long as
 * both have coded the same events; so it is made anew when a direction is primed.
 */
import { ByteWriter } from "../../bytes.ts";
import type { CodecSizes } from "../codecs.ts";
import { Dictionary } from "./dictionary.ts";
import { fieldCount } from "./fields.ts";
import { Links } from "./links.ts";
import { Recents } from "./recents.ts";
import { Sequences } from "./sequences.ts";
import { Shapes } from "./shapes.ts";
import { Splitter } from "./split.ts";
import { TimeBases } from "./time-bases.ts";
import { UuidRing } from "./uuid-ring.ts";
import { Words } from "./words.ts";

/** Streams whose last clock is remembered; others start from the last clock of any. */
const clocksMax = 64;

/** The event that is coded now, and room to take it apart. */
class EventInHand {
  ms = 0;
  counter = 0;
  type = 0;
  readonly known = new ByteWriter(16);
  /** A decoder's. */
  readonly payload = new ByteWriter(1024);
  readonly splitter = new Splitter();
  /** An encoder's, of a skeleton that is new. */
  readonly description = new ByteWriter(256);
  /** A value written from its tokens. */
  readonly proof = new ByteWriter(64);
}

export class TokenState {
  readonly event = new EventInHand();
  readonly dictionary: Dictionary;
  readonly uuids = new UuidRing();
  readonly links: Links;
  /** Where longer texts go word by word: with mixing, which makes a decision cost less than a bit. */
  readonly words: Words | undefined;
  readonly recents = new Recents();
  readonly shapes: Shapes;
  readonly times = new TimeBases();
  /** Decimals that numbers of a field have had last. */
  readonly decimals = new Uint8Array(fieldCount);
  /** Whether a slot's last candidates were right, newest in the lowest bit. */
  readonly hits: Uint8Array;
  readonly sequences: Sequences;
  /** Number of the last shape plus 1, 0 for plain; and the one before. */
  lastShape = 0;
  shapeBefore = 0;
  lastType = 0;
  /** The last clock of a stream, at its number modulo 64; -1: of none. */
  private readonly clockStreams = new Int32Array(clocksMax).fill(-1);
  private readonly clockMs = new Float64Array(clocksMax);
  private readonly clockCounters = new Int32Array(clocksMax);
  private lastMs = 0;

  constructor(sizes: CodecSizes, hasWords: boolean) {
    this.dictionary = new Dictionary(sizes.entries, sizes.arenaBytes, fieldCount);
    this.links = new Links(sizes.linkPlaces, sizes.slotIds);
    this.shapes = new Shapes(sizes);
    this.words = hasWords ? new Words(sizes) : undefined;
    this.hits = new Uint8Array(sizes.slotIds);
    this.sequences = new Sequences(sizes.slotIds);
  }

  /** Milliseconds of the clock that the stream's next event follows. */
  clockMsOf(stream: number): number {
    const place = stream % clocksMax;
    return this.clockStreams[place] === stream ? (this.clockMs[place] as number) : this.lastMs;
  }

  /** Its counter, -1 when the stream is not known. */
  clockCounterOf(stream: number): number {
    const place = stream % clocksMax;
    return this.clockStreams[place] === stream ? (this.clockCounters[place] as number) : -1;
  }

  setClock(stream: number, ms: number, counter: number): void {
    const place = stream % clocksMax;
    this.clockStreams[place] = stream;
    this.clockMs[place] = ms;
    this.clockCounters[place] = counter;
    this.lastMs = ms;
  }
}
