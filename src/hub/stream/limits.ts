/** What readers of the stream may use up, however slow and however many they are. */

export const streamsMax = 256;
/** By one token: a program that forgets to close is stopped by this. */
export const streamsPerTokenMax = 64;
/** Of silence, after which a heartbeat goes out: under the half minute after which proxies cut. */
export const heartbeatMs = 15_000;
/** A reader that takes nothing for so long is cut; it can go on where it was. */
export const stallMs = 30_000;
/** Payload bytes that are read at a time for one reader. */
export const pageBytesMax = 64 * 1024;
export const pageEventsMax = 64;
/** Of what is handed to the socket at a time: how much waits for a reader at the most. */
export const writeBytesMax = 64 * 1024;
/** An event above this is large: only so many readers have one in memory at a time. */
export const largeBytes = 256 * 1024;
export const largeReadersMax = 4;
/** After news, a moment in which more of them may come: a thousand small groups are not a thousand reads. */
export const gatherMs = 20;
/** How soon a revoked or expired token ends its streams. */
export const tokenCheckMs = 250;
/** What a browser waits before it comes again. */
export const retryMs = 2000;
