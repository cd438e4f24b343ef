/** What people and programs type: the command line, addresses, cursors, JSON pointers. */
import assert from "node:assert/strict";
import { flagToText } from "../../../src/command/flag.ts";
import { pointerToTokens, valueAt } from "../../../src/command/json-pointer.ts";
import { parseCommandLine } from "../../../src/command/parse.ts";
import { commandNames, commandSpec } from "../../../src/command/table.ts";
import { parseValue } from "../../../src/command/value.ts";
import { type CursorLog, cursorToOrdinal, ordinalToCursor } from "../../../src/engine/cursor.ts";
import type { StoredEvent } from "../../../src/core/log/api.ts";
import { formatAddress, parseAddress } from "../../../src/network/address.ts";
import { codeOf, type FuzzTarget, refused } from "../fuzz-target.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
/** As long as ordinals go, with an event at every other one. */
const endless: CursorLog = {
  logId: Uint8Array.from({ length: 16 }, (_, at) => at * 17),
  lastOrdinal: 2 ** 41,
  readOnlyReason: undefined,
  readRefusal: undefined,
  readArrivals: (after) => [eventOf(after + 1 + (after % 2))],
};

function eventOf(ordinal: number): StoredEvent {
  const none = new Uint8Array();
  const stream = { node: "clinic_a", epoch: 1, lane: "" };
  const links = { known: none, payload: none, chain: none, chainBefore: none };
  const kept = { receivedMs: ordinal, receivedFrom: "", isQuarantined: false, isFragmented: false };
  const hlc = { ms: ordinal, counter: 0 };
  return { stream, seq: ordinal, hlc, type: 1, ordinal, payloadSize: 0, ...links, ...kept };
}

/** Words of which a command line is made: a byte each. */
const words: readonly string[] = [
  ...commandNames,
  ...new Set(commandNames.flatMap((name) => Object.keys(commandSpec(name).flags).map(flagToText))),
  ...["x", "512K", "2MB?", "90d", "90", "-1", "1e9", "h:7700", "[::1]:0", "2026-03-01", "--", "-v"],
  ...["--json=x", "--polcy", "own", "/id", "to/a", "\u0000", "\u00e9".repeat(70), "", "-", "-h"],
];

/** Bytes below 0xff pick words; 0xff begins a word of its own, with its length before it. */
function argvOf(bytes: Uint8Array): string[] {
  const argv: string[] = [];
  for (let at = 0; at < bytes.length && argv.length < 40; at++) {
    const byte = bytes[at] ?? 0;
    if (byte !== 0xff) argv.push(words[byte % words.length] ?? "");
    else {
      const length = (bytes[at + 1] ?? 0) % 32;
      argv.push(textOf(bytes.subarray(at + 2, at + 2 + length)));
      at += 1 + length;
    }
  }
  return argv;
}

const indexOf = (word: string): number => words.indexOf(word);

/** Parsing has no memory and asks the environment for named things only. */
function parse(argv: readonly string[]): string {
  const once = (): unknown => parseCommandLine(argv, { ZAMSYNC_DATA_DIR: "d" });
  const kind = codeOf(() => parseCommandLine(argv, { ZAMSYNC_DATA_DIR: "d" }).command);
  if (!kind.startsWith("Z")) assert.deepEqual(once(), once());
  else assert.match(kind, /^Z1\d\d$/, "only usage errors");
  return kind;
}

export const textTargets: readonly FuzzTarget[] = [
  {
    name: "command lines",
    shortRuns: 2000,
    inputBytesMax: 64,
    samples: commandNames.map((name) =>
      Uint8Array.of(
        indexOf(name),
        ...Object.entries(commandSpec(name).flags).flatMap(([key, { kind }]) =>
          kind === "boolean"
            ? [indexOf(flagToText(key))]
            : [indexOf(flagToText(key)), indexOf("x")],
        ),
      ),
    ),
    run: (bytes) => parse(argvOf(bytes)),
  },
  {
    name: "addresses",
    samples: ["h", "192.0.2.1:1", "[::1]:7700", "::1", "a.b-c:65535"].map(utf8),
    run: (bytes) =>
      codeOf(() => {
        const address = parseAddress(textOf(bytes));
        assert.deepEqual(parseAddress(formatAddress(address)), address);
        return "accepted";
      }),
  },
  {
    name: "cursors",
    samples: [0, 1, 2 ** 40].map((ordinal) => utf8(ordinalToCursor(endless, ordinal))),
    run: (bytes) =>
      codeOf(() => {
        const ordinal = cursorToOrdinal(endless, textOf(bytes));
        assert.equal(cursorToOrdinal(endless, ordinalToCursor(endless, ordinal)), ordinal);
        return "accepted";
      }),
  },
  {
    name: "pointers",
    samples: ["/id", "/a~1b/0", "/a/b~0c", "", "/"].map(utf8),
    run: (bytes) => {
      const text = textOf(bytes);
      if (parseValue({ kind: "pointer", help: "" }, text).ok !== true) return refused;
      const found = valueAt({ id: 1, "a/b": [true], a: { "b~c": null } }, pointerToTokens(text));
      return `accepted ${typeof found}`;
    },
  },
  {
    name: "flag values",
    samples: kinds().map((_, at) => Uint8Array.of(at, ...utf8("512K"))),
    run: (bytes) => {
      const kind = kinds()[(bytes[0] ?? 0) % kinds().length] ?? "text";
      const result = parseValue(
        { kind, help: "", choices: ["own", "all"] },
        textOf(bytes.subarray(1)),
      );
      return `${kind} ${JSON.stringify(result).slice(0, 8)}`;
    },
  },
];

function kinds() {
  return [
    "integer",
    "size",
    "duration",
    "rate",
    "choice",
    "address",
    "bind",
    "time",
    "nodeId",
    "lane",
    "pointer",
  ] as const;
}
