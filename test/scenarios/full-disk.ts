/**
 * The part of SCENARIOS 14 that suffers, run as a process with faults.c loaded:
 * for every number of bytes that may still fit it pushes one event with an
 * idempotency key, twice: on the full disk, and again once there is space. Prints one
 * line a round; the scenario judges.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../lab/command.ts";
import { openNode } from "../../src/engine/index.ts";
import type { AuditRow } from "../../src/engine/api.ts";

const [dataDir = "", upTo = "0"] = process.argv.slice(2);
const control = process.env.ZAM_FAULT_DIR ?? "";
const node = await openNode({ dataDir });

async function look(): Promise<{ readonly count: number; readonly digest: string }> {
  const rows: AuditRow[] = [];
  for await (const row of node.audit({})) rows.push(row);
  const digest = createHash("sha256").update(digestOf(rows).join("\n")).digest("hex");
  return { count: rows.length, digest };
}

for (let bytes = 0; bytes <= Number(upTo); bytes++) {
  const before = await look();
  const events = [
    { payload: Buffer.from(`{"visit":"with a full disk","n":${bytes}}`), id: `k${bytes}` },
  ];
  writeFileSync(join(control, "enospc"), `${bytes}\n`);
  const refused = await node.push(events).then(
    () => "",
    (error: unknown) => String(Reflect.get(Object(error), "code")),
  );
  const full = await look();
  rmSync(join(control, "enospc"));
  const firedPath = join(control, "fired");
  const fired = existsSync(firedPath) ? readFileSync(firedPath).length : 0;
  rmSync(firedPath, { force: true });
  const again = await node.push(events).then(
    ([pushed]) => (pushed === undefined ? "nothing" : "stored"),
    (error: unknown) => String(Reflect.get(Object(error), "code")),
  );
  const after = await look();
  console.log(JSON.stringify({ bytes, refused, fired, again, before, full, after }));
}
await node.close();
process.exit(0);
