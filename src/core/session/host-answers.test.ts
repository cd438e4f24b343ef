/** What a session does with its host's answers: the log's, the disk's, and those that do not come. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { decodeFrame } from "../codec/decode-frame.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import { FrameReader } from "../codec/frame-reader.ts";
import type { Frame, HelloFrame } from "../codec/frame-types.ts";
import { ZamError } from "../errors/zam-error.ts";
import { chainZero } from "../log/chain.ts";
import type { Session, SessionEffect, SessionOptions } from "./api.ts";
import { closingTimeoutMs, inputBytesMax, pendingStoreBytesMax } from "./limits.ts";
import { forgeRange, rawHello } from "./raw-peer.test-kit.ts";
import { createSession } from "./session.ts";
import {
  createNode,
  damage,
  fingerprintOf,
  pushMany,
  startMs,
  type TestNode,
} from "./session.test-kit.ts";

const own = { node: "clinic_a", epoch: 5, lane: "" };
const named: Frame = { type: "stream", id: own };
const full = new ZamError("Z204", { path: "/secret/place" });

/** A host that answers nothing by itself. */
class Host {
  readonly session: Session;
  readonly effects: SessionEffect[] = [];
  readonly frames: Frame[] = [];
  nowMs = startMs;
  private readonly node: TestNode;
  private readonly peerId: string;
  private readonly reader = new FrameReader();

  constructor(node: TestNode, peerId: string, options: Partial<SessionOptions> = {}) {
    this.node = node;
    this.peerId = peerId;
    const role = peerId === "hub" ? "hub" : "clinic";
    this.session = createSession({
      options: {
        isInitiator: false,
        self: { nodeId: node.id, role: node.role },
        peer: { nodeId: peerId, role, keyFingerprint: fingerprintOf(peerId) },
        policy: "own",
        peerState: undefined,
        keepOpen: false,
        ...options,
      },
      log: node.log,
      crypto: nodeCrypto,
      compressor: nodeCompressor,
      nowMs: startMs,
    });
    this.handle({ kind: "start" });
  }

  handle(event: Parameters<Session["handle"]>[0]): this {
    this.session.handle(event, this.nowMs);
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (let effect = this.session.pollEffect(); effect !== undefined; ) {
        this.effects.push(effect);
        effect = this.session.pollEffect();
      }
      const bytes = this.isClosed ? undefined : this.session.pollTransmit(this.nowMs);
      if (bytes === undefined) continue;
      isBusy = true;
      this.reader.append(bytes);
      const ends = { sender: this.node.id, receiver: this.peerId };
      for (let cut = this.reader.next(); cut.kind === "frame"; cut = this.reader.next()) {
        const frame = decodeFrame(cut.bytes.slice(), ends);
        assert.ok(frame.type !== "problem");
        this.frames.push(frame);
      }
    }
    return this;
  }

  say(...frames: readonly Frame[]): this {
    const ends = { sender: this.peerId, receiver: this.node.id };
    for (const frame of frames) this.handle({ kind: "bytes", bytes: encodeFrame(frame, ends) });
    return this;
  }

  hello(overrides: Partial<HelloFrame> = {}): this {
    return this.say(rawHello(this.peerId, overrides));
  }

  of<K extends SessionEffect["kind"]>(kind: K): readonly Extract<SessionEffect, { kind: K }>[] {
    return this.effects.filter(
      (effect): effect is Extract<SessionEffect, { kind: K }> => effect.kind === kind,
    );
  }

  types(): readonly string[] {
    return this.frames.map(({ type }) => type);
  }

  get isClosed(): boolean {
    return this.of("close").length > 0;
  }

  /** Tokens of what the log is to store of a kind, or of a mark. */
  tokens(kind: string): readonly number[] {
    return this.of("store")
      .filter(({ operation }) =>
        operation.kind === "mark" ? operation.mark.kind === kind : operation.kind === kind,
      )
      .map(({ token }) => token);
  }

  stored(token: number): this {
    return this.handle({ kind: "storeOutcome", token, outcome: { kind: "stored" } });
  }

  durable(token: number, error?: ZamError): this {
    return this.handle({ kind: "storeDurable", token, ...(error === undefined ? {} : { error }) });
  }

  saved(token: number, error?: ZamError): this {
    return this.handle({
      kind: "peerStateSaved",
      token,
      ...(error === undefined ? {} : { error }),
    });
  }
}

const hubHost = (): Host => new Host(createNode("hub", "hub"), "clinic_a");

function range(from: number, count: number): Frame {
  return forgeRange(own, { number: 0, from, count, before: chainZero(nodeCrypto, own) });
}

/** A piece of a large event. */
function part(i: number): Frame {
  return {
    type: "fragment",
    stream: 0,
    seq: 1,
    hlc: { ms: startMs, counter: 0 },
    eventType: 1,
    known: Uint8Array.of(0),
    totalBytes: 16 * 1024 * 1024,
    offset: i * 4096,
    chainBefore8: new Uint8Array(8),
    chainAfter8: new Uint8Array(8),
    codec: 0,
    rawBytes: 4096,
    block: new Uint8Array(4096),
  };
}

describe("a log that is slow", () => {
  test("is given about a mebibyte at a time: the rest is not even read", () => {
    const host = hubHost().hello().say(named);
    const many = Array.from({ length: 80 }, (_, i) => part(i));
    for (let round = 0; round < 5; round++) host.say(...many);
    const first = host.tokens("fragment");
    const given = pendingStoreBytesMax / 4096;
    assert.equal(first.length, given);
    for (const token of first.slice(0, 3)) host.stored(token);
    assert.equal(host.tokens("fragment").length, given, "stored is not durable");
    for (const token of first.slice(0, 3)) host.durable(token);
    assert.equal(host.tokens("fragment").length, given + 3);
    assert.deepEqual(
      host.frames.flatMap((frame) => (frame.type === "ack" ? frame.entries : [])).at(-1),
      { stream: 0, seq: 1, offset: 3 * 4096 },
    );
  });

  test("is no reason to keep what a peer sends without end: it is let go", () => {
    const host = hubHost().hello().say(named);
    const partBytes = encodeFrame(part(0), { sender: "clinic_a", receiver: "hub" }).length;
    const read = pendingStoreBytesMax / 4096;
    const kept = Math.floor((inputBytesMax + partBytes) / partBytes);
    for (let i = 0; i < read + kept - 1; i++) host.say(part(0));
    assert.equal(host.isClosed, false);
    for (let i = 0; i < 3; i++) host.say(part(0));
    assert.ok(host.types().includes("error"));
    assert.equal(host.session.summary().error?.code, "Z504");
  });

  test("that does not take something makes room as well", () => {
    const host = hubHost().hello().say(named, range(1, 3));
    const [token] = host.tokens("range");
    assert.ok(token !== undefined);
    host.handle({ kind: "storeOutcome", token, outcome: { kind: "gap", head: 0 } });
    assert.equal(host.types().filter((type) => type === "refused").length, 1);
    host.handle({ kind: "finish" });
    assert.ok(host.types().includes("bye"), "nothing is waited for");
    const busy = hubHost().hello().say(named);
    const read = pendingStoreBytesMax / 4096;
    for (let i = 0; i < read + 2; i++) busy.say(part(i));
    assert.equal(busy.tokens("fragment").length, read);
    for (const each of busy.tokens("fragment").slice(0, 2))
      busy.handle({ kind: "storeOutcome", token: each, outcome: { kind: "gap", head: 0 } });
    assert.equal(busy.tokens("fragment").length, read + 2);
  });
});

describe("a disk that fails", () => {
  const problemTexts = (host: Host): readonly unknown[] =>
    host.frames.flatMap((frame) => (frame.type === "error" ? [[frame.code, frame.text]] : []));

  test("while events or what they need is written ends the session; the peer hears no path", () => {
    for (const kind of ["range", "bind"]) {
      const host = hubHost().hello().say(named, range(1, 3));
      const [token] = host.tokens(kind);
      assert.ok(token !== undefined, kind);
      if (kind === "range") host.stored(token);
      host.durable(token, full);
      assert.equal(host.of("close")[0]?.error, full, kind);
      const [[code, text] = []] = problemTexts(host) as readonly unknown[][];
      assert.equal(code, 204);
      assert.ok(!String(text).includes("secret"), String(text));
      assert.ok(!host.types().includes("ack"));
    }
  });

  test("while a hub's time is noted keeps no clinic from sending", () => {
    const a = createNode("clinic_a", "clinic");
    pushMany(a, 3);
    const host = new Host(a, "hub").hello();
    const [token] = host.tokens("trustedTime");
    assert.ok(token !== undefined);
    host.durable(token, full);
    assert.equal(host.isClosed, false);
    assert.ok(host.types().includes("range"));
  });

  test("while a peer's state is written is reported, and no event is kept back for it", () => {
    const a = createNode("clinic_a", "clinic");
    pushMany(a, 3);
    const host = new Host(a, "hub", { isInitiator: true });
    host.hello();
    for (const token of host.tokens("trustedTime")) host.durable(token);
    assert.ok(!host.types().includes("range"), "first it is noted that something goes");
    const [save] = host.of("savePeerState");
    assert.equal(save?.state.isClean, false);
    host.saved(save.token, full);
    assert.deepEqual(
      host.of("report").map(({ error }) => error),
      [full],
    );
    assert.ok(host.types().includes("range"));
    host.say({ type: "ack", entries: [{ stream: 0, seq: 3 }] }, { type: "done", isPartial: false });
    const last = host.of("savePeerState").at(-1);
    assert.deepEqual(
      [last?.state.isClean, host.types().at(-1), host.isClosed],
      [true, "bye", false],
    );
    host.saved(last?.token ?? -1, full);
    assert.equal(host.isClosed, true);
    assert.equal(host.session.summary().isComplete, true);
  });
});

describe("what is not durable yet", () => {
  test("counts as there for what follows it", () => {
    const host = hubHost().hello().say(named, range(1, 3));
    const lost = { type: "lost", stream: 0, chain: new Uint8Array(16) } as const;
    host.say({ ...lost, from: 4, to: 5 });
    assert.ok(!host.types().includes("refused"));
    host.say({ ...lost, from: 7, to: 7 });
    assert.deepEqual(
      host.frames.flatMap((frame) =>
        frame.type === "refused" ? [[frame.reason, frame.head]] : [],
      ),
      [["gap", 5]],
    );
  });

  test("is declared lost once", () => {
    const a = createNode("clinic_a", "clinic");
    pushMany(a, 6);
    damage(a, a.log.stream(0).id, 4, 4);
    const host = new Host(a, "hub").hello();
    pushMany(a, 1);
    host.handle({ kind: "logChanged" });
    assert.equal(host.tokens("lost").length, 1);
    assert.equal(host.of("report").length, 1);
  });
});

describe("a session that ends", () => {
  test("closes when what it knows of its peer is saved, or ten seconds later", () => {
    const ended = (): Host => hubHost().hello().handle({ kind: "finish" });
    const host = ended();
    assert.deepEqual([host.types().at(-1), host.isClosed], ["bye", false]);
    const [save] = host.of("savePeerState");
    assert.equal(host.saved(save?.token ?? -1).isClosed, true);
    const slow = ended();
    assert.equal(slow.session.nextDeadlineMs(), startMs + closingTimeoutMs);
    slow.nowMs += closingTimeoutMs - 1;
    assert.equal(slow.handle({ kind: "tick" }).isClosed, false);
    slow.nowMs += 1;
    assert.equal(slow.handle({ kind: "tick" }).isClosed, true);
    const moved = ended();
    moved.nowMs += 10 * 365 * 86_400_000;
    assert.equal(moved.handle({ kind: "tick" }).isClosed, false, "a clock that is set is no time");
    assert.equal(moved.session.nextDeadlineMs(), moved.nowMs + closingTimeoutMs);
  });

  test("told to finish waits for the log, for ten seconds at most", () => {
    const finishing = (): Host => {
      const host = hubHost().hello().say(named, range(1, 3));
      for (const token of host.tokens("range")) host.stored(token);
      assert.ok(!host.handle({ kind: "finish" }).types().includes("bye"));
      assert.equal(host.session.nextDeadlineMs(), startMs + closingTimeoutMs);
      return host;
    };
    const quick = finishing();
    quick.durable(quick.tokens("range")[0] ?? -1);
    assert.deepEqual(quick.types().slice(-2), ["ack", "bye"]);
    assert.equal(quick.session.summary().endedBy, "finished");
    const late = finishing();
    late.nowMs += closingTimeoutMs - 1;
    assert.ok(!late.handle({ kind: "tick" }).types().includes("bye"));
    late.nowMs += 1;
    assert.ok(late.handle({ kind: "tick" }).types().includes("bye"));
    assert.ok(!late.types().includes("ack"));
    // A clean state would let the peer's copy count as held.
    assert.equal(late.of("savePeerState").at(-1)?.state.isClean, false);
  });

  test("before it has said how is said to have ended by an error", () => {
    const summary = new Host(createNode("hub", "hub"), "clinic_a").session.summary();
    assert.equal(summary.endedBy, "error");
    assert.ok(!("clockDifferenceMs" in summary) && !("error" in summary));
    assert.equal(
      hubHost()
        .hello({ wallMs: startMs + 5 })
        .session.summary().clockDifferenceMs,
      5,
    );
  });

  test("answers to what is not asked, or was answered, change nothing", () => {
    const host = hubHost().hello().say(named, range(1, 3));
    const [token = -1] = host.tokens("range");
    host.stored(token).durable(token);
    const before = [host.frames.length, host.effects.length];
    host.stored(token).durable(token, full).saved(999, full).durable(998, full);
    assert.deepEqual([host.frames.length, host.effects.length], before);
    assert.equal(host.isClosed, false);
  });
});
