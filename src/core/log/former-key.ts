/**
 * The former data key, sealed under the new one, for as long as a rekey is under way
 * (RULES 17). It is kept twice: without it, what is not yet sealed anew is lost.
 *
 * Invariant: the file `former-key` is the switch. The copy is durable before it;
 * once it has its name, the new key is the key of this log, and whoever comes with
 * another one is refused, though every other file may still fit the former key.
 * The copy alone means nothing, unless the manifest says that the new key was in force.
 */
import { bytesEqual } from "../bytes.ts";
import { ZamError } from "../errors/zam-error.ts";
import { FileFault, type FileStore } from "../ports.ts";
import type { LogCore } from "./core.ts";
import { diskError, syncError } from "./faults.ts";
import { type DataKeys, keyFit } from "./file-header.ts";
import { fileHeaderBytes, fileName, segmentFileOf } from "./format.ts";
import { type ReplaceFailure, removeQuietly, replaceFile } from "./replace-file.ts";
import { type FileSeal, openBlock, sealFile } from "./sealed-file.ts";
import { decodeHeader, readHead, readWhole } from "./whole-file.ts";

const dataKeyBytes = 32;

/**
 * The former key, when a rekey of this log under the key at hand was begun and is not over.
 *
 * @throws ZamError Z301 when the log is being rekeyed, and the key at hand is not the new one; Z203
 */
export function findFormerKey(
  input: DataKeys & { readonly store: FileStore },
): Uint8Array | undefined {
  if (input.dataKey === undefined) return undefined;
  const first = readFormerKey(input, fileName.formerKey);
  if (first instanceof Uint8Array) return first;
  if (first === "wrongKey") throw new ZamError("Z301");
  const second = readFormerKey(input, fileName.formerKeyCopy);
  if (second === "missing" || second === "damaged") return undefined;
  const isInForce = first === "damaged" || isManifestUnder(input) === (second !== "wrongKey");
  if (!isInForce) return undefined;
  if (second === "wrongKey") throw new ZamError("Z301");
  return second;
}

/** A copy alone counts when the manifest is under the new key, too: then the first file was lost. */
function isManifestUnder(input: DataKeys & { readonly store: FileStore }): boolean | undefined {
  const bytes = readHead(input.store, fileName.manifest);
  const header =
    bytes === undefined ? undefined : decodeHeader("manifest", fileName.manifest, bytes);
  return header === undefined ? undefined : keyFit(input, header) === "fits";
}

type Unread = "missing" | "damaged" | "wrongKey";

function readFormerKey(
  input: DataKeys & { readonly store: FileStore },
  name: string,
): Uint8Array | Unread {
  const { store, crypto, dataKey } = input;
  const bytes = readWhole(store, name);
  if (bytes === undefined) return "missing";
  const header = decodeHeader("formerKey", name, bytes);
  if (header === undefined) return "damaged";
  const logId = logIdOf(store);
  // One of another log, left or put here by whomever.
  if (logId !== undefined && !bytesEqual(header.logId, logId)) return "missing";
  if (keyFit({ crypto, dataKey }, header) !== "fits") return "wrongKey";
  const seal = { crypto, dataKey, logId: header.logId };
  const body = openBlock(seal, header, bytes.subarray(fileHeaderBytes), fileHeaderBytes);
  return body?.length === dataKeyBytes ? body : "damaged";
}

/** Of the first file that tells; needs no key. */
function logIdOf(store: FileStore): Uint8Array | undefined {
  const segments = store.list().filter((name) => segmentFileOf(name) !== undefined);
  for (const name of [fileName.manifest, fileName.manifestCopy, ...segments]) {
    const bytes = readHead(store, name);
    const kind = segmentFileOf(name) === undefined ? "manifest" : "segment";
    const header = bytes === undefined ? undefined : decodeHeader(kind, name, bytes);
    if (header !== undefined) return header.logId;
  }
  return undefined;
}

/** Makes `seal.dataKey` the key of this log, durably. After an error without "Z205" nothing has changed. */
export function writeFormerKey(
  core: LogCore,
  seal: FileSeal & { readonly formerKey: Uint8Array },
  done: (error?: ZamError) => void,
): void {
  const kind = { kind: "formerKey", number: 0, generation: 0 } as const;
  const bytes = sealFile(seal, kind, [seal.formerKey]);
  const fail = (failure: ReplaceFailure): void => {
    if (failure.isFatal) return done(syncError(failure.fault));
    removeQuietly(core, fileName.formerKeyCopy);
    done(diskError(failure.fault, "a new key"));
  };
  replaceFile(core, fileName.formerKeyCopy, bytes, (failure) => {
    if (failure !== undefined) return fail(failure);
    replaceFile(core, fileName.formerKey, bytes, (again) => {
      if (again === undefined) done();
      else fail(again);
    });
  });
}

/** The first file is gone for good before the copy goes. */
export function removeFormerKey(core: LogCore, done: (error?: ZamError) => void): void {
  try {
    if (core.store.exists(fileName.formerKey)) core.store.remove(fileName.formerKey);
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
    return done(diskError(fault, "the end of a rekey"));
  }
  core.syncs.run(core.store, (fault) => {
    if (fault !== undefined) return done(syncError(fault));
    removeQuietly(core, fileName.formerKeyCopy);
    core.syncs.run(core.store, (again) => {
      done(again === undefined ? undefined : syncError(again));
    });
  });
}
