/** Every command against a fake engine, in this process: output, exit status, what reaches the engine. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { describe, it } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import type {
  AuditRow,
  NodeStatus,
  PulledEvent,
  PushInput,
  PushResult,
  SyncInput,
  SyncSummary,
} from "../engine/api.ts";
import type { Engine, OwnedNode } from "./engine-port.ts";
import { createIo } from "./io.ts";
import { handlers } from "./handlers.ts";
import { runCommandLine } from "./run.ts";
import { watchSignals } from "./signals.ts";

const summary: SyncSummary = {
  peer: "hub",
  eventsSent: 1,
  eventsConfirmed: 1,
  eventsReceived: 0,
  bytesSent: 100,
  bytesReceived: 50,
  durationMs: 10,
  attempts: 1,
  complete: true,
  remaining: 0,
  quarantined: 0,
  endedBy: "done",
  reports: [],
};

const healthy: NodeStatus = {
  nodeId: "a",
  role: "clinic",
  epoch: "00000001",
  walRecords: 0,
  walBytes: 0,
  encrypted: true,
  pending: 0,
  peers: [],
  lastSync: null,
  damaged: 0,
  damagedRanges: [],
  quarantined: 0,
  quarantinedEvents: [],
  lostAtSource: [],
  vector: [],
  clock: { ok: true, reason: "" },
  certDaysLeft: 100,
  alarms: [],
  readOnly: null,
  rekey: null,
  scrub: { finishedAt: null, found: [] },
};

const row: AuditRow = {
  ts: "2026-03-01T11:00:00.000Z",
  hlc: "0195000000000000",
  node: "a",
  epoch: "00000001",
  lane: "",
  seq: 1,
  type: 0,
  size: 2,
  sha256: "ab".repeat(32),
  chain: "cd".repeat(16),
  received: "2026-03-01T11:00:01.000Z",
};

const careSummary = {
  dropped: 3,
  kept: { unconfirmed: 2, inGrace: 0, tooYoung: 0, toKeep: 0, unsettled: 0 },
  freedBytes: 4096,
  skippedSegments: 0,
};

interface Fake {
  readonly engine: Engine;
  readonly pushed: PushInput[];
  readonly calls: unknown[];
}

function fakeEngine(changes: Partial<OwnedNode> = {}, status: Partial<NodeStatus> = {}): Fake {
  const pushed: PushInput[] = [];
  const calls: unknown[] = [];
  const place = { node: "a", epoch: "00000001", hlc: "0195000000000000", isRepeat: false };
  const node: OwnedNode = {
    dataDir: "/x",
    nodeId: "a",
    page: async () => ({ events: [], cursor: "c1", isEnd: true }),
    event: async () => undefined,
    newestCursor: () => "c1",
    hasNews: () => false,
    onDurable: () => () => undefined,
    meters: { watch: () => () => undefined, flush: () => undefined, rows: () => [] },
    sidecars: { list: () => [], read: () => undefined, write: async () => undefined },
    expiredCount: 0,
    oldestEventMs: undefined,
    push: async (events): Promise<readonly PushResult[]> =>
      events.map((event) => {
        pushed.push(event);
        return { ...place, lane: event.lane ?? "", seq: pushed.length };
      }),
    pull: async () => [],
    arrivals: async () => ({ nodeId: "a", logId: "00".repeat(16), events: [], isCaughtUp: true }),
    async *events() {
      const event: PulledEvent = {
        ...row,
        cursor: "c1",
        payload: new TextEncoder().encode('{"a":1.0}'),
      };
      yield event;
    },
    async *audit() {
      yield row;
    },
    verify: async () => ({ checked: 1, problems: [] }),
    status: async () => ({ ...healthy, ...status }),
    sync: async (input: SyncInput) => {
      calls.push(input);
      return summary;
    },
    nodes: async () => [],
    compact: async () => careSummary,
    expire: async () => careSummary,
    rekey: async () => ({ keyPath: "/x/keys/data.key", segments: 3, resumed: false }),
    acknowledge: async (id) => ({ id, code: "Z214", text: "records are gone", alarmsLeft: 0 }),
    snapshot: async ({ out }) => ({
      path: out,
      nodeId: "a",
      createdAt: row.ts,
      sizeBytes: 4096,
      files: 7,
      events: 2,
      problems: 0,
    }),
    ping: async () => ({
      peer: "hub",
      address: "h:7700",
      tcpMs: 1,
      tlsMs: 1,
      isResumed: false,
      roundTripsMs: [1],
      certDaysLeft: 9,
      hubCertDaysLeft: 9,
      clockDifferenceMs: 0,
    }),
    close: async () => {
      calls.push("closed");
    },
    serve: async () => ({
      address: "127.0.0.1:4711",
      port: 4711,
      useJudge: () => undefined,
      close: async () => undefined,
    }),
    serveSocket: async () => undefined,
    daemon: async (input) => input.onCycle?.({ kind: "synced", summary }),
    ...changes,
  };
  const engine: Engine = {
    openNode: async (input) => {
      calls.push(input);
      return node;
    },
    useNode: async (input) => {
      calls.push(input);
      return node;
    },
    createNode: async ({ dir, isHub }) => ({
      nodeId: "a",
      epoch: "1",
      isHub: isHub === true,
      dir,
      keyPath: "k",
      csrPath: "c",
    }),
    examine: async () => ({ nodeId: "a", isRunning: false, checked: [], findings: [], exit: 0 }),
    restoreNode: async ({ dataDir }) => ({
      nodeId: "a",
      isHub: false,
      dir: dataDir,
      keyPath: "k",
      epoch: "00000002",
      createdAt: row.ts,
      events: 2,
      problems: 0,
      reports: [],
    }),
    followDirectory: () => ({
      next: async (query) => ({ ...(await node.arrivals(query)), opening: 0 }),
      close: async () => undefined,
    }),
    revokeNode: async ({ nodeId }) => ({ nodeId, revokedCount: 1, revokedAt: row.ts }),
    signNode: async () => ({
      nodeId: "a",
      serial: "01",
      notAfter: row.ts,
      paths: ["x"],
      revokedCount: 0,
      becameHub: false,
    }),
    installBundle: async () => ({ nodeId: "a", notAfter: row.ts }),
    promoteToHub: async () => true,
    createToken: async () => assert.fail("not in this test"),
    listTokens: () => assert.fail("not in this test"),
    revokeToken: async () => assert.fail("not in this test"),
    tokenState: () => assert.fail("not in this test"),
    startHub: async () => assert.fail("not in this test"),
    runBench: async () => assert.fail("not in this test"),
    runTorture: async () => assert.fail("not in this test"),
  };
  return { engine, pushed, calls };
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

interface RunInput {
  readonly fake?: Fake;
  readonly stdin?: readonly (string | Uint8Array)[];
  readonly environment?: Readonly<Record<string, string>>;
  /** One signal comes once this was printed. */
  readonly interruptAfter?: RegExp;
  readonly isTty?: boolean;
}

async function run(argv: readonly string[], input: RunInput = {}): Promise<Ran> {
  const stdout = Object.assign(new PassThrough(), { isTTY: input.isTty === true, columns: 80 });
  const stderr = Object.assign(new PassThrough(), { isTTY: input.isTty === true });
  const listeners: (() => void)[] = [];
  const fake = input.fake ?? fakeEngine();
  const texts = { out: "", err: "" };
  let isInterrupted = false;
  stdout.on("data", (chunk) => {
    texts.out += chunk;
    if (isInterrupted || input.interruptAfter?.test(texts.out) !== true) return;
    isInterrupted = true;
    listeners[0]?.();
  });
  stderr.on("data", (chunk) => (texts.err += chunk));
  const io = createIo({
    stdin: () =>
      Readable.from(
        (input.stdin ?? []).map((chunk) => Buffer.from(chunk)),
        { objectMode: false },
      ),
    stdinBytes: () => undefined,
    stdout,
    stderr,
    nowMs: () => Date.parse("2026-03-01T12:00:00Z"),
  });
  const status = await runCommandLine(
    argv,
    {
      io,
      environment: input.environment ?? {},
      loadEngine: async () => fake.engine,
      interrupts: watchSignals(
        { on: (_name, listener) => listeners.push(listener) },
        () => undefined,
      ),
    },
    handlers,
  );
  await io.flush();
  return { status, ...texts };
}

function oneJson(text: string): Record<string, unknown> {
  assert.equal(text.trim().split("\n").length, 1, text);
  return JSON.parse(text) as Record<string, unknown>;
}

describe("usage", () => {
  it("refuses a misspelt safety flag before anything is loaded", async () => {
    const fake = fakeEngine();
    const ran = await run(["serve", "x", "--polcy", "own", "--json"], { fake });
    assert.equal(ran.status, 2);
    assert.equal(ran.out, "");
    const error = oneJson(ran.err).error as Record<string, unknown>;
    assert.equal(error.code, "Z101");
    assert.deepEqual(fake.calls, []);
  });

  it("prints code, message and hint as text, without colour off a terminal", async () => {
    const ran = await run(["sync", "x", "--timeout", "90"]);
    assert.equal(
      ran.err,
      "error Z102  --timeout does not take '90'\nhint: say which: 90s, 90m, 90h or 90d\n",
    );
    assert.ok((await run(["stauts"], { isTty: true })).err.includes("\u001b[31m"));
    for (const environment of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      assert.ok(!(await run(["stauts"], { isTty: true, environment })).err.includes("\u001b"));
    }
    assert.ok(!(await run(["stauts", "--no-color"], { isTty: true })).err.includes("\u001b"));
  });

  it("gives a ZamError's own exit status, and 1 for a defect", async () => {
    const failing = (error: Error): Fake => fakeEngine({ status: () => Promise.reject(error) });
    assert.equal((await run(["status", "x"], { fake: failing(new ZamError("Z301")) })).status, 4);
    assert.equal(
      (await run(["status", "x"], { fake: failing(new ZamError("Z204", { operation: "x" })) }))
        .status,
      3,
    );
    const defect = await run(["status", "x"], { fake: failing(new TypeError("boom")) });
    assert.equal(defect.status, 1);
    assert.match(defect.err, /^error Z199 .*boom/);
    assert.ok(!defect.err.includes("    at "), "the stack is for --verbose");
    assert.match(
      (await run(["status", "x", "-v"], { fake: failing(new TypeError("boom")) })).err,
      /\n {4}at /,
    );
  });

  it("shows help and completion without the engine", async () => {
    assert.match((await run(["help"])).out, /usage: zamsync COMMAND/);
    assert.match((await run(["push", "--help"])).out, /^usage: zamsync push/);
    assert.match((await run(["completion", "bash"])).out, /complete -F _zamsync zamsync/);
    assert.equal(oneJson((await run(["help", "sync", "--json"])).out).command, "sync");
  });
});

describe("push", () => {
  it("pushes one event with its lane, type and id", async () => {
    const fake = fakeEngine();
    const ran = await run(
      [
        "push",
        "x",
        "--payload",
        '{"a": 1}',
        "--to",
        "hub",
        "--urgent",
        "--type",
        "7",
        "--id",
        "k",
        "--json",
      ],
      { fake },
    );
    assert.equal(ran.status, 0);
    assert.deepEqual(oneJson(ran.out), {
      node: "a",
      epoch: "00000001",
      lane: "to/hub/urgent",
      seq: 1,
      hlc: "0195000000000000",
      repeat: false,
    });
    const [event] = fake.pushed;
    assert.equal(Buffer.from(event?.payload ?? []).toString(), '{"a": 1}');
    assert.deepEqual([event?.type, event?.id, event?.lane], [7, "k", "to/hub/urgent"]);
    assert.equal(fake.calls.at(-1), "closed");
  });

  it("refuses a payload that is no JSON, and takes any bytes from a file", async () => {
    const ran = await run(["push", "x", "--payload", "{a:1}"]);
    assert.equal(ran.status, 7);
    assert.match(ran.err, /^error Z604/);
    const dir = mkdtempSync(join(tmpdir(), "zamsync-cli-"));
    const fake = fakeEngine();
    writeFileSync(join(dir, "f"), Uint8Array.of(0, 255));
    assert.equal((await run(["push", "x", "--payload-file", join(dir, "f")], { fake })).status, 0);
    assert.deepEqual([...(fake.pushed[0]?.payload ?? [])], [0, 255]);
    const missing = await run(["push", "x", "--payload-file", join(dir, "g")]);
    assert.match(missing.err, /^error Z105 .*there is no such file/);
    assert.equal(missing.status, 2);
    rmSync(dir, { recursive: true });
  });

  it("says at a hub that nobody else gets the event", async () => {
    const fake = fakeEngine({}, { role: "hub" });
    assert.match((await run(["push", "x", "--payload", "1"], { fake })).err, /^note: .*--to NODE/);
    assert.equal((await run(["push", "x", "--payload", "1", "--to", "b"], { fake })).err, "");
    const json = await run(["push", "x", "--payload", "1", "--json"], { fake });
    assert.equal(json.err, "");
    assert.ok("notice" in oneJson(json.out));
    assert.equal((await run(["push", "x", "--payload", "1"])).err, "");
  });

  it("takes lines whatever the chunks, and skips blank ones", async () => {
    const text = '\ufeff{"n":1}\r\n\n  \n"é"\n[3]';
    const bytes = Buffer.from(text);
    for (const size of [1, 2, 3, 7, 100]) {
      const fake = fakeEngine();
      const stdin: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) stdin.push(bytes.subarray(at, at + size));
      const ran = await run(["push", "x", "--stdin", "--json"], { fake, stdin });
      assert.deepEqual(
        fake.pushed.map((event) => Buffer.from(event.payload).toString()),
        ['{"n":1}', '"é"', "[3]"],
        `chunks of ${size}`,
      );
      const { count, firstSeq, lastSeq, complete } = oneJson(ran.out);
      assert.deepEqual([count, firstSeq, lastSeq, complete], [3, 1, 3, true]);
    }
  });

  it("names the bad line, and keeps all before it", async () => {
    const bad: readonly (readonly [string | Uint8Array, RegExp])[] = [
      ["{oops}", /^error Z604 .*line 3: /m],
      [Uint8Array.of(0x22, 0xc3, 0x28, 0x22), /^error Z604 .*line 3: it is not UTF-8/m],
    ];
    for (const [line, pattern] of bad) {
      const fake = fakeEngine();
      const ran = await run(["push", "x", "--stdin"], { fake, stdin: ["1\n2\n", line, "\n4\n"] });
      assert.equal(ran.status, 7);
      assert.match(ran.err, pattern);
      assert.match(ran.out, /^stored only 2 events in a, seq 1 to 2$/m);
      assert.equal(fake.pushed.length, 2);
    }
    const json = await run(["push", "x", "--stdin", "--json"], { stdin: ["1\nx\n"] });
    assert.equal(oneJson(json.out).count, 1);
    const { context } = oneJson(json.err).error as { readonly context: Record<string, unknown> };
    assert.deepEqual([context.line, context.durable], [2, 1]);
  });

  it("takes each line's id from the pointer", async () => {
    const fake = fakeEngine();
    await run(["push", "x", "--stdin", "--id-field", "/r/0"], {
      fake,
      stdin: ['{"r":["é"]}\n{"r":[12]}\n'],
    });
    assert.deepEqual(
      fake.pushed.map((event) => event.id),
      ["é", "12"],
    );
    const ran = await run(["push", "x", "--stdin", "--id-field", "/id"], {
      stdin: ['{"id":"a"}\n{}\n'],
    });
    assert.match(ran.err, /^error Z609 {2}line 2 has/);
    assert.match(ran.out, /stored only 1 event/);
  });

  it("refuses an endless line in bounded memory", async () => {
    const chunk = Buffer.alloc(1024 * 1024, 0x31);
    const ran = await run(["push", "x", "--stdin"], {
      stdin: Array.from({ length: 18 }, () => chunk),
    });
    assert.match(ran.err, /^error Z601/m);
    assert.equal(ran.status, 7);
  });

  it("counts what a failing disk kept", async () => {
    let calls = 0;
    const fake = fakeEngine({
      push: async (events) => {
        if (++calls === 1)
          return events.map((_, at) => ({
            node: "a",
            epoch: "1",
            lane: "",
            seq: at + 1,
            hlc: "0",
            isRepeat: false,
          }));
        throw new ZamError("Z204", { operation: "an append", durable: 5 });
      },
    });
    const line = `"${"x".repeat(300)}"\n`;
    const ran = await run(["push", "x", "--stdin", "--json"], {
      fake,
      stdin: [line.repeat(5000), line.repeat(5000)],
    });
    assert.equal(ran.status, 3);
    const { count, complete } = oneJson(ran.out);
    assert.deepEqual([count, complete], [5005, false]);
  });

  it("sends nothing after a group that found no room, though it would fit: what is durable is the first lines", async () => {
    const sent: number[] = [];
    const fake = fakeEngine({
      push: async (events) => {
        // The disk says no only after the rest has been read.
        if (sent.push(events.length) === 1) {
          await new Promise((done) => setTimeout(done, 200));
          throw new ZamError("Z204", { operation: "a push" });
        }
        return events.map((_, at) => ({
          ...{ node: "a", epoch: "1", lane: "", seq: at + 1, hlc: "0", isRepeat: false },
        }));
      },
    });
    const stdin = [`"${"x".repeat(300)}"\n`.repeat(5000), "1\n"];
    const ran = await run(["push", "x", "--stdin", "--json"], { fake, stdin });
    assert.equal(ran.status, 3);
    assert.deepEqual([oneJson(ran.out).count, sent.length], [0, 1]);
  });

  it("stops at a signal with what is durable, and says that it is not all", async () => {
    let interrupt = (): void => undefined;
    const fake = fakeEngine();
    const stdin = ["1\n2\n"];
    const endless = new PassThrough();
    endless.write("1\n2\n");
    void stdin;
    setTimeout(() => interrupt(), 60);
    const stdout = Object.assign(new PassThrough(), {});
    let out = "";
    stdout.on("data", (chunk) => (out += chunk));
    const listeners: (() => void)[] = [];
    interrupt = () => listeners[0]?.();
    const status = await runCommandLine(
      ["push", "x", "--stdin", "--json"],
      {
        io: createIo({
          stdin: () => endless,
          stdinBytes: () => undefined,
          stdout,
          stderr: new PassThrough(),
          nowMs: Date.now,
        }),
        environment: {},
        loadEngine: async () => fake.engine,
        interrupts: watchSignals(
          { on: (_name, listener) => listeners.push(listener) },
          () => undefined,
        ),
      },
      handlers,
    );
    assert.equal(status, 8);
    assert.deepEqual([oneJson(out).count, oneJson(out).complete], [2, false]);
  });
});

describe("reading", () => {
  it("pulls one line an event", async () => {
    assert.match(
      (await run(["pull", "x"])).out,
      /^2026-03-01T11:00:00\.000Z {2}a 1 {2}\{"a":1\.0\}\n$/,
    );
    const ran = await run(["pull", "x", "--json"]);
    assert.ok(ran.out.endsWith('"payload":{"a":1.0}}\n'));
    assert.equal(oneJson(ran.out).cursor, "c1");
  });

  it("audits as text, JSON and CSV", async () => {
    assert.match((await run(["audit", "x"])).out, /^TIME .*SHA-256\n2026/);
    assert.deepEqual(oneJson((await run(["audit", "x", "--json"])).out), row);
    assert.deepEqual(
      (await run(["audit", "x", "--format", "json"])).out,
      (await run(["audit", "x", "--json"])).out,
    );
    assert.match((await run(["audit", "x", "--format", "csv"])).out, /^ts,hlc,.*\r\n2026.*\r\n$/);
  });

  it("names damage beside the listing", async () => {
    const damage = {
      damaged: 1,
      damagedRanges: [{ path: "log/1.seg", from: 5, to: 9, missing: "a 3-3" }],
    };
    const ran = await run(["audit", "x"], { fake: fakeEngine({}, damage) });
    assert.equal(ran.status, 0);
    assert.match(ran.err, /^Z209 .*log\/1\.seg, bytes 5 to 9\): a 3-3$/m);
    const json = await run(["audit", "x", "--json"], { fake: fakeEngine({}, damage) });
    assert.equal((oneJson(json.err).error as { code: string }).code, "Z209");
  });

  it("fails a verification that found something", async () => {
    const problems = [{ problem: "CRC", path: "p", offset: 1 }];
    const fake = fakeEngine({ verify: async () => ({ checked: 2, problems }) });
    assert.equal((await run(["audit", "x", "--verify"], { fake })).status, 3);
    assert.equal((await run(["audit", "x", "--verify"])).status, 0);
  });

  it("exits 8 from a status that needs a person, and reads without the writer's lock", async () => {
    const fake = fakeEngine({}, { quarantined: 1 });
    assert.equal((await run(["status", "x"], { fake })).status, 8);
    assert.equal((await run(["status", "x"])).status, 0);
    assert.equal((fake.calls[0] as { readOnly?: boolean }).readOnly, true);
  });
});

describe("syncing", () => {
  it("prints its summary last, and exits 8 when something is left", async () => {
    const fake = fakeEngine();
    const ran = await run(["sync", "x", "--hub", "h", "--max-bytes", "2K", "--json"], { fake });
    assert.equal(ran.status, 0);
    assert.equal(oneJson(ran.out).complete, true);
    const input = fake.calls[1] as SyncInput;
    assert.deepEqual(
      [input.hub, input.maxBytes, input.timeoutMs, input.dryRun],
      ["h:7700", 2048, 600_000, false],
    );
    const partly = fakeEngine({
      sync: async () => ({ ...summary, complete: false, remaining: 3 }),
    });
    assert.equal((await run(["sync", "x"], { fake: partly })).status, 8);
  });

  it("says listening, a line a session, and ends cleanly at a signal", async () => {
    const fake = fakeEngine({
      serve: async (input) => {
        const bytes = {
          eventsSent: 1,
          eventsReceived: 2,
          bytesSent: 3,
          bytesReceived: 4,
          durationMs: 5,
        };
        setTimeout(
          () => input.onSession?.({ peer: "b", address: "x:1", ...bytes, endedBy: "done" }),
          5,
        );
        return {
          address: "127.0.0.1:4711",
          port: 4711,
          useJudge: () => undefined,
          close: async () => void fake.calls.push("stopped"),
        };
      },
    });
    const ran = await run(["serve", "x", "--json"], { fake, interruptAfter: /"session"/ });
    assert.equal(ran.status, 0);
    const events = ran.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map((event) => event.event),
      ["becameHub", "listening", "session"],
    );
    assert.equal(events[1].address, "127.0.0.1:4711");
    assert.deepEqual(fake.calls.slice(-2), ["stopped", "closed"]);
    const text = await run(["serve", "x"], { interruptAfter: /^listening on/m });
    assert.match(text.out, /^listening on 127\.0\.0\.1:4711$/m);
    assert.match(text.err, /^note: .*is a hub from now on$/m);
  });

  it("reports each sync of a daemon", async () => {
    assert.match((await run(["daemon", "x"])).out, /synced with hub/);
    assert.equal(oneJson((await run(["daemon", "x", "--json"])).out).event, "synced");
  });

  it("passes the key file that is named, and leaves it to the engine to find one that is not", async () => {
    const fake = fakeEngine();
    await run(["status", "x"], { fake, environment: { CREDENTIALS_DIRECTORY: "/c" } });
    assert.equal("keyFile" in Object(fake.calls[0]), false);
    await run(["status", "x", "--key-file", "/k"], { fake });
    assert.equal((fake.calls[2] as { keyFile?: string }).keyFile, "/k");
  });
});

describe("quiet and identity", () => {
  it("prints only errors with --quiet, but never swallows what was asked for", async () => {
    assert.equal((await run(["push", "x", "--payload", "1", "--quiet"])).out, "");
    assert.equal((await run(["sync", "x", "--quiet"])).out, "");
    assert.notEqual((await run(["pull", "x", "--quiet"])).out, "");
    assert.notEqual((await run(["push", "x", "--payload", "1", "--quiet", "--json"])).out, "");
  });

  it("prints what was made and the next command", async () => {
    assert.match((await run(["keygen", "x"])).out, /zamsync sign c --ca HUBDIR\n/);
    assert.equal(oneJson((await run(["keygen", "x", "--hub", "--json"])).out).role, "hub");
    assert.match(
      (await run(["sign", "c.csr", "--ca", "h"])).out,
      /^signed a, serial 01, valid until 2026-03-01\nwrote x\n$/,
    );
    assert.match(
      (await run(["sign", "c.csr", "--ca", "h", "--out", "b"])).out,
      /zamsync install x --data-dir DIR/,
    );
    assert.match(
      (await run(["install", "b", "--data-dir", "x"])).out,
      /^installed the certificate of a/,
    );
    assert.match((await run(["nodes", "x"])).out, /^no nodes yet/);
    assert.match((await run(["peers", "x"])).out, /^no peers yet/);
    assert.match((await run(["ping", "x"])).out, /round trip 1: 1 ms/);
  });
});
