/**
 * Closing: finishes what is in flight, writes what upkeep still owes, a
 * checkpoint if the tail is long, and the clean-close mark last. A log that is
 * not closed loses nothing; it only opens with more care.
 */
import { ByteWriter } from "../bytes.ts";
import type { LogCore } from "./core.ts";
import { type CloseHead, encodeCloseFields } from "./event-fields.ts";
import { recordKind } from "./format.ts";
import type { Group } from "./group.ts";
import { openGroup, makeReadOnly, pump, stageRecord } from "./group-commit.ts";
import { repeatAlias, stageAlias } from "./stage-event.ts";
import { startUpkeep, writeCheckpoint } from "./upkeep.ts";

export function closeLog(core: LogCore): void {
  if (core.isClosed) return;
  core.syncs.isBlocking = true;
  core.syncs.finish();
  if (core.readOnlyReason === undefined) {
    pump(core);
    startUpkeep(core, makeReadOnly);
    stageClose(core);
    if (core.bytesSinceCheckpoint > core.checkpointBytes / 4)
      writeCheckpoint(core, () => undefined);
  }
  core.isClosed = true;
  core.closeFiles();
}

const repeatedAliasesMax = 256;

/** A stream that the segment defines only once gets a second definition. */
function repeatAliases(core: LogCore, group: Group): void {
  let left = repeatedAliasesMax;
  for (let index = 0; index < core.streams.table.count && left > 0; index++) {
    if (repeatAlias(core, group, index)) left--;
  }
}

/** Own heads stand in the mark, so that rot in the last records cannot make a seq be used twice. */
function stageClose(core: LogCore): void {
  const { streams } = core;
  const { table } = streams;
  const heads: CloseHead[] = [];
  const group = openGroup(core);
  for (let index = 0; index < table.count; index++) {
    const isCurrent = table.isOfNode(index, core.nodeId) && table.id(index).epoch === core.ownEpoch;
    if (!isCurrent || table.head(index) === 0) continue;
    const alias = stageAlias(core, group, index);
    heads.push({ alias, seq: table.head(index), chain: table.chain(index) });
  }
  repeatAliases(core, group);
  const out = new ByteWriter(256);
  const { changeOrdinal } = core;
  encodeCloseFields({ changeOrdinal, lastHlc: core.clock.last, heads }, out);
  stageRecord(core, group, {
    kind: recordKind.close,
    flags: 0,
    alias: 0,
    node: "",
    plain: out.view(),
  });
  pump(core);
}
