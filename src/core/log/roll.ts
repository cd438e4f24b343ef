/**
 * From one segment to the next: the new file with its first group becomes
 * durable, then the manifest names it, and only then is the group acknowledged.
 * A crash before that leaves an unlisted file, which is ignored (RULES 12).
 */
import type { ZamError } from "../errors/zam-error.ts";
import type { LogCore } from "./core.ts";
import type { SealedSegment } from "./directory.ts";
import { diskError, syncError } from "./faults.ts";
import { fileName } from "./format.ts";
import type { Group } from "./group.ts";
import { encodeManifest, toManifestSegment } from "./manifest.ts";
import { removeQuietly, type ReplaceFailure, replaceFile } from "./replace-file.ts";
import { sealFile } from "./sealed-file.ts";
import { createSegmentFile, type SegmentWriter } from "./segment-writer.ts";

/** Throws FileFault. */
export function startRoll(core: LogCore, segment: SegmentWriter): void {
  createSegmentFile(core.store, core.seal, segment);
}

export function finishRoll(core: LogCore, group: Group, done: (error?: ZamError) => void): void {
  const { segment } = group;
  if (segment === undefined) return done();
  core.syncs.run(core.store, (fault) => {
    if (fault !== undefined) return done(syncError(fault));
    writeManifest(core, segment, (error) => {
      if (error !== undefined) return done(error);
      switchTo(core, segment);
      done();
    });
  });
}

/** The old segment is sealed at its durable end; the new one is active. */
function switchTo(core: LogCore, segment: SegmentWriter): void {
  const old = core.active;
  old.file?.close();
  old.file = undefined;
  core.directory.segments.push({
    number: old.number,
    generation: old.generation,
    salt: old.salt,
    keyId: old.keyId,
    sizeBytes: old.end,
    firstOrdinal: old.firstOrdinal,
    lastOrdinal: old.lastOrdinal,
    indexBytes: 0,
    hasSpans: true,
  });
  old.index.spans((alias, first, last) => core.directory.addSpan(old.number, alias, first, last));
  core.unindexed.push(old);
  core.active = segment;
}

/** Names all segments, with `active` as the one being written. A disk without space gives up the reserve. */
export function writeManifest(
  core: LogCore,
  active: SegmentWriter,
  done: (error?: ZamError) => void,
  sealed: readonly SealedSegment[] = core.directory.segments,
): void {
  const bytes = encodeNewManifest(core, active, sealed);
  replaceFile(core, fileName.manifest, bytes, (failure) => {
    if (failure === undefined) return writeCopy(core, bytes, done);
    const isFull = failure.fault.kind === "noSpace" && !failure.isFatal;
    if (!isFull || !core.store.exists(fileName.reserve)) return done(toError(failure));
    removeQuietly(core, fileName.reserve);
    replaceFile(core, fileName.manifest, bytes, (again) => {
      if (again !== undefined) return done(toError(again));
      writeCopy(core, bytes, done);
    });
  });
}

/** The copy may lag behind when the disk is full: the first one is good, and is what counts. */
function writeCopy(core: LogCore, bytes: Uint8Array, done: (error?: ZamError) => void): void {
  replaceFile(core, fileName.manifestCopy, bytes, (failure) => {
    done(failure?.isFatal === true ? toError(failure) : undefined);
  });
}

function encodeNewManifest(
  core: LogCore,
  active: SegmentWriter,
  sealed: readonly SealedSegment[] = core.directory.segments,
): Uint8Array {
  core.manifestGeneration++;
  const segments = sealed.map((segment) => toManifestSegment(segment, segment.sizeBytes));
  const old = core.active;
  if (old !== active) segments.push(toManifestSegment(old, old.end));
  segments.push(toManifestSegment(active, 0));
  const generation = core.manifestGeneration;
  const body = encodeManifest({ generation, nodeId: core.nodeId, segments });
  return sealFile(core.seal, { kind: "manifest", number: 0, generation }, [body]);
}

function toError(failure: ReplaceFailure): ZamError {
  return failure.isFatal ? syncError(failure.fault) : diskError(failure.fault, "the manifest");
}
