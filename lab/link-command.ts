/**
 * `node lab/link-command.ts`: a bad link by hand, between your own nodes. Prints the
 * counters every second in which something moved, until Ctrl-C.
 */
import { parseArgs } from "node:util";
import { cutModes } from "./link-cuts.ts";
import type { CutMode, CutPlan } from "./link-cuts.ts";
import { startLink } from "./link.ts";
import { findProfile, profileNames } from "./profiles.ts";

const usage = `usage: node lab/link-command.ts --to [HOST:]PORT [--listen [HOST:]PORT]
  [--profile ${profileNames.join("|")}]
  [--delay MS] [--jitter MS] [--rate BYTES_PER_S] [--queue BYTES] [--seed N]
  [--cut-after BYTES | --cut-at MS] [--cut-mode ${cutModes.join("|")}] [--cut-times N] [--down-for MS]`;

const options = {
  listen: { type: "string", default: "127.0.0.1:0" },
  to: { type: "string" },
  profile: { type: "string", default: "bhutan-2g" },
  delay: { type: "string" },
  jitter: { type: "string" },
  rate: { type: "string" },
  queue: { type: "string" },
  seed: { type: "string", default: "1" },
  "cut-after": { type: "string" },
  "cut-at": { type: "string" },
  "cut-mode": { type: "string", default: "rst" },
  "cut-times": { type: "string", default: "1" },
  "down-for": { type: "string", default: "0" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

/** "HOST:PORT" or "PORT". */
function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  if (match === null) throw new Error(`not an address: ${text}`);
  return { host: match[1] || "127.0.0.1", port: Number(match[2]) };
}

function cutPlanOf(values: Values): CutPlan | undefined {
  const mode = values["cut-mode"] as CutMode;
  if (!cutModes.includes(mode)) throw new Error(`no such cut: ${mode}`);
  const how = { mode, times: Number(values["cut-times"]), downMs: Number(values["down-for"]) };
  if (values["cut-after"] !== undefined) return { ...how, afterBytes: Number(values["cut-after"]) };
  if (values["cut-at"] !== undefined) return { ...how, afterMs: Number(values["cut-at"]) };
  return undefined;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  const profile = findProfile(values.profile);
  if (values.to === undefined || profile === undefined) throw new Error("what is missing?");
  const cutPlan = cutPlanOf(values);
  const link = await startLink({
    listen: parseAddress(values.listen),
    to: parseAddress(values.to),
    delayMs: Number(values.delay ?? profile.delayMs),
    jitterMs: Number(values.jitter ?? profile.jitterMs),
    rateBytesPerS: Number(values.rate ?? profile.rateBytesPerS),
    seed: Number(values.seed),
    ...(values.queue === undefined ? {} : { queueBytes: Number(values.queue) }),
    ...(cutPlan === undefined ? {} : { cutPlan }),
  });
  console.log(`link ${link.address} -> ${values.to}`);
  let shown = "";
  const report = () => {
    const { upBytes, downBytes, lostBytes, cuts, connections } = link.counters();
    const line =
      `up ${upBytes} B, down ${downBytes} B, lost ${lostBytes} B, ` +
      `connections ${connections.length}, cuts ${cuts}`;
    if (line !== shown) console.log(line);
    shown = line;
  };
  const timer = setInterval(report, 1000);
  process.once("SIGINT", () => {
    clearInterval(timer);
    report();
    void link.close();
  });
}

try {
  await main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : ""}\n${usage}`);
  process.exitCode = 2;
}
