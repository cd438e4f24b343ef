/**
 * Bounds and times of a session that are not the wire's own (those are in
 * codec/wire-limits.ts), each with its reason.
 */

import { flightBytesMax } from "./flight-window.ts";

/** Bytes of rows before the peer's HELLO (RULES 31). */
export const speculativeBytesMax = 32 * 1024;
/**
 * A range's bytes on the wire that are aimed at: 2 s of air time at 3 KB/s, and
 * together with a full TLS handshake well inside a link that dies after 20 KiB.
 */
export const rangeBytesAim = 6 * 1024;
/** Of the link's time, once its rate is known: what is urgent waits for the range that is under way. */
export const rangeAirS = 0.75;
/** Headers and acknowledgements cost some 80 bytes a range: below this they would tell. */
export const rangeBytesLeast = 1024;
/** What is urgent may be unanswered beyond the window: a range or two, so that it never waits for an answer. */
export const urgentBytesBeyond = 2 * rangeBytesAim;
/** Decompressed bytes handed to the log without an answer; parsing waits above it. */
export const pendingStoreBytesMax = 1024 * 1024;
/** Bytes buffered from a peer while parsing waits: what an honest peer may have in flight, and control frames. */
export const inputBytesMax = flightBytesMax * 2 + 256 * 1024;
/** Control frames that wait to be sent: more means that the peer asks without reading. */
export const controlFramesMax = 1024;
/**
 * Frames in a row that neither bring events nor answer any: a hub's largest vector takes about 300,
 * and the largest event 4,096 fragments. Counted anew every `chatterWindowMs`, for sessions that stay open.
 */
export const chatterFramesMax = 16_384;
export const chatterWindowMs = 15_000;
/** RULES 37: of one clinic, at a hub. */
export const lanesPerNodeMax = 64;
export const epochsPerNodeMax = 64;
/** Streams that a peer may give numbers to: all of a clinic's; a hub may carry many clinics'. */
export const peerStreamsMaxClinic = lanesPerNodeMax * epochsPerNodeMax;
export const peerStreamsMaxHub = 65_536;
/** Refused streams after which a peer is taken to be hostile. */
export const refusedStreamsMax = 64;
/** How often a stream is tried again after gaps, forks or unreadable ranges before it is left for the next session. */
export const retriesMax = 4;
/** Rounds of asking for chains: each divides the span by 60, so 2^53 takes ten. */
export const chainRoundsMax = 12;

/** HELLO must come within this: connection and handshake are done, so it is a few round trips of 2.5 s. */
export const helloTimeoutMs = 30_000;
/** Silence after which a PING asks whether the peer is there; at 3 KB/s even a full frame sends some bytes each second. */
export const idlePingMs = 15_000;
/** The same when both sides are done and the session is kept open: a PING every two minutes costs 2 KB an hour. */
export const quietPingMs = 120_000;
/** Silence after the PING that means the peer is gone. */
export const pongTimeoutMs = 30_000;
/** Something in flight is not answered although the peer talks: a hub may make us wait for its disk, not for ever. */
export const ackTimeoutMs = 180_000;
/** For the last frames to leave and the last commits to end. */
export const closingTimeoutMs = 10_000;
/** How long the side that answered waits for the other's goodbye. */
export const lingerTimeoutMs = 20_000;

/** A wall clock that moves on by more than this between two events was set, or the device slept. Above every timeout. */
export const clockStepMs = 600_000;
/** Questions about chains that one session answers: each may cost 60 reads. */
export const queriesMax = 2048;

/** Rollbacks of a hub by the word of clinics that its operator has not acknowledged. */
export const claimedRollbacksMax = 8;
