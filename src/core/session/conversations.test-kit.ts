/**
 * Conversations between two sessions, scripted in virtual time, and written down line by line:
 * when which frame leaves with what in it, what each side stores, reports, and knows afterwards.
 *
 * ```
 *   120 > range stream 0, from 1, count 3, before 1f3a, after 9c07, codec 0, raw 210
 *   ms  direction (> by who called), frame, fields; chains and digests by their first two bytes
 * ```
 */
import { bytesToHex, textToUtf8 } from "../bytes.ts";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import type { MemoryStore } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { SessionPair } from "../../testing/session-pair.ts";
import type { Frame, FrameProblem } from "../codec/frame-types.ts";
import { codecsAll } from "../codec/codecs.ts";
import { fragmentWireBytes } from "../codec/wire-limits.ts";
import type { StreamId } from "../event.ts";
import { openLog } from "../log/open.ts";
import type { StoreOperation } from "./api.ts";
import { clockStepMs } from "./limits.ts";
import type { PeerState } from "./peer-state.ts";
import {
  createNode,
  createPair,
  damage,
  keepStates,
  rowsOnly,
  settle,
  startMs,
  type SyncOptions,
  type TestNode,
} from "./session.test-kit.ts";

/** What is random from run to run, or says the same as another field. */
const unsaid = new Set(["type", "logId", "block", "versionOldest", "nodeId"]);

function say(value: unknown, name = ""): string {
  if (value instanceof Uint8Array) return bytesToHex(value.subarray(0, 2));
  if (Array.isArray(value)) return `[${value.map((each) => say(each)).join("; ")}]`;
  if (typeof value === "number" && /Ms$/.test(name) && value > startMs / 2) {
    return `${value - startMs}`;
  }
  if (typeof value !== "object" || value === null) return String(value);
  if (isStream(value)) return `${value.node}/${value.epoch.toString(16)}/${value.lane}`;
  return fieldsOf(value);
}

function isStream(value: object): value is StreamId {
  return "node" in value && "epoch" in value && "lane" in value;
}

/** What is undefined, false or an empty list goes without saying. */
function isSaid(field: unknown): boolean {
  if (Array.isArray(field)) return field.length > 0;
  return field !== undefined && field !== false;
}

function fieldsOf(value: object): string {
  return Object.entries(value)
    .filter(([name, field]) => !unsaid.has(name) && isSaid(field))
    .map(([name, field]) => `${name} ${say(field, name)}`)
    .join(", ");
}

function sayFrame(frame: Frame | FrameProblem): string {
  return `${frame.type} ${fieldsOf(frame)}`.trimEnd();
}

function sayStored(operation: StoreOperation): string {
  if (operation.kind === "mark") return `mark ${fieldsOf(operation.mark)}`;
  if (operation.kind === "fragment") {
    const { stream, seq, offset, bytes } = operation.fragment;
    return `fragment ${say(stream)} ${seq}@${offset}+${bytes.length}`;
  }
  const { stream, from, events, receivedFrom } = operation.range;
  return `range ${say(stream)} ${from}+${events.length} from ${receivedFrom}`;
}

function sayState(state: PeerState | undefined): string {
  if (state === undefined) return "nothing";
  const { link, healthSent, healthHeard, peerLogId: _, ...rest } = state;
  const health = { sent: healthSent !== undefined, heard: healthHeard !== undefined };
  return `${fieldsOf(rest)}, link ${link !== undefined}, ${fieldsOf(health)}`;
}

/** Everything that happened since the pair began, and what each side made of it. */
function transcriptOf(pair: SessionPair): string[] {
  const lines = pair.traces.map(({ from, atMs, frame }) => {
    const at = String(atMs - startMs).padStart(6);
    return `${at} ${from === "initiator" ? ">" : "<"} ${sayFrame(frame)}`;
  });
  for (const end of [pair.initiator, pair.responder]) {
    const { name } = end;
    for (const operation of end.stored) lines.push(`${name} stores ${sayStored(operation)}`);
    for (const { code, context } of end.reports)
      lines.push(`${name} reports ${code} ${fieldsOf(context)}`);
    const { error, ...counts } = end.session.summary();
    const told = Object.entries(counts).filter(([, count]) => count !== 0);
    const summary = Object.fromEntries(told);
    lines.push(
      `${name} ends with ${fieldsOf(summary)}${error === undefined ? "" : `, ${error.code}`}`,
    );
    lines.push(`${name} knows ${sayState(end.savedState)}, saved ${end.saves} times`);
  }
  return lines;
}

/** The sessions of one conversation, as text. */
export function playText(play: () => readonly SessionPair[]): string {
  return play()
    .map((pair, at) => [`session ${at + 1}`, ...transcriptOf(pair)].join("\n"))
    .join("\n\n");
}

const written = new WeakMap<TestNode, number>();

/** Events of known content, so that chains are the same in every run, and no two payloads alike. */
function write(node: TestNode, count: number, lane = "", sizeBytes = 40): void {
  for (let i = 0; i < count; i++) {
    const nr = (written.get(node) ?? 0) + 1;
    written.set(node, nr);
    const payload = textToUtf8(`${node.id} wrote ${nr} `.padEnd(sizeBytes, "."));
    node.log.push([{ lane, type: 2, payload }], startMs - 60_000 + nr, () => {});
  }
  settle(node);
}

/** A log whose random epochs are the same in every run. */
function openSeeded(node: TestNode, store: MemoryStore): TestNode {
  const random = createSeededRandom(1);
  const crypto = { ...nodeCrypto, randomBytes: (count: number) => random.bytes(count) };
  const input = { store, crypto, nodeId: node.id, wallMs: startMs, confirmed: [] };
  return { ...node, store, log: openLog(input).log, states: new Map(node.states) };
}

function clinic(id = "clinic_a"): TestNode {
  const node = createNode(id, "clinic", 0x1000);
  node.log.close();
  return openSeeded(node, node.store);
}

/** A second card with what this one holds now. */
const cloneOf = (node: TestNode): TestNode => openSeeded(node, node.store.copy());
const hubNode = (): TestNode => createNode("hub", "hub", 0x2000);

/** A link of 100 ms one way, without compression: bytes are then the same on every host. */
const rows = { codec: "raw", ...rowsOnly } as const;
const plain: SyncOptions = { latencyMs: 100, from: rows, to: rows };

/** All codecs are read, and tokens written. What a block holds is not told, only how many events. */
const all = { codec: "tokens", codecs: codecsAll } as const;
const tokens = { from: all, to: all };

interface Meeting extends SyncOptions {
  readonly untilMs?: number;
}

function meet(from: TestNode, to: TestNode, options: Meeting = {}): SessionPair {
  const { untilMs, ...rest } = options;
  const pair = createPair(from, to, {
    ...plain,
    ...rest,
    from: { ...plain.from, ...rest.from },
    to: { ...plain.to, ...rest.to },
  });
  pair.run(untilMs === undefined ? undefined : startMs + untilMs);
  keepStates(pair, from, to);
  return pair;
}

const own = (node: TestNode, lane = ""): StreamId => ({
  node: node.id,
  epoch: node.log.ownEpoch,
  lane,
});

const health = {
  version: "0.1.0",
  diskFreeBytes: 1_000_000,
  damagedCount: 0,
  quarantinedCount: 0,
  troubles: [],
  certDaysLeft: 300,
};

/** What is played, by its title. Each makes its own nodes. */
export const conversations: Readonly<Record<string, () => readonly SessionPair[]>> = {
  "a clinic meets its hub for the first time, again with news, and again with none": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 3);
    write(a, 1, "urgent");
    write(a, 1, "to/hub");
    const first = meet(a, hub);
    write(a, 2);
    return [first, meet(a, hub), meet(a, hub)];
  },
  "results travel down while visits travel up": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 2);
    write(hub, 2, "to/clinic_a");
    write(hub, 1, "to/clinic_b");
    write(hub, 1);
    const first = meet(a, hub);
    write(hub, 1, "to/clinic_a/urgent");
    return [first, meet(a, hub)];
  },
  "under the policy all a clinic gets others' streams, but none that is addressed elsewhere":
    () => {
      const [a, b, hub] = [clinic(), clinic("clinic_b"), hubNode()];
      write(b, 3);
      write(b, 1, "to/hub");
      meet(b, hub, { policy: "all" });
      write(a, 1);
      const first = meet(a, hub, { policy: "all" });
      write(b, 1);
      meet(b, hub, { policy: "all" });
      return [first, meet(a, hub, { policy: "all" })];
    },
  "holes on either side are filled from the other, and what nobody holds is declared lost": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 8);
    meet(a, hub);
    damage(a, own(a), 3, 4);
    damage(hub, own(a), 6, 6);
    const healing = meet(a, hub);
    write(a, 4);
    damage(a, own(a), 10, 11);
    return [healing, meet(a, hub), meet(a, hub)];
  },
  "a floor is told, and what lies below it is not asked for": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 6);
    const chain = a.log.chainAt(0, 4) ?? new Uint8Array(16);
    const floor = { seq: 4, chain, byOrigin: true };
    a.log.mark({ kind: "floor", stream: own(a), floor }, startMs, () => {});
    settle(a);
    const first = meet(a, hub);
    write(a, 1);
    return [first, meet(a, hub)];
  },
  "a restored card finds its hub ahead, pulls, and goes on in a fresh epoch": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 4);
    meet(a, hub);
    const old = cloneOf(a);
    write(a, 3);
    meet(a, hub);
    return [meet(old, hub), meet(old, hub)];
  },
  "two cards of one clinic: the branch of the second moves": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 5);
    meet(a, hub);
    const twin = cloneOf(a);
    write(a, 2);
    write(twin, 3, "", 50);
    meet(a, hub);
    return [meet(twin, hub), meet(a, hub)];
  },
  "a budget ends a session in good order, and the next goes on": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 40, "", 200);
    const budget = { from: { bytesMax: 3_000 } };
    return [meet(a, hub, budget), meet(a, hub, budget), meet(a, hub)];
  },
  "what was durable before a cut is not sent again": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 60, "", 300);
    return [meet(a, hub, { cutAtBytes: 14_000 }), meet(a, hub)];
  },
  "a large event goes in fragments, and on from the fragment that arrived": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 1);
    write(a, 1, "", 4 * fragmentWireBytes + 100);
    write(a, 1);
    return [meet(a, hub, { cutAtBytes: 2.5 * fragmentWireBytes }), meet(a, hub)];
  },
  "a session that stays open rests, sends what comes, and gives signs of life": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 1);
    const options = {
      from: { ...rows, keepOpen: true },
      to: { ...rows, keepOpen: true },
    } as const;
    const pair = createPair(a, hub, { ...plain, ...options }).run(startMs + 5_000);
    write(a, 2);
    pair.logChanged(pair.initiator);
    pair.continue(startMs + 300_000);
    write(hub, 1, "to/clinic_a");
    pair.logChanged(pair.responder);
    pair.continue(startMs + 310_000);
    pair.feed(pair.initiator, { kind: "probe" });
    pair.continue(startMs + 320_000);
    pair.feed(pair.initiator, { kind: "finish" });
    return [pair.continue(startMs + 330_000)];
  },
  "a link that goes silent is given up, by either side": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 30, "", 200);
    const silent = { cutAtBytes: 2_000, cutBySilence: true };
    const early = meet(a, hub, { cutAtBytes: 30, cutBySilence: true });
    return [meet(a, hub, silent), early];
  },
  "round trips are measured without moving an event": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 2);
    return [meet(a, hub, { latencyMs: 350, from: { pingCount: 3 } })];
  },
  "a rate shapes when frames leave, and on a slow link an urgent event overtakes a backlog": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 40, "", 250);
    const shaped = meet(a, hub, { from: { rateBytesPerS: 2_000 } });
    write(a, 30, "", 250);
    const slow = createPair(a, hub, { ...plain, rateBytesPerS: 2_875 }).run(startMs + 3_000);
    write(a, 1, "urgent");
    slow.logChanged(slow.initiator);
    slow.continue();
    keepStates(slow, a, hub);
    return [shaped, slow];
  },
  "wrong clocks are reported, and a step of the clock moves no deadline": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 1);
    a.log.push(
      [{ lane: "", type: 1, payload: textToUtf8("in 2099") }],
      startMs + 70 * 365 * 86_400_000,
      () => {},
    );
    settle(a);
    const ahead = meet(a, hub, { fromOffsetMs: 3 * 86_400_000 });
    write(a, 1);
    const pair = createPair(a, hub, { ...plain, latencyMs: 2_000 }).run(startMs + 1_000);
    pair.feed(pair.initiator, { kind: "tick" });
    pair.initiator.session.handle({ kind: "tick" }, startMs + clockStepMs + 3_600_000);
    return [ahead, pair.continue(startMs + 400_000)];
  },
  "health is told when it has changed": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 1);
    const told = meet(a, hub, { from: { health } });
    const same = meet(a, hub, { from: { health } });
    const pair = createPair(a, hub, {
      ...plain,
      from: { ...rows, health, keepOpen: true },
      to: { ...rows, keepOpen: true },
    }).run(startMs + 2_000);
    pair.feed(pair.initiator, { kind: "health", health: { ...health, diskFreeBytes: 999 } });
    pair.feed(pair.initiator, { kind: "health", health: { ...health, troubles: ["Z220"] } });
    pair.continue(startMs + 4_000);
    pair.feed(pair.responder, { kind: "fence" });
    return [told, same, pair.continue(startMs + 6_000)];
  },
  "batches lean on what both hold, and begin anew where the receiver has lost it": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 12);
    write(a, 2, "urgent");
    write(hub, 3, "to/clinic_a");
    const first = meet(a, hub, tokens);
    write(a, 5);
    write(hub, 4, "to/clinic_a");
    const primed = meet(a, hub, tokens);
    damage(hub, own(a), 15, 16);
    write(a, 3);
    const lost = meet(a, hub, tokens);
    write(a, 1);
    return [first, primed, lost, meet(a, hub, tokens)];
  },
  "another key under the same name is not let in": () => {
    const [a, hub] = [clinic(), hubNode()];
    write(a, 1);
    meet(a, hub);
    write(a, 1);
    const keyFingerprint = new Uint8Array(32).fill(9);
    const to = { peer: { nodeId: a.id, role: "clinic", keyFingerprint } } as const;
    return [meet(a, hub, { to: { ...plain.to, ...to } })];
  },
};
