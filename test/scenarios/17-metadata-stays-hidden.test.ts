/**
 * SCENARIOS 17: `--policy own` hides metadata too.
 *
 * Clinic A asks the hub for everything that a frame can ask for, B's streams by name
 * included. Nothing that comes back holds B's id or counts. Because a count could hide
 * in any number, the same conversation is held with two copies of one hub, of which one
 * has never heard of B: apart from clocks and noise, A cannot tell them apart.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { bytesToHex, textToUtf8 } from "../../src/core/bytes.ts";
import type { Frame } from "../../src/core/codec/frame-types.ts";
import { vectorDigest } from "../../src/core/codec/vector-codec.ts";
import type { StreamId } from "../../src/core/event.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import { connectAs, forgeRange, helloOf } from "./hostile-peer.ts";
import {
  auditOf,
  copyDir,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";
import type { Serving } from "./harness.ts";

const chain8 = new Uint8Array(8).fill(7);
const chain16 = new Uint8Array(16).fill(7);

/** Every frame that can name a stream, each naming one that A may not know. */
function questionsAbout(id: StreamId): Readonly<Record<string, readonly Frame[]>> {
  const named: Frame = { type: "stream", id };
  return {
    chainsQuery: [{ type: "chainsQuery", id, low: 0, high: 0 }],
    "chainsQuery of a span": [{ type: "chainsQuery", id, low: 1, high: 40 }],
    chains: [{ type: "chains", id, head: 40, points: [{ seq: 40, chain8 }] }],
    prime: [{ type: "prime", id, from: 1, to: 20, chain8 }],
    range: [...forgeRange(id, [{ seq: 41 }])],
    floor: [named, { type: "floor", stream: 0, seq: 3, chain: chain16, byOrigin: false }],
    lost: [named, { type: "lost", stream: 0, from: 2, to: 3, chain: chain16 }],
    vector: [
      {
        type: "vector",
        purpose: "update",
        remaining: 0,
        entries: [{ id, head: 40, chain: chain8, holes: [{ from: 2, to: 9 }], lost: [] }],
      },
    ],
    fragment: [
      named,
      {
        ...{ type: "fragment", stream: 0, seq: 41, hlc: { ms: Date.now(), counter: 0 } },
        ...{ eventType: 0, known: Uint8Array.of(0), totalBytes: 20_000, offset: 0 },
        ...{ chainBefore8: chain8, chainAfter8: chain8, codec: 0, rawBytes: 3 },
        block: Uint8Array.of(1, 2, 3),
      } as Frame,
    ],
  };
}

/** Questions without a name in them. */
const openQuestions: Readonly<Record<string, readonly Frame[]>> = {
  needVector: [{ type: "needVector" }],
  ping: [{ type: "ping", nonce: 5 }],
  done: [{ type: "done", isPartial: false }],
  bye: [{ type: "bye", reason: "done" } as Frame],
  error: [{ type: "error", code: 500, text: "who else is there?" }],
};

/** A frame without what differs between any two moments and connections. */
function comparable(frame: Frame): string {
  return JSON.stringify(frame, (key, value: unknown) => {
    if (key === "wallMs" || key === "diskFreeBytes") return 0;
    return value instanceof Uint8Array ? bytesToHex(value) : value;
  });
}

interface Answer {
  readonly frames: readonly string[];
  readonly hex: string;
}

/** What A hears when it says `frames` after both HELLOs, up to the answer to a PING, or the end. */
async function ask(hub: Serving, dir: string, frames: readonly Frame[]): Promise<Answer> {
  const liar = await connectAs(dir, { port: hub.port, nodeId: "clinic_a" });
  liar.send(helloOf("clinic_a", { vector: { ordinal: 1, digest: vectorDigest(nodeCrypto, []) } }));
  await liar.expect("hello");
  liar.send(...frames, { type: "ping", nonce: 77 });
  await liar.expect("pong").catch(() => undefined);
  liar.socket.destroy();
  const heard = liar.frames.filter(({ type }) => type !== "pong").map(comparable);
  return { frames: heard, hex: liar.receivedHex() };
}

test("no frame tells clinic A that clinic B exists, or how much it has", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const a = fleet.clinic("clinic_a");
  const b = fleet.clinic("clinic_b");
  const first = await serveHub(t, fleet.hub);
  await pushAll(a, numbered(5));
  await syncOk(a, first.address);
  await pushOne(fleet.hub, { result: "for a" }, ["--to", "clinic_a"]);
  await first.stop();
  const without = join(fleet.dir, "without");
  await copyDir(fleet.hub, without);

  const second = await serveHub(t, fleet.hub);
  await pushAll(b, numbered(40, "private to b"));
  await syncOk(b, second.address);
  await pushOne(fleet.hub, { result: "private to b" }, ["--to", "clinic_b"]);
  await second.stop();
  assert.equal((await auditOf(fleet.hub)).filter(({ node }) => node === "clinic_b").length, 40);

  const epochOf = async (dir: string) => Number.parseInt((await statusOf(dir)).epoch, 16);
  const streams: readonly StreamId[] = [
    { node: "clinic_b", epoch: await epochOf(b), lane: "" },
    { node: "hub", epoch: await epochOf(fleet.hub), lane: "to/clinic_b" },
  ];
  const withB = await serveHub(t, fleet.hub);
  const withoutB = await serveHub(t, without);
  const conversations: [string, readonly Frame[]][] = [
    ...Object.entries(openQuestions),
    ...streams.flatMap((id) =>
      Object.entries(questionsAbout(id)).map<[string, readonly Frame[]]>(([name, frames]) => [
        `${name} about ${id.node} ${id.lane}`,
        frames,
      ]),
    ),
  ];
  const secrets = ["clinic_b", "private to b"].map((text) => bytesToHex(textToUtf8(text)));
  let answered = 0;
  for (const [name, frames] of conversations) {
    const known = await ask(withB, a, frames);
    const unknown = await ask(withoutB, a, frames);
    // A's own question may be echoed by name, as it is for a stream that nobody has.
    const isNamedByA = name.includes("clinic_b");
    if (!isNamedByA)
      for (const secret of secrets) assert.ok(!known.hex.includes(secret), `${name} tells it`);
    assert.deepEqual(known.frames, unknown.frames, `${name}: the two hubs differ`);
    assert.ok(!known.hex.includes(secrets[1] ?? "?"), `${name} tells B's payload`);
    if (known.frames.length > 1) answered++;
  }
  assert.ok(answered > 10, `only ${answered} of ${conversations.length} got an answer`);
  await withB.stop();
  await withoutB.stop();

  // The comparison has eyes: under the other policy it sees B at once.
  const open = await serveHub(t, fleet.hub, { args: ["--policy", "all"] });
  const told = await ask(open, a, openQuestions.needVector ?? []);
  assert.ok(told.hex.includes(secrets[0] ?? "?"));
  await open.stop();

  const status = JSON.stringify(await statusOf(a));
  assert.doesNotMatch(status, /clinic_b/);
});
