/**
 * Staging of single events and fragments, whoever wrote them: own ones
 * (append.ts) and received ones (receive.ts) become the same records.
 */
import { ByteWriter, emptyBytes } from "../bytes.ts";
import type { Hlc } from "../clock/hlc.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { Durable } from "./api.ts";
import type { LogCore } from "./core.ts";
import {
  encodeAliasFields,
  encodeEventFields,
  encodeFragmentFields,
  encodeFragmentList,
} from "./event-fields.ts";
import { flagFragmented, recordKind } from "./format.ts";
import { type Group, rowKind } from "./group.ts";
import { openGroup, stageRecord } from "./group-commit.ts";
import { newPartial, type PartialEvent } from "./partials.ts";

const fields = new ByteWriter(1024);

/** The stream's alias, defined in the group's segment (RULES 10). */
export function stageAlias(core: LogCore, group: Group, index: StreamIndex): number {
  const { streams } = core;
  if (streams.alias(index) === 0) streams.setAlias(index, streams.nextAlias);
  const alias = streams.alias(index);
  const segment = group.segment?.number ?? 0;
  if (streams.mustDefine(index, segment, group.start, group.end))
    stageDefinition(core, group, index);
  return alias;
}

/**
 * A second definition, where the group's segment has only one: whatever no later group of the
 * stream might follow ends with it, so that no single damaged record takes the alias away.
 */
export function repeatAlias(core: LogCore, group: Group, index: StreamIndex): boolean {
  const { streams } = core;
  if (!streams.isDefinedOnce(index, group.segment?.number ?? 0)) return false;
  streams.noteRepeated(index);
  stageDefinition(core, group, index);
  return true;
}

function stageDefinition(core: LogCore, group: Group, index: StreamIndex): void {
  const { streams } = core;
  fields.clear();
  encodeAliasFields(streams.table.id(index), fields);
  const alias = streams.alias(index);
  const plain = fields.view();
  stageRecord(core, group, { kind: recordKind.alias, flags: 0, alias, node: "", plain });
}

export interface EventToStage {
  readonly seq: number;
  readonly hlc: Hlc;
  readonly type: number;
  readonly known: Uint8Array;
  /** Or empty, with `fragments`. */
  readonly payload: Uint8Array;
  readonly idempotency: Uint8Array;
  readonly receivedMs: number;
  readonly receivedFrom: string;
  readonly chainBefore: Uint8Array;
  readonly chain: Uint8Array;
}

/** `fragments`: the event's payload is in these pieces, all staged or durable before. */
export function stageEvent(
  core: LogCore,
  index: StreamIndex,
  event: EventToStage,
  fragments?: { readonly partial: PartialEvent; readonly payloadSha256: Uint8Array },
): void {
  const group = openGroup(core);
  const alias = stageAlias(core, group, index);
  const ordinal = ++core.stagedOrdinal;
  let body = event.payload;
  if (fragments !== undefined) {
    fields.clear();
    const { partial, payloadSha256 } = fragments;
    const { places, totalBytes } = partial;
    encodeFragmentList({ payloadSize: totalBytes, payloadSha256, places }, fields);
    body = fields.take();
  }
  fields.clear();
  encodeEventFields(
    {
      hlc: event.hlc,
      chainBefore: event.chainBefore,
      seq: event.seq,
      type: event.type,
      ordinal,
      receivedMs: event.receivedMs,
      receivedFrom: event.receivedFrom,
      known: event.known,
      idempotency: event.idempotency,
      body,
    },
    fields,
  );
  const offset = stageRecord(core, group, {
    kind: recordKind.event,
    flags: fragments === undefined ? 0 : flagFragmented,
    alias,
    node: core.streams.table.id(index).node,
    plain: fields.view(),
  });
  const row = group.addRow(rowKind.event, index, event.seq, offset, ordinal);
  group.setRowHead(row, event.chain, event.hlc.ms, event.hlc.counter);
  if (event.idempotency.length > 0) group.segment?.ids.add(event.idempotency, offset);
  if (event.seq > core.streams.stagedHead(index)) {
    core.streams.stage(index, event.seq, event.chain, event.hlc);
  }
}

/** The stream's partial event for this seq; a new one replaces what was begun for another. */
export function openPartial(
  core: LogCore,
  index: StreamIndex,
  event: Pick<PartialEvent, "seq" | "hlc" | "type" | "chainBefore" | "totalBytes">,
): PartialEvent {
  const before = core.partials.get(index);
  const partial = newPartial(event, core.crypto.createSha256());
  const isWhole = before !== undefined && before.stagedBytes === before.totalBytes;
  if (isWhole && before.seq !== event.seq) partial.previous = before;
  core.partials.set(index, partial);
  openGroup(core).undo.push(() => {
    if (core.partials.get(index) !== partial) return;
    if (before === undefined) core.partials.delete(index);
    else core.partials.set(index, before);
  });
  return partial;
}

export function stageFragment(
  core: LogCore,
  index: StreamIndex,
  partial: PartialEvent,
  bytes: Uint8Array,
): void {
  const group = openGroup(core);
  const alias = stageAlias(core, group, index);
  const ordinal = ++core.stagedOrdinal;
  fields.clear();
  encodeFragmentFields(
    {
      hlc: partial.hlc,
      chainBefore: partial.chainBefore,
      seq: partial.seq,
      type: partial.type,
      ordinal,
      totalBytes: partial.totalBytes,
      at: partial.stagedBytes,
      bytes,
    },
    fields,
  );
  const offset = stageRecord(core, group, {
    kind: recordKind.fragment,
    flags: 0,
    alias,
    node: core.streams.table.id(index).node,
    plain: fields.view(),
  });
  group.addRow(rowKind.fragment, index, partial.seq, offset, ordinal);
  const segment = group.segment?.number ?? 0;
  partial.places.push({ segment, offset, sizeBytes: bytes.length });
  partial.stagedBytes += bytes.length;
  if (core.judge !== undefined) partial.undurable.push(bytes.slice());
  partial.sha?.update(bytes);
}

/** Calls `durable` once everything staged so far is durable: perhaps at once. */
export function whenDurable(core: LogCore, durable: Durable): void {
  const last = core.waiting[core.waiting.length - 1] ?? core.inFlight;
  if (last === undefined) durable();
  else last.callbacks.push(durable);
}

/** Throws Z210, Z208, or Z204 when the log takes no writes. */
export function assertWritable(core: LogCore): void {
  if (core.isClosed) throw new ZamError("Z210");
  const reason = core.readOnlyReason;
  // Nobody has to open it again: it waits for room by itself.
  if (reason?.code === "Z204") throw new ZamError("Z204", { operation: "a push" }, reason);
  if (reason !== undefined) throw new ZamError("Z208", { reason: reason.message }, reason);
}

export const noPayload = emptyBytes;
