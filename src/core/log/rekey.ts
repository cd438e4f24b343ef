/**
 * A new data key for a whole log, while it is in use (RULES 17): the former key is
 * sealed under the new one (former-key.ts), from which moment everything new is under
 * the new key; the segment being written ends; each older one is sealed anew record by
 * record (reseal-records.ts); then the manifest and the checkpoints; and at last the
 * sealed former key goes. Every step may be the last one before a crash: who opens the
 * log with the new key finds the former one in it, and goes on from there.
 *
 * What was set aside stays as it is: it was no valid record under any key. Nothing is
 * promised about erasure on flash.
 */
import { assert, ZamError } from "../errors/zam-error.ts";
import { FileFault } from "../ports.ts";
import type { RekeyStep, RekeyWork } from "./api.ts";
import type { LogCore } from "./core.ts";
import { diskError } from "./faults.ts";
import { decodeFileHeader, isUnderFormerKey, keyIdFor } from "./file-header.ts";
import { fileName, saltBytes, segmentFileName } from "./format.ts";
import { removeFormerKey, writeFormerKey } from "./former-key.ts";
import { endSegment, makeReadOnly, openGroup, pump, quiesce } from "./group-commit.ts";
import { removeLeftovers, SegmentReplacement } from "./replace-segments.ts";
import { RecordResealer } from "./reseal-records.ts";
import { writeManifest } from "./roll.ts";
import { writeCheckpoint } from "./upkeep.ts";
import { readHead } from "./whole-file.ts";

const operation = "a new key";

type Phase = "begin" | "roll" | "segments" | "sidecars" | "end";

export class Rekey implements RekeyWork {
  private readonly core: LogCore;
  private readonly newKey: Uint8Array | undefined;
  private readonly segments: SegmentReplacement;
  private phase: Phase;

  constructor(core: LogCore, newKey: Uint8Array | undefined) {
    assert(core.isEncrypted, "only an encrypted log gets a new key");
    const isBegun = core.seal.formerKey !== undefined;
    assert(newKey === undefined || !isBegun, "one rekey ends before the next begins");
    this.core = core;
    this.newKey = newKey;
    this.phase = newKey === undefined ? "roll" : "begin";
    this.segments = new SegmentReplacement(core, {
      operation,
      plan: planResealing,
      createCopier: () => new RecordResealer(core),
    });
  }

  get resealedSegments(): number {
    return this.segments.replacedSegments;
  }

  step(done: (step: RekeyStep) => void): void {
    const { core } = this;
    if (core.isClosed) return done(new ZamError("Z210"));
    if (core.readOnlyReason !== undefined) return done(core.readOnlyReason);
    try {
      this.stepOn(done);
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
      this.fail(diskError(fault, operation), done);
    }
  }

  private stepOn(done: (step: RekeyStep) => void): void {
    switch (this.phase) {
      case "begin":
        return this.begin(done);
      case "roll":
        return this.roll(done);
      case "segments":
        return this.segments.step((step) => {
          if (step !== "done") return done(step);
          this.phase = "sidecars";
          done("more");
        });
      case "sidecars":
        return this.sealSidecars(done);
      case "end":
        return this.end(done);
    }
  }

  private begin(done: (step: RekeyStep) => void): void {
    const { core } = this;
    const { dataKey: formerKey } = core.seal;
    assert(formerKey !== undefined && this.newKey !== undefined, "there are two keys");
    const seal = { ...core.seal, dataKey: this.newKey, formerKey };
    writeFormerKey(core, seal, (error) => {
      if (error !== undefined) return this.fail(error, done);
      core.seal = seal;
      this.phase = "roll";
      done("install");
    });
  }

  /** What is being written ends; what is staged behind it may still be under the former key, too. */
  private roll(done: (step: RekeyStep) => void): void {
    const { core } = this;
    if (!isUnderFormerKey(core.seal, core.active)) {
      this.phase = "segments";
      return done("more");
    }
    endSegment(core);
    openGroup(core).callbacks.push((error) => done(error ?? "more"));
    pump(core);
  }

  private sealSidecars(done: (step: RekeyStep) => void): void {
    const { core } = this;
    let problem: ZamError | undefined;
    quiesce(core, () => {
      writeManifest(core, core.active, (error) => {
        problem = error;
      });
      for (let left = 2; left > 0 && problem === undefined && hasOldCheckpoint(core); left--) {
        writeCheckpoint(core, (result) => {
          if (result === "later") problem = new ZamError("Z204", { operation });
          else if (result !== "done") problem = result;
        });
      }
    });
    if (problem !== undefined) return this.fail(problem, done);
    this.phase = "end";
    done("sealSidecars");
  }

  private end(done: (step: RekeyStep) => void): void {
    const { core } = this;
    const count = formerSegments(core).length;
    if (count > 0) return done(new ZamError("Z229", { count }));
    quiesce(core, () => removeLeftovers(core));
    removeFormerKey(core, (error) => {
      if (error !== undefined) return this.fail(error, done);
      core.seal = { ...core.seal, formerKey: undefined };
      done("done");
    });
  }

  private fail(error: ZamError, done: (step: RekeyStep) => void): void {
    if (error.code === "Z205") makeReadOnly(this.core, error);
    done(error);
  }
}

/** Sealed segments under the former key. */
function formerSegments(core: LogCore): readonly number[] {
  const { segments } = core.directory;
  return segments
    .filter((segment) => isUnderFormerKey(core.seal, segment))
    .map(({ number }) => number);
}

function planResealing(core: LogCore): (readonly number[])[] {
  const jobs: (readonly number[])[] = [];
  for (const number of formerSegments(core)) {
    if (core.store.exists(core.segmentFile(number))) jobs.push([number]);
    else renameMissing(core, number);
  }
  return jobs;
}

/** A segment whose file is gone stays named, so that the loss stays known: as one that never was under the former key. */
function renameMissing(core: LogCore, number: number): void {
  const { segments } = core.directory;
  const at = segments.findIndex((segment) => segment.number === number);
  const missing = segments[at];
  const { crypto, dataKey } = core.seal;
  if (missing === undefined || dataKey === undefined) return;
  const salt = crypto.randomBytes(saltBytes);
  let { generation } = missing;
  do generation++;
  while (core.store.exists(segmentFileName(number, generation)));
  const keyId = keyIdFor(crypto, dataKey, salt);
  segments[at] = { ...missing, generation, salt, keyId, indexBytes: 0 };
  core.ciphers.delete(number);
}

function hasOldCheckpoint(core: LogCore): boolean {
  return [fileName.checkpointA, fileName.checkpointB].some((name) => {
    const head = readHead(core.store, name);
    const header = head === undefined ? undefined : decodeFileHeader("checkpoint", head);
    return typeof header === "object" && isUnderFormerKey(core.seal, header);
  });
}
