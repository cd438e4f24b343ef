/**
 * How many bytes a session ticket took on the wire, from the session that Node
 * hands out: OpenSSL's SSL_SESSION in DER, whose field [10] is the ticket.
 * Node 26 puts a label and the host's name before it.
 */

/** NewSessionTicket (RFC 8446, 4.6.1) around the ticket: header 4, lifetime 4, age 4, nonce 1 + 8, length 2, extensions 2. */
const messageBytes = 25;
/** Record header 5, content type 1, tag 16. */
const recordBytes = 22;
const sequenceTag = 0x30;
const integerTag = 0x02;
const ticketTag = 0xaa;
const octetStringTag = 0x04;
const labelBytesMax = 512;

/** 0 when the session cannot be read. */
export function ticketRecordSize(session: Uint8Array): number {
  const outer = findSession(session);
  if (outer === undefined) return 0;
  for (let at = outer.start; at < outer.end; ) {
    const field = readElement(session, at);
    if (field === undefined) return 0;
    if (field.tag === ticketTag) {
      const ticket = readElement(session, field.start);
      if (ticket?.tag !== octetStringTag) return 0;
      return ticket.end - ticket.start + messageBytes + recordBytes;
    }
    at = field.end;
  }
  return 0;
}

/** The sequence that ends where the bytes end, and starts with version 1. */
function findSession(bytes: Uint8Array): Element | undefined {
  for (let at = 0; at < Math.min(labelBytesMax, bytes.length); at++) {
    if (bytes[at] !== sequenceTag) continue;
    const element = readElement(bytes, at);
    if (element?.end !== bytes.length) continue;
    const version = readElement(bytes, element.start);
    if (version?.tag === integerTag && bytes[version.start] === 1) return element;
  }
  return undefined;
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** DER with one-byte tags and lengths up to 65,535. */
function readElement(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  const extra = first < 0x80 ? 0 : first - 0x80;
  if (extra > 2) return undefined;
  let length = extra === 0 ? first : 0;
  for (let index = 0; index < extra; index++) length = length * 256 + (bytes[at + 2 + index] ?? 0);
  const start = at + 2 + extra;
  const end = start + length;
  return end <= bytes.length ? { tag, start, end } : undefined;
}
