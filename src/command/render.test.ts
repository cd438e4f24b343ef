import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ZamError } from "../core/errors/zam-error.ts";
import type { AuditRow, NodeStatus, PulledEvent, SyncSummary } from "../engine/api.ts";
import { completionScript } from "./completion.ts";
import { commandHelpToText, helpToJson, overviewToText } from "./help.ts";
import { pointerToTokens, valueAt } from "./json-pointer.ts";
import { editDistance, nearest } from "../core/nearest.ts";
import { errorToJson, errorToText } from "./render-error.ts";
import {
  auditCsvHeading,
  auditHeading,
  auditToCsv,
  auditToJson,
  auditToText,
  bytesToBase64,
  type PayloadText,
  pulledToJson,
  pulledToText,
  pushToJson,
  pushToText,
  streamPushToText,
  verifyToText,
} from "./render-events.ts";
import { keygenToText, nodesToText, quoted } from "./render-identity.ts";
import { peersToText, statusProblems, statusToJson, statusToText } from "./render-status.ts";
import { pingToText, progressToText, syncToJson, syncToText } from "./render-sync.ts";
import { commandNames, commandSpec } from "./table.ts";
import {
  agoToText,
  bytesToText,
  elapsedToText,
  fit,
  plainStyler,
  printable,
  type View,
} from "./text.ts";

const nowMs = Date.parse("2026-03-01T12:00:00.000Z");
const view: View = { style: plainStyler, nowMs, isVerbose: false };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const payloadText: PayloadText = {
  decode: (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  },
  base64: (bytes) => Buffer.from(bytes).toString("base64"),
};

function status(changes: Partial<NodeStatus> = {}): NodeStatus {
  return {
    nodeId: "clinic_a",
    role: "clinic",
    epoch: "0badcafe",
    walRecords: 1247,
    walBytes: 124 * 1024,
    encrypted: true,
    pending: 0,
    peers: [],
    lastSync: {
      peer: "hub",
      address: "192.168.1.10:7700",
      at: "2026-03-01T11:58:00.000Z",
      result: "complete",
    },
    damaged: 0,
    damagedRanges: [],
    quarantined: 0,
    quarantinedEvents: [],
    lostAtSource: [],
    vector: [{ node: "clinic_a", epoch: "0badcafe", lane: "", seq: 1247, holes: [] }],
    clock: { ok: true, reason: "" },
    certDaysLeft: 3000,
    alarms: [],
    readOnly: null,
    rekey: null,
    scrub: { finishedAt: null, found: [] },
    ...changes,
  };
}

function pulled(payload: string | Uint8Array, changes: Partial<PulledEvent> = {}): PulledEvent {
  return {
    cursor: "c1",
    node: "clinic_a",
    epoch: "0badcafe",
    lane: "",
    seq: 7,
    hlc: "0195000000000000",
    ts: "2026-03-01T11:00:00.000Z",
    type: 0,
    payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
    ...changes,
  };
}

const auditRow: AuditRow = {
  ts: "2026-03-01T11:00:00.000Z",
  hlc: "0195000000000000",
  node: "clinic_a",
  epoch: "0badcafe",
  lane: "urgent",
  seq: 7,
  type: 2,
  size: 34,
  sha256: "ab".repeat(32),
  chain: "cd".repeat(16),
  received: "2026-03-01T11:00:01.000Z",
};

describe("status", () => {
  it("prints the five lines of the contract", () => {
    assert.equal(
      statusToText(status(), view),
      [
        "Node ID:     clinic_a",
        "WAL records: 1247",
        "Last sync:   2 minutes ago  (hub: 192.168.1.10:7700)",
        "Pending:     0 events unsynced",
        "WAL size:    124 KB (encrypted)",
      ].join("\n"),
    );
  });

  it("says never before any sync, and 1 event in the singular", () => {
    const text = statusToText(status({ lastSync: null, pending: 1 }), view);
    assert.match(text, /^Last sync: {3}never$/m);
    assert.match(text, /^Pending: {5}1 event unsynced$/m);
  });

  it("names at a hub who lacks what", () => {
    const peer = {
      peer: "clinic_b",
      role: "clinic",
      address: "x:1",
      lastSync: null,
      result: "",
      pendingOut: 3,
      connected: false,
    };
    assert.match(
      statusToText(status({ role: "hub", pending: 3, peers: [peer] }), view),
      /^Pending: {5}3 events unsynced {2}\(clinic_b: 3\)$/m,
    );
  });

  const troubles: readonly (readonly [string, Partial<NodeStatus>, RegExp])[] = [
    ["damage", { damaged: 2 }, /^Damaged: {5}2 records missing/m],
    ["quarantine", { quarantined: 1 }, /^Quarantined: 1 event, stored /m],
    [
      "a wrong clock",
      { clock: { ok: false, reason: "the clock says 1970" } },
      /^Clock: {7}the clock says 1970$/m,
    ],
    ["a certificate that ends", { certDaysLeft: 29 }, /^Certificate: 29 days left/m],
    ["an expired certificate", { certDaysLeft: -1 }, /^Certificate: expired/m],
    [
      "a read-only log",
      { readOnly: { code: "Z205", message: "no sync" } },
      /^Read-only: {3}Z205 no sync$/m,
    ],
    ["an old backlog", { pending: 1, pendingSince: "2026-02-20T00:00:00.000Z" }, /^Overdue:/m],
    [
      "an alarm",
      { alarms: [{ id: "a1", code: "Z510", text: "forked", at: "2026-02-20T00:00:00.000Z" }] },
      /^Alarm: {7}Z510 forked \(a1,/m,
    ],
    [
      "loss at source",
      { lostAtSource: [{ node: "a", epoch: "00000001", lane: "", from: 3, to: 5 }] },
      /^Lost: {8}a seq 3 to 5/m,
    ],
  ];
  for (const [name, change, pattern] of troubles) {
    it(`names ${name}, which needs a person`, () => {
      assert.equal(statusProblems(status(change), nowMs).length, 1);
      assert.match(statusToText(status(change), view), pattern);
    });
  }

  it("needs nobody for events that are merely pending", () => {
    const merely = { pending: 9, pendingSince: "2026-02-25T00:00:00.000Z", certDaysLeft: 30 };
    assert.deepEqual(statusProblems(status(merely), nowMs), []);
  });

  it("has every field of the contract as JSON", () => {
    const json = JSON.parse(JSON.stringify(statusToJson(status())));
    const fields =
      "nodeId epoch walRecords walBytes encrypted pending lastSync damaged quarantined vector clock certDaysLeft";
    for (const field of fields.split(" ")) assert.ok(field in json, field);
    assert.deepEqual(json.vector[0], {
      node: "clinic_a",
      epoch: "0badcafe",
      lane: "",
      seq: 1247,
      holes: [],
    });
  });

  it("lists peers in columns", () => {
    const peer = {
      peer: "clinic_b",
      role: "clinic",
      address: "10.0.0.2:1",
      lastSync: null,
      result: "complete",
      pendingOut: 12,
      connected: true,
    };
    assert.equal(
      peersToText([peer], view),
      "PEER      ROLE    ADDRESS     LAST SYNC  PENDING  STATE\nclinic_b  clinic  10.0.0.2:1  never           12  connected",
    );
  });
});

describe("events", () => {
  const pushed = {
    node: "a",
    epoch: "00000001",
    lane: "urgent",
    seq: 3,
    hlc: "0195000000000000",
    isRepeat: false,
  };

  it("prints stream, seq and HLC of a push", () => {
    assert.equal(
      pushToText(pushed, view),
      "stored a/urgent seq 3  hlc 0195000000000000  epoch 00000001",
    );
    assert.deepEqual(pushToJson(pushed), {
      node: "a",
      epoch: "00000001",
      lane: "urgent",
      seq: 3,
      hlc: "0195000000000000",
      repeat: false,
    });
  });

  it("says how many are durable when a stream stops early", () => {
    const summary = {
      node: "a",
      epoch: "1",
      lane: "",
      count: 2000,
      repeats: 0,
      firstSeq: 1,
      lastSeq: 2000,
      complete: false,
    };
    assert.equal(streamPushToText(summary, view), "stored only 2,000 events in a, seq 1 to 2000");
  });

  it("embeds JSON as the text it is stored as", () => {
    const line = pulledToJson(pulled('{"n": 12345678901234567890.10, "e":1e400}'), payloadText);
    assert.ok(line.endsWith(',"payload":{"n": 12345678901234567890.10, "e":1e400}}'), line);
    assert.equal(JSON.parse(line).cursor, "c1");
  });

  it("keeps a payload of many lines on one", () => {
    const line = pulledToJson(pulled('{\r\n  "a": "b\\nc"\n}'), payloadText);
    assert.ok(!/[\r\n]/.test(line));
    assert.deepEqual(JSON.parse(line).payload, { a: "b\nc" });
  });

  it("gives base64 for what is not JSON", () => {
    for (const payload of ["not json", "", "\ufeff{}", Uint8Array.of(0x22, 0xff, 0x22)]) {
      const event = pulled(payload);
      const json = JSON.parse(pulledToJson(event, payloadText));
      assert.equal(json.payloadBase64, Buffer.from(event.payload).toString("base64"));
      assert.ok(!("payload" in json));
    }
  });

  it("embeds any JSON so that the line parses to the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        const line = pulledToJson(pulled(JSON.stringify(value, null, indent)), payloadText);
        assert.ok(!/[\r\n]/.test(line));
        assert.deepEqual(JSON.parse(line).payload, JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("shows one safe line an event, as wide as the terminal", () => {
    const text = pulledToText(pulled('{"a":"\u001b[2J\n"}'), view, payloadText);
    assert.equal(text, '2026-03-01T11:00:00.000Z  clinic_a 7  {"a":"\ufffd[2J\\n"}');
    const cut = pulledToText(pulled(`"${"x".repeat(500)}"`), { ...view, columns: 80 }, payloadText);
    assert.equal(cut.length, 80);
    assert.match(
      pulledToText(pulled(Uint8Array.of(0xff)), view, payloadText),
      /\(1 byte, not text\)$/,
    );
  });

  it("lists audit rows as text, JSON and CSV", () => {
    assert.equal(auditHeading.indexOf("SHA-256"), auditToText(auditRow, view).indexOf("abab"));
    assert.deepEqual(Object.keys(JSON.parse(auditToJson(auditRow))), [
      "ts",
      "hlc",
      "node",
      "epoch",
      "lane",
      "seq",
      "type",
      "size",
      "sha256",
      "chain",
      "received",
    ]);
    assert.equal(
      auditCsvHeading,
      "ts,hlc,node,epoch,lane,seq,type,size,sha256,chain,received,quarantined\r\n",
    );
    assert.equal(auditToCsv({ ...auditRow, lane: 'a"b,c' }).split("urgent").length, 1);
    assert.ok(auditToCsv({ ...auditRow, lane: 'a"b,c' }).includes(',"a""b,c",7,'));
  });

  it("says that all is well, or where it is not", () => {
    assert.match(verifyToText({ checked: 3, problems: [] }, view), /^ok {2}3 records checked/);
    const bad = {
      checked: 3,
      problems: [{ problem: "CRC", path: "log/1.seg", offset: 9, node: "a", seq: 2 }],
    };
    assert.equal(
      verifyToText(bad, view),
      "log/1.seg, byte 9: CRC (a seq 2)\n1 problem in 3 records",
    );
  });

  it("encodes base64 like Node", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        assert.equal(bytesToBase64(bytes), Buffer.from(bytes).toString("base64"));
      }),
    );
  });
});

describe("sync", () => {
  const summary: SyncSummary = {
    peer: "hub",
    eventsSent: 10,
    eventsConfirmed: 10,
    eventsReceived: 1,
    bytesSent: 2048,
    bytesReceived: 900,
    durationMs: 1234,
    attempts: 1,
    complete: true,
    remaining: 0,
    quarantined: 0,
    endedBy: "done",
    reports: [],
  };

  it("prints what was sent, received and confirmed", () => {
    assert.equal(
      syncToText(summary, view),
      "done  with hub\nsent 10, confirmed 10, received 1\n2 KB up, 900 bytes down, 1.2 s, 1 attempt",
    );
    const cut = { ...summary, complete: false, remaining: 5, endedBy: "budget" };
    assert.match(
      syncToText(cut, view),
      /^not complete {2}with hub: budget, 5 events left to send$/m,
    );
  });

  it("has every field of the contract as JSON", () => {
    const fields =
      "peer eventsSent eventsConfirmed eventsReceived bytesSent bytesReceived durationMs attempts complete remaining";
    for (const field of fields.split(" ")) assert.ok(field in syncToJson(summary), field);
  });

  it("shows events, bytes, rate and time left", () => {
    const progress = {
      phase: "transferring" as const,
      attempt: 1,
      eventsToSend: 5000,
      eventsSent: 3000,
      eventsConfirmed: 2500,
      eventsReceived: 0,
      bytesSent: 100 * 1024,
      bytesReceived: 0,
    };
    assert.equal(
      progressToText(progress, { bytesPerS: 20 * 1024, eventsPerS: 100 }),
      "[##########----------] 2,500/5,000 events  100 KB  20 KB/s  25.0 s left",
    );
    assert.equal(
      progressToText({ ...progress, phase: "connecting" }, { bytesPerS: 0, eventsPerS: 0 }),
      "connecting, attempt 1",
    );
  });

  it("reports a ping", () => {
    const text = pingToText(
      {
        peer: "hub",
        address: "10.0.0.1:7700",
        tcpMs: 10,
        tlsMs: 20,
        isResumed: true,
        roundTripsMs: [10, 20],
        certDaysLeft: 100,
        hubCertDaysLeft: 200,
        clockDifferenceMs: 90_000,
      },
      view,
    );
    assert.match(text, /^hub at 10\.0\.0\.1:7700: tcp 10 ms, tls 20 ms \(resumed\)$/m);
    assert.match(text, /^least 10 ms, mean 15 ms, most 20 ms$/m);
  });
});

describe("identity", () => {
  it("prints the next command after keygen", () => {
    const node = {
      nodeId: "a",
      epoch: "1",
      isHub: false,
      dir: "my dir",
      keyPath: "my dir/keys/data.key",
      csrPath: "my dir/tls/node.csr",
    };
    assert.match(
      keygenToText(node, view),
      /^ {2}zamsync sign 'my dir\/tls\/node\.csr' --ca HUBDIR$/m,
    );
    assert.match(
      keygenToText({ ...node, isHub: true }, view),
      /zamsync serve --data-dir 'my dir' /,
    );
    assert.equal(quoted("it's"), "'it'\\''s'");
  });

  it("lists nodes, also those never seen", () => {
    const text = nodesToText(
      [
        {
          node: "a",
          role: "clinic",
          serial: "01",
          notAfter: "2036-01-01T00:00:00.000Z",
          isRevoked: false,
          lastSync: null,
          pendingOut: null,
          pendingIn: 4,
          quarantined: 0,
        },
      ],
      view,
    );
    assert.match(text, /^a +clinic +issued +01 +2036-01-01 +never +- +4 +0$/m);
  });
});

describe("errors", () => {
  const error = new ZamError("Z301");

  it("have a code, a message and a hint as text", () => {
    assert.match(
      errorToText(error, plainStyler),
      /^error Z301 {2}the data key does not fit this log\nhint: /,
    );
  });

  it("are one object as JSON", () => {
    const json = JSON.parse(JSON.stringify(errorToJson(error)));
    assert.deepEqual(Object.keys(json), ["error"]);
    assert.deepEqual(Object.keys(json.error), ["code", "message", "hint", "context"]);
  });
});

describe("help", () => {
  it("fits 80 columns, for every command", () => {
    const pages = [
      overviewToText(plainStyler),
      ...commandNames.map((name) => commandHelpToText(name, plainStyler)),
    ];
    for (const line of pages.join("\n").split("\n")) assert.ok(line.length <= 80, line);
  });

  it("names every command and every flag", () => {
    for (const name of commandNames) {
      assert.ok(overviewToText(plainStyler).includes(`  ${name} `), name);
      const page = commandHelpToText(name, plainStyler);
      for (const flag of Object.keys(commandSpec(name).flags)) {
        assert.ok(
          page.includes(`--${flag.replace(/[A-Z]/g, (l) => `-${l.toLowerCase()}`)}`),
          `${name} ${flag}`,
        );
      }
    }
    assert.ok("commands" in helpToJson(undefined));
  });

  it("completes every command in every shell", () => {
    for (const shell of ["bash", "zsh", "fish"] as const) {
      for (const name of commandNames)
        assert.ok(completionScript(shell).includes(name), `${shell} ${name}`);
    }
  });
});

describe("words and figures", () => {
  const sizes: readonly (readonly [number, string])[] = [
    [0, "0 bytes"],
    [1, "1 byte"],
    [1023, "1,023 bytes"],
    [1024, "1 KB"],
    [4300, "4.2 KB"],
    [124 * 1024 + 200, "124 KB"],
    [1024 * 1024 - 1, "1 MB"],
    [5.5 * 1024 * 1024, "5.5 MB"],
    [3 * 1024 ** 3, "3 GB"],
    [5000 * 1024 ** 4, "5000 TB"],
  ];
  for (const [bytes, text] of sizes) {
    it(`writes ${bytes} bytes as ${text}`, () => assert.equal(bytesToText(bytes), text));
  }

  const spans: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [999, "999 ms"],
    [1234, "1.2 s"],
    [59_960, "1m 00s"],
    [125_000, "2m 05s"],
    [3_600_000, "1h 00m"],
    [47 * 3_600_000, "47h 00m"],
    [98 * 3_600_000, "4d 2h"],
  ];
  for (const [ms, text] of spans) {
    it(`writes ${ms} ms as ${text}`, () => assert.equal(elapsedToText(ms), text));
  }

  const agos: readonly (readonly [number, string])[] = [
    [0, "just now"],
    [30, "30 seconds ago"],
    [60, "1 minute ago"],
    [7300, "2 hours ago"],
    [259_200, "3 days ago"],
  ];
  for (const [seconds, text] of agos) {
    it(`says ${text} after ${seconds} s`, () => {
      assert.equal(agoToText(new Date(nowMs - seconds * 1000).toISOString(), nowMs), text);
    });
  }

  it("shows a time ahead of the clock as it is", () => {
    assert.equal(agoToText("2099-01-01T00:00:00.000Z", nowMs), "at 2099-01-01T00:00:00.000Z");
  });

  it("cuts and cleans", () => {
    assert.equal(fit("abcdef", 4), "abc…");
    assert.equal(printable("a\tb\u009b"), "a\\tb\ufffd");
  });

  it("finds the nearest word", () => {
    assert.equal(editDistance("polcy", "policy"), 1);
    assert.equal(editDistance("stauts", "status"), 1);
    assert.equal(editDistance("", "abc"), 3);
    assert.equal(nearest("zzzz", ["status"]), undefined);
  });

  it("walks JSON pointers", () => {
    const value = { "a/b": [{ "~": 1 }], "": 2 };
    assert.equal(valueAt(value, pointerToTokens("/a~1b/0/~0")), 1);
    assert.equal(valueAt(value, pointerToTokens("/")), 2);
    assert.equal(valueAt(value, pointerToTokens("/a~1b/01")), undefined);
    assert.equal(valueAt(value, pointerToTokens("/constructor")), undefined);
    assert.equal(valueAt("text", pointerToTokens("/length")), undefined);
  });
});
