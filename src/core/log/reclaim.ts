/**
 * Gives back the room of events below their streams' floors, and merges small
 * neighbouring segments: what is left of them is sealed anew into a new file, which
 * becomes durable, and one new manifest puts it in their place (RULES 12). Numbers,
 * ordinals, seqs, chains, marks and the last close stay; so do idempotency
 * hashes, for 30 days (RULES 15).
 *
 * Works in steps, and commits go on between them; only the switch itself blocks.
 * A crash at any point leaves the old files or the new ones listed; the others are
 * recognised as leftovers and removed by the next run. A segment with set-aside
 * ranges, or with pieces that an event in another segment needs, is left as it is.
 */
import { bytesEqual } from "../bytes.ts";
import { ZamError } from "../errors/zam-error.ts";
import { FileFault } from "../ports.ts";
import type { LogCore } from "./core.ts";
import { holdsAny, isBelowFloor } from "./cut.ts";
import { diskError, syncError } from "./faults.ts";
import { decodeFileHeader } from "./file-header.ts";
import {
  fileHeaderBytes,
  fileName,
  indexFileName,
  segmentFileName,
  segmentFileOf,
} from "./format.ts";
import { makeReadOnly, pump } from "./group-commit.ts";
import { readThroughFaults } from "./file-cache.ts";
import { writeReserve } from "./reserve.ts";
import { removeQuietly } from "./replace-file.ts";
import { writeManifest } from "./roll.ts";
import { indexOf } from "./segment-access.ts";
import { SegmentRewrite } from "./rewrite.ts";
import { writeCheckpoint, writeIndex } from "./upkeep.ts";

/** Progress of one step; an error ends the work, with the log as it was before that step. */
export type ReclaimStep = "more" | "done" | ZamError;

export class Reclaim {
  /** Bytes of files that are gone, less those of files that took their place. */
  freedBytes = 0;
  /** Segments whose room could not be given back now. */
  skippedSegments = 0;
  private readonly core: LogCore;
  private readonly wallMs: number;
  private jobs: (readonly number[])[] | undefined;
  private current: SegmentRewrite | undefined;
  private isChanged = false;

  constructor(core: LogCore, wallMs: number) {
    this.core = core;
    this.wallMs = wallMs;
  }

  /** Does a little, and calls `done` once, perhaps before returning. */
  step(done: (step: ReclaimStep) => void): void {
    const { core } = this;
    if (core.isClosed) return this.fail(new ZamError("Z210"), done);
    const reason = core.readOnlyReason;
    if (reason !== undefined) return this.fail(reason, done);
    try {
      if (this.jobs === undefined) {
        this.quiesce(() => removeLeftovers(core));
        this.jobs = planJobs(core);
        return done("more");
      }
      if (this.current === undefined) {
        const sources = this.jobs.shift();
        if (sources === undefined) return done(this.finish());
        this.current = new SegmentRewrite(core, sources, this.wallMs);
        return done("more");
      }
      const state = this.current.copySome();
      if (state === "skip") {
        this.skippedSegments++;
        this.current.abandon();
        this.current = undefined;
        return done("more");
      }
      if (state === "more") return done("more");
      this.install(this.current, done);
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
      this.fail(diskError(fault, "giving room back"), done);
    }
  }

  private fail(error: ZamError, done: (step: ReclaimStep) => void): void {
    this.current?.abandon();
    this.current = undefined;
    done(error);
  }

  private install(rewrite: SegmentRewrite, done: (step: ReclaimStep) => void): void {
    const { core } = this;
    core.syncs.run(rewrite.file, (fault) => {
      if (fault !== undefined) return this.fail(syncError(fault), done);
      if (core.isClosed || core.readOnlyReason !== undefined)
        return this.fail(core.readOnlyReason ?? new ZamError("Z210"), done);
      if (!rewrite.isStillRight()) {
        this.skippedSegments++;
        rewrite.abandon();
        this.current = undefined;
        return done("more");
      }
      let error: ZamError | undefined;
      this.quiesce(() => {
        error = core.readOnlyReason ?? this.replace(rewrite);
      });
      if (error !== undefined) return this.fail(error, done);
      this.current = undefined;
      done("more");
    });
  }

  /** Nothing is in flight while `work` runs, and all that it starts is over when it returns. */
  private quiesce(work: () => void): void {
    const { core } = this;
    const wasBlocking = core.syncs.isBlocking;
    core.syncs.isBlocking = true;
    try {
      core.syncs.finish();
      pump(core);
      work();
    } finally {
      core.syncs.isBlocking = wasBlocking;
    }
  }

  /** The switch. */
  private replace(rewrite: SegmentRewrite): ZamError | undefined {
    const { core } = this;
    const { sources, writer } = rewrite;
    const old = core.directory.segments.filter(({ number }) => sources.includes(number));
    const sealed = rewrite.toSealed();
    let freedBytes = 0;
    for (const { sizeBytes, indexBytes } of old) freedBytes += sizeBytes + indexBytes;
    const segments = core.directory.segments
      .filter(({ number }) => !sources.includes(number))
      .concat(sealed === undefined ? [] : [sealed])
      .sort((a, b) => a.number - b.number);
    let problem: ZamError | undefined;
    const note = (error?: ZamError): void => {
      problem ??= error;
    };
    if (sealed !== undefined) {
      writeIndex(core, writer, (result) => {
        if (result === "later") note(new ZamError("Z204", { operation: "giving room back" }));
        else if (result !== "done") makeReadOnly(core, result);
      });
      if (problem === undefined && core.readOnlyReason === undefined)
        core.syncs.run(core.store, (fault) => note(fault && syncError(fault)));
    }
    if (problem === undefined && core.readOnlyReason === undefined)
      writeManifest(core, core.active, note, segments);
    if (core.readOnlyReason !== undefined) return core.readOnlyReason;
    if (problem !== undefined) {
      if (problem.code === "Z205") makeReadOnly(core, problem);
      return problem;
    }
    const spans: { alias: number; first: number; last: number }[] = [];
    writer.index.spans((alias, first, last) => spans.push({ alias, first, last }));
    if (sealed !== undefined) sealed.indexBytes = rewrite.indexBytes();
    core.directory.replace(sources, sealed, spans);
    this.isChanged = true;
    const keptBytes = sealed === undefined ? 0 : sealed.sizeBytes + sealed.indexBytes;
    this.freedBytes += freedBytes - keptBytes;
    for (const { number, generation } of old) {
      core.ciphers.delete(number);
      core.loadedIndexes.delete(number);
      const at = core.unindexed.findIndex((unindexed) => unindexed.number === number);
      if (at >= 0) core.unindexed.splice(at, 1);
      removeQuietly(core, segmentFileName(number, generation));
      removeQuietly(core, indexFileName(number, generation));
    }
    rewrite.close();
    return undefined;
  }

  /** A checkpoint that knows the new segments, so that the next opening does not ask each of them. */
  private finish(): ReclaimStep {
    const { core } = this;
    let outcome: ReclaimStep = "done";
    this.quiesce(() => {
      if (core.readOnlyReason !== undefined || !this.isChanged) return;
      writeCheckpoint(core, (result) => {
        if (result === "done" || result === "later") return;
        makeReadOnly(core, result);
        outcome = result;
      });
      if (core.readOnlyReason === undefined && !core.store.exists(fileName.reserve))
        writeReserve(core);
    });
    this.isChanged = false;
    return outcome;
  }
}

/** Runs of neighbours that become one segment each. */
function planJobs(core: LogCore): (readonly number[])[] {
  const jobs: (readonly number[])[] = [];
  let run: number[] = [];
  let runBytes = 0;
  let isWorthIt = false;
  const endRun = (): void => {
    if (isWorthIt) jobs.push(run);
    run = [];
    runBytes = 0;
    isWorthIt = false;
  };
  for (const { number, generation, sizeBytes } of core.directory.segments) {
    const isDamaged = core.badRanges.some((range) => range.segment === number);
    if (isDamaged || !core.store.exists(segmentFileName(number, generation))) {
      endRun();
      continue;
    }
    const isParted = core.rehomes.some(({ beforeSegment }) => beforeSegment === number);
    const isFull = runBytes + sizeBytes > core.segmentBytes;
    if (run.length > 0 && (isParted || isFull)) endRun();
    // A small one beside a large one is not worth writing the large one for.
    if (run.length > 0 && runBytes <= core.segmentBytes / 2) isWorthIt = true;
    run.push(number);
    runBytes += sizeBytes;
    const index = indexOf(core, number);
    if (index === undefined) continue;
    const isGone = holdsAny(core, index, number, (stream, seq) => isBelowFloor(core, stream, seq));
    if (isGone) isWorthIt = true;
  }
  endRun();
  return jobs;
}

/** Files of ours that no manifest names: of an interrupted run, or of a roll that was never acknowledged. */
function removeLeftovers(core: LogCore): void {
  for (const name of core.store.list()) {
    const isIndex = name.endsWith(".idx");
    const file = segmentFileOf(isIndex ? name.replace(/idx$/, "seg") : name);
    if (file === undefined || file.number >= core.active.number) continue;
    const listed = core.directory.find(file.number);
    if (listed?.generation === file.generation) continue;
    if (listed === undefined && !isOurs(core, name, isIndex)) continue;
    removeQuietly(core, name);
  }
}

function isOurs(core: LogCore, name: string, isIndex: boolean): boolean {
  const file = core.store.open(name, "read");
  const bytes = new Uint8Array(fileHeaderBytes);
  const count = readThroughFaults(file, 0, bytes);
  file.close();
  const header = decodeFileHeader(isIndex ? "index" : "segment", bytes.subarray(0, count));
  return typeof header !== "string" && bytesEqual(header.logId, core.logId);
}
