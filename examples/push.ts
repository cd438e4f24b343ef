/**
 * Pushes a lab result to a clinic, urgently. However often this is run for the same
 * result, it is one event: the result's own number is the idempotency key.
 *
 *   ZAMSYNC_URL=http://127.0.0.1:8080 ZAMSYNC_TOKEN=zst_... node examples/push.ts clinic_a 4711
 */
import { createHubClient, HubError } from "zamsync/client";

const [clinic = "clinic_a", result = "4711"] = process.argv.slice(2);
const hub = createHubClient({
  url: process.env.ZAMSYNC_URL ?? "http://127.0.0.1:8080",
  token: process.env.ZAMSYNC_TOKEN ?? "",
});

try {
  const stored = await hub.push(
    { lab: result, test: "malaria RDT", outcome: "negative" },
    { to: clinic, urgent: true, type: 2, id: `lab-${result}` },
  );
  console.log(
    `${stored.repeat ? "was stored before" : "stored"}: ${stored.lane} seq ${stored.seq}`,
  );
} catch (error) {
  if (!(error instanceof HubError)) throw error;
  console.error(`${error.code} ${error.message}; ${error.hint}`);
  process.exitCode = 1;
}
