/**
 * What has arrived of one type since the last run, and how each clinic is: for a report
 * that a timer starts.
 *
 *   ZAMSYNC_URL=http://127.0.0.1:8080 ZAMSYNC_TOKEN=zst_... node examples/catch-up.ts 3
 */
import { createHubClient } from "zamsync/client";

const [type = "3"] = process.argv.slice(2);
const hub = createHubClient({
  url: process.env.ZAMSYNC_URL ?? "http://127.0.0.1:8080",
  token: process.env.ZAMSYNC_TOKEN ?? "",
});

let count = 0;
for await (const event of hub.events({ type: Number(type) })) {
  count++;
  console.log(`${event.ts} ${event.node} ${JSON.stringify(event.payload)}`);
}
console.log(`${count} events of type ${type}`);

for (const { node, lagMs, pendingIn, pendingOut } of await hub.nodes()) {
  const seen = lagMs === null ? "never seen" : `seen ${Math.round(lagMs / 60_000)} min ago`;
  console.log(`${node}: ${seen}, ${pendingIn ?? "?"} to get, ${pendingOut ?? "?"} to send`);
}
