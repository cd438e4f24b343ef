/**
 * Segments written anew, one run of neighbours after the other: the new file becomes
 * durable, and one new manifest puts it in the place of the old ones (RULES 12).
 * Numbers, ordinals, seqs, chains, marks and the last close stay.
 *
 * Works in steps, and commits go on between them; only the switch itself blocks.
 * A crash at any point leaves the old files or the new ones listed; the others are
 * recognised as leftovers and removed by the next run.
 */
import { bytesEqual } from "../bytes.ts";
import { ZamError } from "../errors/zam-error.ts";
import { FileFault } from "../ports.ts";
import type { ReclaimWork, WorkStep } from "./api.ts";
import type { LogCore } from "./core.ts";
import { diskError, syncError } from "./faults.ts";
import { decodeFileHeader } from "./file-header.ts";
import { fileName, indexFileName, segmentFileName, segmentFileOf } from "./format.ts";
import { makeReadOnly, quiesce } from "./group-commit.ts";
import { removeQuietly } from "./replace-file.ts";
import { writeReserve } from "./reserve.ts";
import { type RecordCopier, SegmentRewrite } from "./rewrite.ts";
import { writeManifest } from "./roll.ts";
import { writeCheckpoint, writeIndex } from "./upkeep.ts";
import { readHead } from "./whole-file.ts";

export interface ReplacementRules {
  /** For a person, when the disk refuses. */
  readonly operation: string;
  /** Runs of neighbours that become one segment each; asked once, when nothing is in flight. */
  plan(core: LogCore): (readonly number[])[];
  createCopier(core: LogCore): RecordCopier;
}

export class SegmentReplacement implements ReclaimWork {
  freedBytes = 0;
  skippedSegments = 0;
  /** Segments that took the place of others. */
  replacedSegments = 0;
  private readonly core: LogCore;
  private readonly rules: ReplacementRules;
  private jobs: (readonly number[])[] | undefined;
  private current: SegmentRewrite | undefined;
  private isChanged = false;

  constructor(core: LogCore, rules: ReplacementRules) {
    this.core = core;
    this.rules = rules;
  }

  step(done: (step: WorkStep) => void): void {
    const { core } = this;
    if (core.isClosed) return this.fail(new ZamError("Z210"), done);
    const reason = core.readOnlyReason;
    if (reason !== undefined) return this.fail(reason, done);
    try {
      if (this.jobs === undefined) {
        quiesce(core, () => removeLeftovers(core));
        this.jobs = this.rules.plan(core);
        return done("more");
      }
      if (this.current === undefined) {
        const sources = this.jobs.shift();
        if (sources === undefined) return done(this.finish());
        this.current = new SegmentRewrite(core, sources, this.rules.createCopier(core));
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
      this.fail(diskError(fault, this.rules.operation), done);
    }
  }

  private fail(error: ZamError, done: (step: WorkStep) => void): void {
    // Of a disk that failed to sync nobody knows which manifest it holds, so both files stay.
    if (this.core.readOnlyReason === undefined) this.current?.abandon();
    else this.current?.closeFiles();
    this.current = undefined;
    done(error);
  }

  private install(rewrite: SegmentRewrite, done: (step: WorkStep) => void): void {
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
      quiesce(core, () => {
        error = core.readOnlyReason ?? this.replace(rewrite);
      });
      if (error !== undefined) return this.fail(error, done);
      this.current = undefined;
      done("more");
    });
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
        if (result === "later") note(new ZamError("Z204", { operation: this.rules.operation }));
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
    this.replacedSegments++;
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
  private finish(): WorkStep {
    const { core } = this;
    let outcome: WorkStep = "done";
    quiesce(core, () => {
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

/** Files of ours that no manifest names: of an interrupted run, or of a roll that was never acknowledged. */
export function removeLeftovers(core: LogCore): void {
  for (const name of core.store.list()) {
    // Nothing is being replaced right now: what bears this name was left by a crash.
    if (name.endsWith(".new")) removeQuietly(core, name);
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
  const header = decodeFileHeader(
    isIndex ? "index" : "segment",
    readHead(core.store, name) ?? noBytes,
  );
  return typeof header !== "string" && bytesEqual(header.logId, core.logId);
}

const noBytes = new Uint8Array(0);
