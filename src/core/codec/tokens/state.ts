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
import { TimeBases } from "./time-bases.ts";
import { UuidRing } from "./uuid-ring.ts";
import { Words } from "./words.ts";

/** Streams whose last clock is remembered; others start from the last clock of any. */
const clocksMax = 64;

interface Clock {
  readonly stream: number;
  readonly ms: number;
  readonly counter: number;
}

export class TokenState {
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
  readonly payload = new ByteWriter(4096);
  private readonly clocks: Clock[] = [];
  private lastMs = 0;

  constructor(sizes: CodecSizes, hasWords: boolean) {
    this.dictionary = new Dictionary(sizes.entries, sizes.arenaBytes);
    this.links = new Links(sizes.linkPlaces, sizes.slotIds);
    this.shapes = new Shapes(sizes);
    this.words = hasWords ? new Words(sizes) : undefined;
    this.hits = new Uint8Array(sizes.slotIds);
    this.sequences = new Sequences(sizes.slotIds);
  }

  /** The clock that the stream's next event follows. */
  clockOf(stream: number): Clock {
    const clock = this.clocks[stream % clocksMax];
    return clock?.stream === stream ? clock : { stream, ms: this.lastMs, counter: -1 };
  }

  setClock(clock: Clock): void {
    this.clocks[clock.stream % clocksMax] = clock;
    this.lastMs = clock.ms;
  }
}
