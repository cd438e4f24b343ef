/** What a decoder takes from a peer that keeps the wire's rules and breaks the events'. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { textToUtf8 } from "../../bytes.ts";
import { fragmentBytesMax, hlcMsMax, typeMax } from "../../event.ts";
import { codecTokens, sizesOf } from "../codecs.ts";
import { ByteDecoder, ByteEncoder } from "./byte-coder.ts";
import type { TokenCoder } from "./coder.ts";
import { EventWalk, type GivenEvent } from "./event-walk.ts";
import { kindDate, kindNumber, kindText, kindTime, kindUuid } from "./split.ts";
import { TokenState } from "./state.ts";

const sizes = sizesOf(codecTokens);

function walkOf(coder: TokenCoder, state = new TokenState(sizes, false)): EventWalk {
  return new EventWalk(coder, state);
}

/** Decodes one event from tokens that `write` makes without an encoder's care. */
function decode(write: (out: ByteEncoder) => void, payloadBytesMax = 1000): GivenEvent | undefined {
  const out = new ByteEncoder();
  out.beginEvent();
  write(out);
  out.finish();
  const decoder = new ByteDecoder();
  decoder.begin(out.tokens.view(), out.flags.view(), out.patternless.view());
  const state = new TokenState(sizes, false);
  const walk = walkOf(decoder, state);
  const isEvent = walk.code(0, undefined, payloadBytesMax);
  assert.equal(decoder.failed, !isEvent);
  if (!isEvent) return undefined;
  const { ms, counter, type, known, payload } = state.event;
  return { ms, counter, type, known: known.take(), payload: payload.take() };
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

interface Head {
  readonly type?: number;
  readonly ms?: number;
  readonly counter?: number;
}

/** Type, then that nothing is usual: clock (against zero), counter (against none), and that the author knew nothing. */
function head(out: ByteEncoder, { type = 1, ms = 5, counter = 0 }: Head = {}): void {
  out.number(type);
  out.flag(0);
  out.flag(ms < 0 ? 1 : 0);
  out.number(Math.abs(ms));
  out.number(zigzag(counter));
  out.flag(1);
}

function plain(out: ByteEncoder, text: string): void {
  out.number(0);
  out.flag(0);
  out.text(textToUtf8(text));
}

/** A payload of a new shape, described by `text`, and its values. */
function shaped(out: ByteEncoder, text: string, values: () => void): void {
  out.number(1);
  out.text(textToUtf8(text));
  values();
}

const at = (kind: number): string => String.fromCharCode(kind);

describe("an event from tokens", () => {
  test("is its head and a plain payload", () => {
    const event = decode((out) => {
      head(out, { type: 7, ms: 1234, counter: 5 });
      plain(out, "hello");
    });
    assert.deepEqual(event, {
      ms: 1234,
      counter: 5,
      type: 7,
      known: Uint8Array.of(0),
      payload: textToUtf8("hello"),
    });
  });

  test("is none with a type, a clock or a counter that no event has", () => {
    const isTaken = (input: Head): boolean =>
      decode((out) => {
        head(out, input);
        plain(out, "x");
      }) !== undefined;
    for (const taken of [
      { type: typeMax },
      { ms: hlcMsMax - 1 },
      { ms: 1, counter: 0xffff },
    ] as const)
      assert.ok(isTaken(taken), JSON.stringify(taken));
    for (const refused of [
      { type: typeMax + 1 },
      { ms: -1 },
      { ms: hlcMsMax },
      { ms: 1, counter: -1 },
      { ms: 1, counter: 0x10000 },
    ])
      assert.ok(!isTaken(refused), JSON.stringify(refused));
  });

  test("has a head of type and clock where all else is usual", () => {
    const usual = (apart: number): GivenEvent | undefined =>
      decode((out) => {
        out.number(3);
        out.flag(1);
        out.number(apart);
        plain(out, "x");
      });
    const { ms, counter, type, known } = usual(1233) ?? {};
    assert.deepEqual([ms, counter, type, known], [1234, 0, 3, Uint8Array.of(0)]);
    assert.equal(usual(hlcMsMax - 2)?.ms, hlcMsMax - 1);
    assert.equal(usual(hlcMsMax - 1), undefined);
  });

  test("is none with a payload beyond what it may have", () => {
    const text = (size: number) => (out: ByteEncoder) => {
      head(out);
      plain(out, "x".repeat(size));
    };
    assert.equal(decode(text(10), 10)?.payload.length, 10);
    assert.equal(decode(text(11), 10), undefined);
    assert.equal(decode(text(fragmentBytesMax + 1), 10 * fragmentBytesMax), undefined);
    const random = (size: number) => (out: ByteEncoder) => {
      head(out);
      out.number(0);
      out.flag(1);
      out.number(size);
      for (let i = 0; i < size; i++) out.bits(i, 8);
    };
    assert.deepEqual(decode(random(3), 3)?.payload, Uint8Array.of(0, 1, 2));
    assert.equal(decode(random(4), 3), undefined);
    const list = (size: number) => (out: ByteEncoder) => {
      head(out);
      shaped(out, `["${at(kindText)}"]`, () => {
        out.flag(0);
        out.text(textToUtf8("x".repeat(size)));
      });
    };
    assert.equal(decode(list(6), 10)?.payload.length, 10);
    assert.equal(decode(list(7), 10), undefined);
    assert.equal(decode(list(20), 10), undefined);
  });

  test("is none of a shape that nobody described, or whose description is none", () => {
    assert.equal(
      decode((out) => {
        head(out);
        out.number(2);
      }),
      undefined,
    );
    assert.equal(
      decode((out) => {
        head(out);
        shaped(out, `${at(kindText)}${at(kindText)}`, () => {});
      }),
      undefined,
    );
  });
});

describe("a value from tokens", () => {
  const payloadValue = (kind: number, write: (out: ByteEncoder) => void): string | undefined => {
    const event = decode((out) => {
      head(out);
      shaped(out, `[,${at(kind)}]`, () => write(out));
    });
    if (event === undefined) return undefined;
    return String.fromCharCode(...event.payload).slice(2, -1);
  };

  test("is a number of at most 15 digits and 14 decimals", () => {
    const unusual = (form: number, digits: number) => (out: ByteEncoder) => {
      out.flag(0);
      out.number(form);
      out.number(digits);
    };
    assert.equal(payloadValue(kindNumber, unusual(2 * 1 + 1, 370)), "-37.0");
    assert.equal(payloadValue(kindNumber, unusual(2 * 14, 5)), "0.00000000000005");
    assert.equal(payloadValue(kindNumber, unusual(2 * 15, 5)), undefined);
    assert.equal(payloadValue(kindNumber, unusual(0, 1e15 - 1)), "999999999999999");
    assert.equal(payloadValue(kindNumber, unusual(0, 1e15)), undefined);
    const usual = (digits: number) => (out: ByteEncoder) => {
      out.flag(1);
      out.number(digits);
    };
    assert.equal(payloadValue(kindNumber, usual(120)), "120");
    assert.equal(payloadValue(kindNumber, usual(1e15)), undefined);
  });

  test("is no text or UUID that has not come before", () => {
    const known = (out: ByteEncoder): void => {
      out.flag(1);
      out.number(0);
    };
    assert.equal(payloadValue(kindText, known), undefined);
    for (const place of [[1], [0, 0], [0, 1]]) {
      const recalled = (out: ByteEncoder): void => {
        out.flag(1);
        for (const flag of place) out.flag(flag);
        out.number(0);
      };
      assert.equal(payloadValue(kindUuid, recalled), undefined);
    }
  });

  test("is a UUID of any version; of a random one six bits are not sent", () => {
    const random = (out: ByteEncoder): void => {
      out.flag(0);
      out.flag(1);
      for (let i = 0; i < 16; i++) out.bits(0xff, i === 6 ? 4 : i === 8 ? 6 : 8);
    };
    assert.equal(payloadValue(kindUuid, random), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    const other = (out: ByteEncoder): void => {
      out.flag(0);
      out.flag(0);
      for (let i = 0; i < 16; i++) out.bits(i * 17, 8);
    };
    assert.equal(payloadValue(kindUuid, other), "00112233-4455-6677-8899-aabbccddeeff");
  });

  test("is a date or time of four-digit years, before or after its base", () => {
    const dayOff = (sign: number, size: number) => (out: ByteEncoder) => {
      out.flag(0);
      out.flag(sign);
      out.number(size - 1);
    };
    const timeOff = (sign: number, size: number, isMinutes: number) => (out: ByteEncoder) => {
      out.flag(0);
      out.flag(sign);
      out.flag(isMinutes);
      out.number(size - 1);
    };
    const same = (out: ByteEncoder): void => {
      out.flag(1);
    };
    assert.equal(payloadValue(kindDate, same), "1970-01-01");
    assert.equal(payloadValue(kindDate, dayOff(0, 2_932_896)), "9999-12-31");
    assert.equal(payloadValue(kindDate, dayOff(0, 2_932_897)), undefined);
    assert.equal(payloadValue(kindDate, dayOff(1, 719_528)), "0000-01-01");
    assert.equal(payloadValue(kindDate, dayOff(1, 719_529)), undefined);
    // The event's clock is at 5 ms.
    assert.equal(payloadValue(kindTime, same), "1970-01-01T00:00:00.005");
    const lastMs = 2_932_897 * 86_400_000 - 1;
    assert.equal(payloadValue(kindTime, timeOff(0, lastMs - 5, 0)), "9999-12-31T23:59:59.999");
    assert.equal(payloadValue(kindTime, timeOff(0, lastMs - 4, 0)), undefined);
    const firstMs = -719_528 * 86_400_000;
    assert.equal(payloadValue(kindTime, timeOff(1, 5 - firstMs, 0)), "0000-01-01T00:00:00.000");
    assert.equal(payloadValue(kindTime, timeOff(1, 6 - firstMs, 0)), undefined);
    assert.equal(payloadValue(kindTime, timeOff(0, 90, 1)), "1970-01-01T01:30:00.005");
    assert.equal(payloadValue(kindTime, timeOff(0, 2 ** 53 - 1, 1)), undefined);
  });
});

describe("tokens of an event", () => {
  const event = (payload: string, seq = 1): GivenEvent => ({
    ms: 1000 + seq,
    counter: 0,
    type: 1,
    known: Uint8Array.of(0),
    payload: textToUtf8(payload),
  });

  /** Bytes of tokens that each payload takes, one after the other. */
  function costs(...payloads: readonly string[]): readonly number[] {
    const coder = new ByteEncoder();
    const walk = walkOf(coder);
    return payloads.map((payload, i) => {
      const before = coder.tokens.length;
      assert.ok(walk.code(0, event(payload, i + 1), 0));
      return coder.tokens.length - before;
    });
  }

  test("are a head and a number for the shape once shape and texts are known", () => {
    const [first = 0, second = 0, third = 0] = costs(
      '{"drug":"Paracetamol","dose":"1 tab TDS"}',
      '{"drug":"Amoxicillin","dose":"1 cap TDS"}',
      '{"drug":"Paracetamol","dose":"1 cap TDS"}',
    );
    assert.ok(first > 45 && second < 30, `${first}, ${second}`);
    assert.ok(third <= 2 + 1 + 2, `${third}`);
  });

  test("leave out what the same event held before, once that was right often enough", () => {
    const payloads = Array.from({ length: 12 }, () => '{"drug":"Paracetamol","dose":"1 tab TDS"}');
    assert.equal(costs(...payloads).at(-1), 3);
  });

  test("are plain text for what is no JSON, and what would not come back the same", () => {
    const [text = 0] = costs("no JSON");
    assert.equal(text, 2 + 1 + 1 + 7);
  });
});
