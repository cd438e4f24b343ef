/**
 * Copies one segment record by record under the newest data key, each to the place
 * where it is. So everything that names places stays right: lists of fragments,
 * sparse indexes, bad ranges and the damage that they are named by.
 */
import type { LogCore } from "./core.ts";
import { decodeEventFields } from "./event-fields.ts";
import { recordKind } from "./format.ts";
import { noteId } from "./pack-records.ts";
import type { RecordCopier, RewriteOutput } from "./rewrite.ts";
import { indexOf } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";

export class RecordResealer implements RecordCopier {
  readonly keepsPlaces = true;
  private readonly core: LogCore;

  constructor(core: LogCore) {
    this.core = core;
  }

  /** What is found to be damaged, or told to be another's, is found and told by its place. */
  isStillRight(): boolean {
    return true;
  }

  copy(reader: SegmentReader, out: RewriteOutput): boolean {
    const { kind, flags, alias, back } = reader.header;
    if (kind > recordKind.dropped) return false;
    const isOfStream =
      kind === recordKind.event || kind === recordKind.fragment || kind === recordKind.dropped;
    const node = isOfStream ? this.nodeOf(alias) : "";
    const plain = node === undefined ? undefined : reader.open(node);
    if (node === undefined || plain === undefined) return false;
    const hasId = kind === recordKind.event || kind === recordKind.dropped;
    const fields = hasId ? decodeEventFields(plain.slice()) : undefined;
    if (hasId && fields === undefined) return false;
    out.padTo(reader.offset);
    const at = out.write({ kind, flags, alias, back, node, plain });
    if (fields !== undefined) noteId(out.writer, fields, at);
    return true;
  }

  /** The index goes on as it is: it may also name what can no longer be read. */
  finish({ writer }: RewriteOutput): boolean {
    const index = indexOf(this.core, writer.number);
    const sealed = this.core.directory.find(writer.number);
    if (index === undefined || sealed === undefined) return false;
    writer.index = index;
    writer.firstOrdinal = sealed.firstOrdinal;
    writer.lastOrdinal = sealed.lastOrdinal;
    return true;
  }

  private nodeOf(alias: number): string | undefined {
    const index = this.core.streams.indexOfAlias(alias);
    return index === undefined ? undefined : this.core.streams.table.id(index).node;
  }
}
