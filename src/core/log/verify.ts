/**
 * Re-reads everything: CRC, seal, chain, and the pieces of large events. Names
 * each problem, changes nothing, and works in steps of about one window.
 */
import { bytesEqual } from "../bytes.ts";
import type { VerifyProblem } from "./api.ts";
import { isHeld } from "./apply.ts";
import { nextChain } from "./chain.ts";
import type { LogCore } from "./core.ts";
import { decodeAliasFields, decodeEventFields, decodeFragmentList } from "./event-fields.ts";
import { fileHeaderBytes, flagFragmented, recordKind } from "./format.ts";
import { FileFault } from "../ports.ts";
import { isNewestRecord, locationOf } from "./locate.ts";
import { decodeMarkFields } from "./mark-fields.ts";
import { readFragment } from "./read-payload.ts";
import { openReader } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";

const recordsPerStep = 256;

export function verify(
  core: LogCore,
  found: (problem: VerifyProblem) => void,
): { step(): boolean } {
  const segments = [...core.directory.segments.map(({ number }) => number), core.active.number];
  const walker = new Verifier(core, found);
  let at = 0;
  let offset = fileHeaderBytes;
  let fileName = "";
  return {
    step: () => {
      const segment = segments[at];
      if (segment === undefined) return false;
      const isListed = segment === core.active.number || core.directory.find(segment) !== undefined;
      if (!isListed) {
        // Merged into another one meanwhile.
        at++;
        return at < segments.length;
      }
      // Its file may have been written anew since the last step.
      const file = core.segmentFile(segment);
      if (file !== fileName) offset = fileHeaderBytes;
      fileName = file;
      const reader = openNow(core, segment);
      if (typeof reader === "string") {
        found({ segment, offset: 0, problem: reader });
        at++;
        return at < segments.length;
      }
      const next = walker.checkSome(reader, offset);
      if (next === undefined) {
        offset = fileHeaderBytes;
        at++;
      } else offset = next;
      return at < segments.length;
    },
  };
}

/** The segment's reader, or why there is none. */
function openNow(core: LogCore, segment: number): SegmentReader | string {
  try {
    return openReader(core, segment) ?? "the segment's file is missing";
  } catch (fault) {
    if (fault instanceof FileFault) return `the segment's file does not open: ${fault.message}`;
    throw fault;
  }
}

class Verifier {
  private readonly core: LogCore;
  private readonly found: (problem: VerifyProblem) => void;
  /** By alias: chain after the record seen last, and its seq. */
  private readonly lastChains = new Map<number, { seq: number; chain: Uint8Array }>();

  constructor(core: LogCore, found: (problem: VerifyProblem) => void) {
    this.core = core;
    this.found = found;
  }

  /** Where to go on, or undefined at the end of the segment. */
  checkSome(reader: SegmentReader, from: number): number | undefined {
    let offset = from;
    for (let count = 0; count < recordsPerStep; count++) {
      const bad = this.core.badRanges.find(
        (range) =>
          range.segment === reader.segment && offset >= range.fromOffset && offset < range.toOffset,
      );
      if (bad !== undefined) {
        const isOpen = this.core.damages.some(
          (damage) => damage.segment === bad.segment && damage.fromOffset === bad.fromOffset,
        );
        if (isOpen) this.report(reader, "damaged, and not healed yet", offset);
        offset = bad.toOffset;
        continue;
      }
      const state = reader.readAt(offset);
      if (state === "end") return undefined;
      if (state === "bad") {
        this.report(reader, "not a valid record", offset);
        offset = reader.resync(offset + 1);
        continue;
      }
      this.checkRecord(reader, offset);
      reader.readAt(offset);
      offset = reader.nextOffset;
    }
    return offset;
  }

  private checkRecord(reader: SegmentReader, offset: number): void {
    const { kind, alias, flags } = reader.header;
    if (kind === recordKind.alias || kind === recordKind.mark) {
      const plain = reader.open("");
      const isGood =
        plain !== undefined &&
        (kind === recordKind.alias ? decodeAliasFields(plain) : decodeMarkFields(plain)) !==
          undefined;
      if (!isGood) this.report(reader, "its seal or fields do not fit", offset);
      return;
    }
    if (kind !== recordKind.event) return;
    const index = this.core.streams.indexOfAlias(alias);
    if (index === undefined) return this.report(reader, "its stream is unknown", offset);
    const plain = reader.open(this.core.streams.table.id(index).node);
    const fields = plain === undefined ? undefined : decodeEventFields(plain.slice());
    if (fields === undefined) return this.report(reader, "its seal or fields do not fit", offset);
    const { seq, hlc, type, known, chainBefore, body } = fields;
    const list = (flags & flagFragmented) === 0 ? undefined : decodeFragmentList(body);
    const payload =
      list === undefined
        ? { payload: body }
        : { payloadSha256: list.payloadSha256, payloadSize: list.payloadSize };
    const chain = nextChain(this.core.crypto, chainBefore, { seq, hlc, type, known, ...payload });
    const before = this.lastChains.get(alias);
    if (before !== undefined && before.seq + 1 === seq && !bytesEqual(before.chain, chainBefore)) {
      this.report(reader, "it does not follow on the event before it", offset, { alias, seq });
    }
    this.lastChains.set(alias, { seq, chain });
    if (list !== undefined) this.checkPieces(reader, offset, { alias, seq }, list);
  }

  private checkPieces(
    reader: SegmentReader,
    offset: number,
    event: { readonly alias: number; readonly seq: number },
    list: NonNullable<ReturnType<typeof decodeFragmentList>>,
  ): void {
    const index = this.core.streams.indexOfAlias(event.alias);
    const place = locationOf(this.core, event.alias, event.seq, reader.segment);
    if (index === undefined || place === undefined || !isHeld(this.core, place.index, place.seq))
      return;
    const { segment } = reader;
    if (!isNewestRecord(this.core, place, { segment, alias: event.alias, offset })) return;
    const sha = this.core.crypto.createSha256();
    for (const piece of list.places) sha.update(readFragment(this.core, index, piece) ?? noBytes);
    if (!bytesEqual(sha.digest(), list.payloadSha256)) {
      this.report(reader, "its payload cannot be read whole", offset, event);
    }
  }

  private report(
    reader: SegmentReader,
    problem: string,
    offset: number,
    event?: { readonly alias: number; readonly seq: number },
  ): void {
    const place =
      event === undefined
        ? undefined
        : locationOf(this.core, event.alias, event.seq, reader.segment);
    const name =
      place === undefined
        ? {}
        : { stream: this.core.streams.table.id(place.index), seq: place.seq };
    this.found({ segment: reader.segment, offset, problem, ...name });
  }
}

const noBytes = new Uint8Array(0);
