/**
 * What strangers and clients of the HTTP listener may use up. All of it is bounded
 * before memory is taken for it.
 */

/** Of a body, where a route does not say otherwise. */
export const bodyBytesMax = 1024 * 1024;
/** Of an event pushed by itself: the largest payload there is. */
export const eventBodyBytesMax = 16 * 1024 * 1024;
/** Of many in one body, which is taken apart in one go: a fifth of a second of a slow core. */
export const batchBodyBytesMax = 8 * 1024 * 1024;
/** Of a request's line and headers together. */
export const headerBytesMax = 16 * 1024;
/** From the first byte of a connection to the end of a request's headers. */
export const headersTimeoutMs = 10_000;
/** To the end of its body: 16 MiB at 1.1 Mbit/s. */
export const requestTimeoutMs = 120_000;
/** Between requests of one connection. */
export const keepAliveTimeoutMs = 15_000;
/** How often the two above are looked at; a slow one lives this much longer at the most. */
export const connectionsCheckMs = 2_000;
export const connectionsMax = 1024;
/** From one address; a reverse proxy on this machine has them all from one. */
export const connectionsPerAddressMax = 128;
export const connectionsFromLoopbackMax = 768;
/** Answers that take longer than this to leave after `stop` are cut. */
export const stopGraceMs = 2_000;
/** Of all request bodies at a time: three of the largest. */
export const bodiesBytesMax = 48 * 1024 * 1024;
/** Whoever takes nothing of an answer for so long is cut. Streams of events have a limit of their own. */
export const answerStallMs = 30_000;
/** For what still comes of a body behind its refusal: time to see the answer. */
export const refusedBodyMs = 2_000;
