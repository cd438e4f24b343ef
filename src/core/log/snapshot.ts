/**
 * What a copy of the log at this moment is made of: prefixes of files that only
 * ever grow, and a manifest and a checkpoint made for exactly these lengths. All
 * of it is durable state: what is staged or in flight is not in it, and opening
 * such a copy finds a clean end.
 *
 * Set-aside bytes, the reserve and leftovers are no part of a log.
 */
import { ZamError } from "../errors/zam-error.ts";
import type { LogSnapshot } from "./api.ts";
import { encodeCheckpoint } from "./checkpoint.ts";
import type { LogCore } from "./core.ts";
import { fileName, indexFileName, segmentFileName } from "./format.ts";
import { encodeManifest, toManifestSegment } from "./manifest.ts";
import { fileSize } from "./recovery.ts";
import { sealFile } from "./sealed-file.ts";

/** Open the named files before anything else runs: later they may be replaced. @throws ZamError Z210 */
export function snapshotLog(core: LogCore): LogSnapshot {
  if (core.isClosed) throw new ZamError("Z210");
  const { active, seal, store } = core;
  const segments = core.directory.segments.map((segment) =>
    toManifestSegment(segment, segment.sizeBytes),
  );
  const files: { name: string; sizeBytes: number }[] = [];
  // A segment whose file is gone stays named, so that the copy knows of the loss as well.
  const add = (name: string, sizeBytes: number): void => {
    if (store.exists(name)) files.push({ name, sizeBytes });
  };
  for (const { number, generation, sizeBytes, indexBytes } of core.directory.segments) {
    add(segmentFileName(number, generation), sizeBytes);
    if (indexBytes > 0) add(indexFileName(number, generation), indexBytes);
  }
  add(core.segmentFile(active.number), active.end);
  if (seal.formerKey !== undefined)
    for (const name of [fileName.formerKey, fileName.formerKeyCopy])
      add(name, fileSize(store, name));
  segments.push(toManifestSegment(active, 0));
  const generation = core.manifestGeneration + 1;
  const manifest = sealFile(seal, { kind: "manifest", number: 0, generation }, [
    encodeManifest({ generation, nodeId: core.nodeId, segments }),
  ]);
  const checkpointGeneration = core.checkpointGeneration + 1;
  const checkpoint = sealFile(
    seal,
    { kind: "checkpoint", number: 0, generation: checkpointGeneration },
    [encodeCheckpoint(core, checkpointGeneration)],
  );
  const checkpointName =
    checkpointGeneration % 2 === 1 ? fileName.checkpointA : fileName.checkpointB;
  const made = [
    { name: fileName.manifest, bytes: manifest },
    { name: fileName.manifestCopy, bytes: manifest },
    { name: checkpointName, bytes: checkpoint },
  ];
  return { files, made };
}
