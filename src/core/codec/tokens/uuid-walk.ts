/**
 * A UUID of a payload: a candidate, one that came newly a moment ago, one that its
 * field has had again before, any of the ring, or 122 bits that nothing tells.
 */
import { type ByteWriter, emptyBytes } from "../../bytes.ts";
import { sets } from "./contexts.ts";
import { hashBytes } from "./hash.ts";
import { codeNone, codeOfEntry, entryOfCode } from "./links.ts";
import { readUuid, uuidBytes, writeUuid } from "./uuid-ring.ts";
import type { ValueScope } from "./value-scope.ts";

/** UUIDs that came newly this lately are told by how long ago, also when the field has had them. */
const nearMax = 16;

export class UuidWalk {
  private readonly scope: ValueScope;

  constructor(scope: ValueScope) {
    this.scope = scope;
  }

  code(value: Uint8Array, out: ByteWriter): void {
    const { coder, state, slot, field } = this.scope;
    const { dictionary, uuids, links } = state;
    const given = coder.isDecoder ? emptyBytes : readUuid(value, 0);
    const known = coder.isDecoder ? -1 : dictionary.find(field, given);
    const hit = this.scope.candidate(known < 0 ? codeNone : codeOfEntry(known), true);
    const entry = hit === codeNone ? this.told(given, known) : entryOfCode(hit);
    if (coder.failed) return;
    const uuid = entry < 0 ? this.fresh(given) : dictionary.textOf(entry);
    if (coder.failed) return;
    if (coder.isDecoder) writeUuid(out, uuid);
    if (entry < 0) uuids.add(uuid);
    links.learn(slot, entry < 0 ? codeNone : codeOfEntry(entry), identityOf(uuid));
  }

  /** The entry of a UUID that came before, or -1. */
  private told(given: Uint8Array, known: number): number {
    const { coder, state } = this.scope;
    const distance = coder.isDecoder ? -1 : state.uuids.distanceOf(given);
    this.scope.focus(sets.isKnownUuid);
    if (coder.flag(known >= 0 || distance >= 0 ? 1 : 0) === 0) return -1;
    this.scope.focus(sets.isNearUuid);
    if (coder.flag(distance >= 0 && distance < nearMax ? 1 : 0) === 1)
      return this.recalled(distance, sets.nearUuid);
    this.scope.focus(sets.isFieldUuid);
    if (coder.flag(known >= 0 ? 1 : 0) === 1) return this.scope.entry(known, sets.uuidIndex);
    return this.recalled(distance, sets.uuidDistance);
  }

  /** A UUID of the ring comes again: from now on it is in the field's dictionary. */
  private recalled(given: number, set: number): number {
    const { coder, state, field } = this.scope;
    const { dictionary, uuids } = state;
    this.scope.focus(set);
    const uuid = uuids.atDistance(coder.number(Math.max(0, given)));
    if (uuid === undefined || coder.failed) {
      coder.fail();
      return -1;
    }
    const entry = dictionary.find(field, uuid);
    return entry < 0 ? dictionary.add(field, uuid) : entry;
  }

  /** Version and variant are nearly always those of random UUIDs (RFC 9562, section 5.4); then 122 bits are left. */
  private fresh(given: Uint8Array): Uint8Array {
    const { coder } = this.scope;
    this.scope.focus(sets.isRandomUuid);
    const isRandom = coder.flag((given[6] ?? 0) >> 4 === 4 && (given[8] ?? 0) >> 6 === 2 ? 1 : 0);
    const uuid = new Uint8Array(uuidBytes);
    for (let i = 0; i < uuidBytes; i++) {
      const fixedBits = isRandom === 0 ? 0 : i === 6 ? 4 : i === 8 ? 2 : 0;
      const low = coder.bits(given[i] ?? 0, 8 - fixedBits);
      uuid[i] = fixedBits === 4 ? 0x40 | low : fixedBits === 2 ? 0x80 | low : low;
    }
    return uuid;
  }
}

/** What later values of the event see of it: the same wherever it is kept, and from its first time on. */
function identityOf(uuid: Uint8Array): number {
  const identity = hashBytes(3, uuid, 0, uuidBytes) & 0xffff;
  return identity === 0 ? 1 : identity;
}
