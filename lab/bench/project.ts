/**
 * How fast a log becomes a table: `project` into a SQLite file that does not exist yet, with four mapped
 * columns, the command's start included; and what bounds it, the log merely read by this process.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { followDirectory, openNode } from "../../src/engine/index.ts";
import { takeEvents, clinicEvents } from "../clinic-events.ts";
import { runOk, summaryOf } from "../command.ts";
import { grouped } from "../stage.ts";
import { timed } from "./machine.ts";
import type { BenchContext, Figure } from "./section.ts";

const batch = 5000;
const payloadBytes = 200;

/** Visits of about 200 bytes: what a clinic's form has. */
async function fill(dir: string, count: number): Promise<void> {
  const node = await openNode({ dataDir: dir });
  const supply = clinicEvents("visit", 11);
  let n = 0;
  for (let done = 0; done < count; done += batch) {
    const events = takeEvents(supply, Math.min(batch, count - done));
    await node.push(
      events.map(({ type, payload }) => {
        const head = { patient: `BT-${n++ % 5000}`, vitals: { pulse: 50 + (n % 90), temp: 36.5 } };
        const text = JSON.stringify({ ...head, ok: n % 2 === 0, note: payload.slice(40) });
        return { type, payload: Buffer.from(cut(text)) };
      }),
    );
  }
  await node.close();
}

/** Shortened inside its last value, so that it stays JSON. */
function cut(text: string): string {
  return text.length <= payloadBytes
    ? text
    : `${text.slice(0, payloadBytes - 3).replace(/\\+[^\\]*$/, "")}"}`;
}

/** As `project` reads it, and nothing done with it. */
async function readRate(dir: string, count: number): Promise<number> {
  const source = followDirectory({ dataDir: dir });
  const { ms, value } = await timed(async () => {
    let seen = 0;
    for (let after = 0; ; ) {
      const { events, isCaughtUp } = await source.next({ after });
      seen += events.length;
      after = events[events.length - 1]?.arrival ?? after;
      if (isCaughtUp) return seen;
    }
  });
  await source.close();
  if (value !== count) throw new Error(`${value} of ${count} events were read`);
  return count / (ms / 1000);
}

export async function project(context: BenchContext): Promise<readonly Figure[]> {
  const { stage, scratch, scale } = context;
  const count = Math.round(300_000 * scale);
  const dir = join(scratch, "project");
  await runOk(["keygen", dir]);
  await fill(dir, count);
  const mapping = join(scratch, "mapping.json");
  const columns = [
    { name: "patient", pointer: "/patient", type: "text" },
    { name: "pulse", pointer: "/vitals/pulse", type: "integer" },
    { name: "temp", pointer: "/vitals/temp", type: "real" },
    { name: "ok", pointer: "/ok", type: "boolean" },
  ];
  writeFileSync(mapping, JSON.stringify({ table: "visits", columns }));
  stage.note(`${grouped(count)} events of ${payloadBytes} bytes into SQLite, four mapped columns`);
  const read = await readRate(dir, count);
  const to = `sqlite:${join(scratch, "visits.db")}`;
  const args = ["project", dir, "--to", to, "--mapping", mapping, "--json"];
  const first = await timed(() => runOk(args, { timeoutMs: 280_000 }));
  const added = summaryOf<{ readonly added: number }>(first.value).added;
  if (added !== count) throw new Error(`${added} of ${count} rows`);
  const again = await timed(() => runOk(args));
  return [
    { name: "log merely read in order of arrival, events/s", value: read },
    {
      name: "project into SQLite, rows/s with the command's start",
      value: count / (first.ms / 1000),
      bound: { atLeast: 50_000 },
    },
    { name: "project again with nothing to do, ms", value: again.ms },
  ];
}
