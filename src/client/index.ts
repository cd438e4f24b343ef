/** `zamsync/client`: the hub's HTTP API, typed, for Node and browsers. Imports nothing of the rest. */
export { createHubClient, type CallOptions, type HubClient, payloadBytes } from "./client.ts";
export { HubError } from "./error.ts";
export type { FollowQuery } from "./follow.ts";
export type { HubClientOptions } from "./http.ts";
export type * from "./types.ts";
