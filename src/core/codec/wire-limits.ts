/**
 * Bounds of everything that a frame may hold. A decoder checks them before it
 * takes memory; an encoder stays below them.
 */

/** Bytes of one frame after its length: fits the largest range, and bounds what a peer can make us buffer. */
export const frameBytesMax = 64 * 1024;
/** Events of one range: at 2G speeds (3 KB/s) 64 visits are about one second of air time. */
export const batchEventsMax = 64;
/** Bytes of a range's rows before compression. Holds the largest unfragmented event (16 KiB, and 8 KiB of `known`). */
export const batchRawBytesMax = 32 * 1024;
/** Bytes of one fragment on the wire: with a TLS handshake of 4 KB before it, it still fits a link that dies after 20 KiB. */
export const fragmentWireBytes = 4 * 1024;
/** Bytes of earlier rows that serve as dictionary: 42.2 B an event against 40.3 with four times as much (FACTS.md). */
export const windowBytes = 128 * 1024;
/** Events and bytes of rows that prime a window: half of it; 256 events gain all but 6 % of what 1,000 do (FACTS.md). */
export const primeEventsMax = 256;
export const primeRowsBytesMax = 64 * 1024;
/** Open holes of one stream in a vector (RULES 37). */
export const holesPerStreamMax = 1024;
/** Lines of HELLO's vector whose streams have numbers without being named by STREAM: those of a clinic. */
export const numberedLinesMax = 8;
/** Entries of one ACK frame. */
export const ackEntriesMax = 256;
/** Chain points of one CHAINS frame: 53 powers of two and the head fit. */
export const chainPointsMax = 64;
/** Characters of a health block's version. */
export const healthVersionCharacters = 32;
/** Codes of what needs a person at the sender of a health block: of more, the lowest. */
export const healthTroublesMax = 8;
/** A code and the blank after it. */
export const troubleCharacters = 5;
/** Runs that a QUARANTINE frame names: of more, the first. */
export const quarantineRunsNamed = 32;
/** Characters of a reason, and its bytes as UTF-8 at most. */
export const quarantineReasonCharacters = 200;
/** Bytes of the text of an ERROR frame. */
export const errorTextBytesMax = 200;
/** Lines of a vector that a peer with the hub role may announce. */
export const vectorEntriesMaxHub = 65_536;
/** Lines of a vector that a clinic may announce: 64 lanes by 64 epochs is 4,096; the rest is what it holds of others under `--policy all`. */
export const vectorEntriesMaxClinic = 16_384;
/** Holes of all lines together that a clinic announces (RULES 37); with lost ranges twice as many are taken. */
export const rangesMaxClinic = 4096;
export const rangesMaxHub = 131_072;
/** Bytes of VECTOR entries in one frame, so that a cut costs seconds. */
export const vectorChunkBytes = 8 * 1024;
