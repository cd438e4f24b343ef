/**
 * `doctor` on real nodes: beside a running hub, and after a card was put back from
 * an image, until a person has cleared the alarm.
 */
import assert from "node:assert/strict";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  copyDir,
  describe,
  errorOf,
  fingerprint,
  makeFleet,
  numbered,
  patchFile,
  pushAll,
  run,
  runProcess,
  segmentsOf,
  serveHub,
  statusOf,
  summaryOf,
  syncOk,
} from "./harness.ts";

interface DoctorJson {
  readonly isRunning: boolean;
  readonly exit: number;
  readonly findings: readonly {
    readonly level: string;
    readonly code: string;
    readonly hint: string;
  }[];
}

async function doctor(dir: string): Promise<DoctorJson> {
  const ran = await runProcess(["doctor", dir, "--json"]);
  const report = summaryOf<DoctorJson>(ran);
  assert.equal(ran.status, report.exit, describe(ran));
  return report;
}

test("an alarm stays until it is acknowledged, also through the process that owns the node", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(4));
  await syncOk(clinic, hub.address);
  const image = join(fleet.dir, "image");
  await copyDir(clinic, image);
  await pushAll(clinic, numbered(3, "lost with the card"));
  await syncOk(clinic, hub.address);
  await rm(clinic, { recursive: true });
  await rename(image, clinic);
  await syncOk(clinic, hub.address);

  const alarmed = await doctor(clinic);
  assert.equal(alarmed.exit, 8);
  const finding = alarmed.findings.find(({ code }) => code === "Z507");
  const id = (await statusOf(clinic)).alarms[0]?.id ?? "";
  assert.ok(finding?.hint.includes(`doctor --ack '${id}'`), finding?.hint ?? "");
  const unknown = await run(["doctor", clinic, "--ack", "nothing", "--json"]);
  assert.equal(unknown.status, 2, describe(unknown));
  assert.equal(errorOf(unknown)?.code, "Z107");
  const cleared = await run(["doctor", clinic, "--ack", id, "--json"]);
  assert.equal(cleared.status, 0, describe(cleared));
  assert.equal((await doctor(clinic)).exit, 0);
  assert.equal((await statusOf(clinic)).exit, 0);
  const repeated = await run(["doctor", clinic, "--ack", id, "--json"]);
  assert.equal(errorOf(repeated)?.code, "Z107");
  await syncOk(clinic, hub.address);
  assert.equal((await statusOf(clinic)).exit, 0, "the next sync does not raise it again");

  const running = await doctor(fleet.hub);
  assert.deepEqual(
    { ...running, checked: [] },
    { ...running, checked: [], isRunning: true, exit: 0, findings: [] },
  );
  const asked = await runProcess(["doctor", fleet.hub, "--ack", "nothing", "--json"]);
  assert.equal(errorOf(asked)?.code, "Z107", "the hub was asked");
  await hub.stop();
});

test("damage is named with what to do, before anything has repaired it", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(50));
  const [segment = ""] = await segmentsOf(clinic);
  await patchFile(segment, (bytes) => bytes.fill(0, 2000, 2200));
  const before = await fingerprint(clinic);
  const report = await doctor(clinic);
  assert.equal(report.exit, 3);
  assert.deepEqual(
    report.findings.map(({ level, code }) => `${level} ${code}`),
    ["failure Z209"],
  );
  assert.deepEqual(await fingerprint(clinic), before);
});
