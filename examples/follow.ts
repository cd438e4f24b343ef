/**
 * Follows the hub for ever, and handles every event once, also across restarts of this
 * program: the cursor is stored after the event was handled. (A crash between the two
 * repeats one event: make the handling repeatable by (node, epoch, lane, seq), or store
 * the cursor in the same transaction.)
 *
 *   ZAMSYNC_URL=http://127.0.0.1:8080 ZAMSYNC_TOKEN=zst_... node examples/follow.ts cursor.txt
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createHubClient } from "zamsync/client";

const [cursorFile = "cursor.txt"] = process.argv.slice(2);
const hub = createHubClient({
  url: process.env.ZAMSYNC_URL ?? "http://127.0.0.1:8080",
  token: process.env.ZAMSYNC_TOKEN ?? "",
});

const since = existsSync(cursorFile) ? readFileSync(cursorFile, "utf8") : undefined;
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());

const events = hub.follow({
  since,
  signal: stop.signal,
  onLive: () => console.error("up to date"),
  onDisconnect: ({ message }, retryInMs) =>
    console.error(`${message}; again in ${Math.round(retryInMs / 1000)} s`),
});
for await (const event of events) {
  console.log(`${event.node} ${event.seq} ${JSON.stringify(event.payload)}`);
  writeFileSync(`${cursorFile}.tmp`, event.cursor);
  renameSync(`${cursorFile}.tmp`, cursorFile);
}
