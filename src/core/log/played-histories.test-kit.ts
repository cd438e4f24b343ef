/** What is played for histories.test.ts, by its title. */
import { fragmentBytesMax } from "../event.ts";
import { Teller } from "./histories.test-kit.ts";

const stream = { node: "clinic_a", epoch: 0x1234, lane: "" };
const peer = { node: "clinic_b", epoch: 0x1234, lane: "" };
const firstKey = new Uint8Array(32).fill(7);
const secondKey = new Uint8Array(32).fill(8);
const chain = new Uint8Array(16).fill(9);
const small = { segmentBytes: 1_500, checkpointBytes: 1_200 };

/** Another node's log with events of these sizes. */
function source(...sizes: readonly number[]): Teller {
  const told = new Teller({ nodeId: "clinic_b" });
  for (const size of sizes) told.pushes(1, size);
  return told;
}

const segments = (told: Teller): readonly string[] =>
  told.store
    .list()
    .filter((name) => name.endsWith(".seg"))
    .sort();

function damaged(rot: (told: Teller) => void, dataKey?: Uint8Array): Teller {
  const options = dataKey === undefined ? small : { ...small, dataKey };
  const told = new Teller(options).pushes(12, 90).pushes(3, 60, "urgent").pushes(12, 90).close();
  rot(told);
  return told.open("opened").everywhere();
}

export const histories: Readonly<Record<string, () => Teller>> = {
  "a few events in several lanes": () =>
    new Teller({ dataKey: firstKey })
      .push("one")
      .push("two", { lane: "urgent", type: 7 })
      .push("three", { lane: "to/hub" })
      .push("", { type: 0 })
      .everywhere()
      .push("after it")
      .everywhere(),
  "segments, checkpoints and indexes as the log grows": () =>
    new Teller(small)
      .pushes(30, 80)
      .pushes(4, 50, "urgent")
      .everywhere()
      .pushes(9, 300)
      .everywhere(),
  "writers that arrive while a group is in flight": () => {
    const told = new Teller({ ...small, store: { syncs: "queued" } });
    told.store.runSyncs();
    told.push("first").push("second").push("third", { lane: "urgent" });
    told.store.runSyncs(1);
    told.tell("a sync").push("fourth");
    told.store.runSyncs();
    told.tell("all syncs").pushes(20, 100);
    told.store.runSyncs();
    return told.tell("all syncs").show("now");
  },
  "idempotency keys, in flight, in this segment and in others": () => {
    const told = new Teller(small);
    told.push("a", { key: "k1" }).push("a", { key: "k1" }).push("b", { key: "k1" });
    told.push("a", { key: "k1", lane: "urgent" }).push("a", { key: "k1", type: 2 });
    told.push("x".repeat(20_000), { key: "k2" }).push("x".repeat(20_000), { key: "k2" });
    told.push("y".repeat(20_000), { key: "k2" }).push("x", { key: "k2" });
    told.pushes(25, 90).find("k1").find("k2").find("k3").push("a", { key: "k1" });
    return told.everywhere().find("k1").push("a", { key: "k1" }).find("k2");
  },
  "large events in pieces, own and received": () => {
    const size = fragmentBytesMax * 2 + 700;
    const from = source(50, size, 60);
    const told = new Teller({ checkpointBytes: 20_000 }).push("z".repeat(size)).push("after it");
    told.receivePiece(from, 2, 0, 9_000).receive(from, [1, 1]).receivePiece(from, 2, 9_000, 100);
    told.receivePiece(from, 2, 0, 9_000).receivePiece(from, 2, 9_050, 50).everywhere();
    told.receivePiece(from, 2, 9_000, 9_000).receivePiece(from, 2, 9_000, 9_000);
    told.mark({ kind: "dropPartial", stream: peer, seq: 2 }).show("dropped");
    for (let at = 0; at < size; at += 9_000) told.receivePiece(from, 2, at, 9_000);
    return told.receive(from, [3, 3]).everywhere();
  },
  "what becomes of a peer's range": () => {
    const from = source(...Array.from({ length: 12 }, (_, i) => 40 + i));
    const told = new Teller();
    told.receive(from, [4, 5]).receive(from, [1, 3]).receive(from, [1, 3]).receive(from, [2, 6]);
    told.receive(from, [9, 10]).receive(from, [7, 8], { chainBefore8: new Uint8Array(8) });
    told.receive(from, [7, 8], { chainAfter8: new Uint8Array(8) });
    const [event] = from.events(0, 7, 7);
    if (event !== undefined) {
      told.receive([{ ...event, payload: new Uint8Array(3) }], [7, 7]);
      told.receive([{ ...event, hlc: { ms: 1, counter: 0 } }], [7, 7]);
      told.receive([{ ...event, hlc: { ms: 8e12, counter: 0 } }], [7, 7]);
    }
    const other = source(41, 42, 43, 99);
    told.receive(other, [1, 4]).receive(other, [4, 4]);
    told.mark({ kind: "freeze", stream: peer, peer: "hub", peerHead: 7, peerChain: chain });
    told.receive(from, [7, 8]).push("who knows", { lane: "" }).push("again");
    return told.everywhere();
  },
  "holes that are filled, lost and expired": () => {
    const from = source(...Array.from({ length: 12 }, (_, i) => 40 + i));
    const confirmed = [{ stream: peer, seq: 9, chain: from.log.chainAt(0, 9) ?? chain }];
    const told = new Teller().receive(from, [1, 3]).close().open("with a head", { confirmed });
    told.receive(from, [5, 6]).receive(from, [4, 6]).show("filled").receive(from, [9, 11]);
    told.mark({ kind: "lost", stream: peer, from: 7, to: 7, chain });
    told.mark({ kind: "lost", stream: peer, from: 3, to: 8, chain }).show("lost");
    told.mark({
      kind: "floor",
      stream: peer,
      floor: { seq: 5, chain, byOrigin: false },
      isPeers: true,
    });
    told.mark({ kind: "floor", stream: peer, floor: { seq: 2, chain, byOrigin: true } });
    told.mark({
      kind: "floor",
      stream: { ...peer, lane: "urgent" },
      floor: { seq: 8, chain, byOrigin: true },
    });
    return told.everywhere();
  },
  "a tail moves to a derived epoch, and its copy comes back": () => {
    const told = new Teller(small).pushes(9, 70).push("w".repeat(20_000)).pushes(3, 70);
    const copy = source();
    told.mark({ kind: "newEpoch", reason: "Z507" }).mark({ kind: "rehome", stream, from: 8 });
    copy.receive(told.events(0, 1, 7), [1, 7]);
    return told.push("fresh").everywhere();
  },
  "facts about nodes, time and people": () => {
    const told = new Teller({ checkpointBytes: 400 });
    told.mark({
      kind: "bind",
      node: "clinic_b",
      epoch: 5,
      fingerprint: new Uint8Array(32).fill(3),
    });
    told.mark({ kind: "trustedTime", ms: 2_000_000 }).mark({ kind: "trustedTime", ms: 1_000 });
    told.mark({ kind: "alarm", id: "a", code: "Z509", text: "two branches" });
    told
      .mark({ kind: "alarm", id: "b", code: "Z510", text: "another" })
      .mark({ kind: "alarmAck", id: "a" });
    told
      .mark({ kind: "newEpoch", reason: "Z216", restartHlcAtMs: 500 })
      .push("after a restart of the clock");
    told.nowMs = 100;
    told.push("the wall clock went back").push("and stays there");
    told.nowMs = 5_000_000;
    return told.push("and forward").everywhere();
  },
  "clocks of others": () => {
    const ahead = source();
    ahead.nowMs += 3 * 86_400_000;
    ahead.pushes(2, 30);
    const told = new Teller({ nodeId: "hub" }).receive(ahead, [1, 1]).push("not dragged along");
    told.receive(ahead, [2, 2], { isClockTrusted: true }).push("taken forward");
    return told.everywhere();
  },
  "what is cut gives its room back": () => {
    const told = new Teller(small)
      .pushes(30, 80)
      .pushes(6, 60, "urgent")
      .push("v".repeat(20_000))
      .pushes(20, 80);
    told.ask("cut to 28", (durable) => {
      told.log.cut(
        [
          { index: 0, seq: 28, byOrigin: true },
          { index: 1, seq: 2, byOrigin: false },
        ],
        told.nowMs,
        durable,
      );
      return "";
    });
    const reclaim = told.log.reclaim(told.nowMs);
    told
      .work("reclaim", reclaim)
      .tell(`freed ${reclaim.freedBytes}, left ${reclaim.skippedSegments}`);
    return told.everywhere().push("goes on");
  },
  "a new data key, segment by segment": () =>
    new Teller({ ...small, dataKey: firstKey })
      .pushes(20, 80)
      .push("u".repeat(20_000), { key: "k" })
      .rekey(secondKey)
      .push("under the new key")
      .everywhere()
      .find("k"),
  "rot in a record of a sealed segment": () =>
    damaged((told) => told.rot(segments(told)[0] ?? "", 400)),
  "rot in a sealed log": () => damaged((told) => told.rot(segments(told)[1] ?? "", 700), firstKey),
  "rot in the newest segment": () => damaged((told) => told.rot(segments(told).at(-1) ?? "", 150)),
  "rot in a segment's header, an index, a checkpoint and a manifest": () =>
    damaged((told) => {
      told
        .rot(segments(told)[0] ?? "", 20)
        .rot("00000001.idx", 90)
        .rot("checkpoint-a", 100);
      told.rot("manifest", 70);
    }),
  "sidecars that are gone": () =>
    damaged((told) => {
      for (const name of told.store.list()) if (!name.endsWith(".seg")) told.store.remove(name);
      told.tell("all but the segments are removed");
    }),
  "a segment that is gone": () =>
    damaged((told) => {
      told.store.remove(segments(told)[1] ?? "");
      told.tell("the second segment is removed");
    }),
  "a disk that fills, and has room again": () => {
    const told = new Teller({ ...small, store: { capacityBytes: 270_000 } });
    told.pushes(20, 400).push("does it fit").push("t".repeat(15_000)).push("small");
    told.store.capacityBytes = 1 << 24;
    return told.push("there is room").everywhere();
  },
  "a sync that fails": () => {
    const told = new Teller().pushes(3, 50);
    told.store.faults.add({ operation: "sync", name: /\.seg$/, times: 1 });
    return told.push("never durable").push("refused").everywhere();
  },
  "a disk that refuses what keeping house asks for": () => {
    const told = new Teller(small).pushes(8, 80);
    for (const operation of ["rename", "remove"] as const)
      told.store.faults.add({ operation, name: /checkpoint|idx/, times: 3 });
    for (let i = 0; i < 14; i++) told.push("o".repeat(90 + i));
    return told.everywhere();
  },
  "a snapshot, and the scrubber's steps": () => {
    const told = new Teller(small).pushes(20, 80);
    const { files, made } = told.log.snapshot();
    for (const { name, sizeBytes } of files) told.tell(`snapshot ${name}`, `${sizeBytes}`);
    for (const { name, bytes } of made) told.tell(`snapshot ${name} made`, `${bytes.length}`);
    told.rot(segments(told)[1] ?? "", 500);
    for (let place = told.log.scrub(undefined, 600); ; place = told.log.scrub(place.next, 600)) {
      const { next, bytes, found } = place;
      const at =
        next === undefined ? "the end" : `${next.segment}.${next.generation} ${next.offset}`;
      told.tell("scrub", `to ${at}, ${bytes} bytes, found ${JSON.stringify(found)}`);
      if (next === undefined) break;
    }
    return told.everywhere();
  },
};
