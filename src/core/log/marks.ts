/**
 * Facts as users state them, turned into records. Their effect on what may be
 * staged next is immediate, and is taken back when their group fails.
 */
import { assert, assertNever } from "../errors/zam-error.ts";
import { chainBytes } from "../event.ts";
import { heldRanges } from "../vector/gaps.ts";
import { intersectRanges, rangeBetween } from "../vector/ranges.ts";
import type { Floor, StreamIndex } from "../vector/stream-table.ts";
import type { Durable, Mark } from "./api.ts";
import { bindingKey, type LogCore } from "./core.ts";
import { openGroup, pump } from "./group-commit.ts";
import type { StoredMark } from "./mark-fields.ts";
import { stageNewEpoch } from "./new-epoch.ts";
import { chainAt } from "./read.ts";
import { stageRehome } from "./rehome.ts";
import { assertWritable, whenDurable } from "./stage-event.ts";
import { stageMark } from "./stage-mark.ts";

export function mark(core: LogCore, fact: Mark, wallMs: number, durable: Durable): void {
  assertWritable(core);
  assertShape(fact);
  core.wallMs = wallMs;
  switch (fact.kind) {
    case "bind":
      stageBind(core, fact, wallMs);
      break;
    case "newEpoch":
      stageNewEpoch(core, fact, wallMs);
      break;
    case "rehome":
      stageRehome(core, fact.stream, fact.from, wallMs);
      break;
    case "lost":
      stageLost(core, fact, wallMs);
      break;
    case "floor":
      stageFloor(core, fact, wallMs);
      break;
    case "freeze":
      stageFreeze(core, fact, wallMs);
      break;
    case "dropPartial":
      stageDropPartial(core, fact, wallMs);
      break;
    case "trustedTime":
      stageMark(core, fact, wallMs);
      break;
    case "alarm":
      stageMark(core, { ...fact, id: clip(fact.id), text: clip(fact.text) }, wallMs);
      break;
    case "alarmAck":
      stageMark(core, { ...fact, id: clip(fact.id) }, wallMs);
      break;
    case "release": {
      const index = core.streams.add(fact.stream);
      stageStreamFact(core, index, wallMs, (alias) => ({ kind: "release", alias, seq: fact.seq }));
      break;
    }
    default:
      assertNever(fact);
  }
  whenDurable(core, durable);
  pump(core);
}

type MarkOf<Kind extends Mark["kind"]> = Extract<Mark, { kind: Kind }>;

function stageLost(core: LogCore, fact: MarkOf<"lost">, wallMs: number): void {
  const { from, to, chain } = fact;
  const index = core.streams.add(fact.stream);
  stageStreamFact(core, index, wallMs, (alias) => ({ kind: "lost", alias, from, to, chain }));
  moveStagedHead(core, index, to, chain);
}

function stageFloor(core: LogCore, fact: MarkOf<"floor">, wallMs: number): void {
  const { seq, chain, byOrigin } = fact.floor;
  const index = core.streams.add(fact.stream);
  const isSettled = fact.isPeers === true && stageMissingBelow(core, index, fact.floor, wallMs);
  if (!isSettled)
    stageStreamFact(core, index, wallMs, (alias) => ({
      ...{ kind: "floor", alias, seq, chain, byOrigin },
    }));
  moveStagedHead(core, index, seq, chain);
}

function stageFreeze(core: LogCore, fact: MarkOf<"freeze">, wallMs: number): void {
  const { peer, peerHead, peerChain } = fact;
  const { table } = core.streams;
  const index = core.streams.add(fact.stream);
  stageStreamFact(core, index, wallMs, (alias) => ({
    ...{ kind: "freeze", alias, peer, peerHead, peerChain },
  }));
  const wasFrozen = table.isFrozen(index);
  table.setFrozen(index, true);
  openGroup(core).undo.push(() => table.setFrozen(index, wasFrozen));
}

/**
 * A peer's floor must not take away what is held here: then only what is missing
 * below it is settled. A relay's floor settles no hole, since others may fill it.
 */
function stageMissingBelow(
  core: LogCore,
  index: StreamIndex,
  floor: Floor,
  wallMs: number,
): boolean {
  const { streams } = core;
  const { table } = streams;
  const below = rangeBetween(1, floor.seq);
  const stagedHead = streams.stagedHead(index);
  const isHolding =
    stagedHead > table.head(index) ||
    intersectRanges(heldRanges(table.entry(index)), below).length > 0;
  if (!isHolding) return false;
  const holes = floor.byOrigin ? intersectRanges(table.holes(index), below) : [];
  for (const { from, to } of [...holes, ...rangeBetween(stagedHead + 1, floor.seq)]) {
    const chain = to === floor.seq ? floor.chain : (chainAt(core, index, to) ?? floor.chain);
    stageStreamFact(core, index, wallMs, (alias) => ({ kind: "lost", alias, from, to, chain }));
  }
  return true;
}

/** A mark that could not be read back would look like damage: these are the caller's to get right. */
function assertShape(fact: Mark): void {
  if (fact.kind === "bind") assert(fact.fingerprint.length === 32, "a fingerprint has 32 bytes");
  if (fact.kind === "lost")
    assert(fact.chain.length === chainBytes, "a lost range ends in a chain");
  if (fact.kind === "floor") assert(fact.floor.chain.length === chainBytes, "a floor has a chain");
}

/** Texts of people and peers have no bound; the record has. At most 4 bytes a character. */
function clip(text: string): string {
  return text.slice(0, textCharactersMax);
}

const textCharactersMax = 250;

export function stageStreamFact(
  core: LogCore,
  index: StreamIndex,
  wallMs: number,
  toMark: (alias: number) => StoredMark,
): void {
  const { streams } = core;
  if (streams.alias(index) === 0) streams.setAlias(index, streams.nextAlias);
  stageMark(core, toMark(streams.alias(index)), wallMs);
}

/** The next event may follow on at once. */
function moveStagedHead(core: LogCore, index: StreamIndex, seq: number, chain: Uint8Array): void {
  const { streams } = core;
  if (seq > streams.stagedHead(index)) streams.stage(index, seq, chain, streams.stagedHlc(index));
}

function stageDropPartial(core: LogCore, fact: MarkOf<"dropPartial">, wallMs: number): void {
  const { seq } = fact;
  const index = core.streams.add(fact.stream);
  stageStreamFact(core, index, wallMs, (alias) => ({ kind: "dropPartial", alias, seq }));
  const partial = core.partials.get(index);
  if (partial === undefined || partial.seq !== seq) return;
  core.partials.delete(index);
  core.streams.table.setPartialBytes(index, 0);
  openGroup(core).undo.push(() => {
    core.partials.set(index, partial);
    if (seq === core.streams.table.head(index) + 1) {
      core.streams.table.setPartialBytes(index, partial.durableBytes);
    }
  });
}

function stageBind(core: LogCore, fact: MarkOf<"bind">, wallMs: number): void {
  const key = bindingKey(fact.node, fact.epoch);
  const before = core.bindings.get(key);
  stageMark(core, fact, wallMs);
  core.bindings.set(key, fact.fingerprint.slice());
  openGroup(core).undo.push(() => {
    if (before === undefined) core.bindings.delete(key);
    else core.bindings.set(key, before);
  });
}
