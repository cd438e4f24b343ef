/**
 * The short form of `npm run lab`: ZamSync and one peer on a link of a few milliseconds,
 * judged by byte counts, and the report that comes of it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { emulator } from "./lab-link.ts";
import { parseLabOptions } from "./lab-options.ts";
import { runLab } from "./lab-run.ts";
import type { Figure, LabPlan, LabResult } from "./lab-run.ts";
import { git } from "./peers/git.ts";
import { httpsBatches } from "./peers/https.ts";
import type { Peer } from "./peers/peer.ts";
import { zamsync } from "./peers/zamsync.ts";
import { partsOf } from "./report/charts.ts";
import { reportPage } from "./report/report.ts";
import { scenarioNames } from "./scenarios.ts";
import { createStage } from "./stage.ts";

const stage = createStage({ write: () => true } as unknown as NodeJS.WriteStream);
const near = { title: "next door", delayMs: 4, jitterMs: 2, rateBytesPerS: 200_000 };
const scale = { backlogEvents: 300, moreEvents: 10, clinics: 2, clinicEvents: 40, downMs: 300 };

function planOf(peers: readonly Peer[], scenarios: LabPlan["scenarios"]): LabPlan {
  return {
    ...{ peers, scenarios, scale },
    profiles: { near },
    kinds: ["visit"],
    seed: 11,
    cutMode: "rst",
  };
}

function figureOf(result: LabResult, peer: Peer, scenario: Figure["scenario"]): Figure {
  const found = result.figures.find((one) => one.peer === peer.name && one.scenario === scenario);
  assert.ok(
    found,
    `${peer.name} has no figure for ${scenario}: ${JSON.stringify(result.absences)}`,
  );
  return found;
}

const bytesOf = ({ upBytes, downBytes }: Figure) => upBytes + downBytes;

test("every scenario of ZamSync and of a peer has its figures, and its place in the report", async (t) => {
  const result = await runLab(planOf([zamsync, httpsBatches], scenarioNames), emulator, stage);
  assert.deepEqual(result.absences, []);
  for (const peer of [zamsync, httpsBatches]) {
    for (const scenario of scenarioNames) {
      const { corpus, upBytes, downBytes, seconds } = figureOf(result, peer, scenario);
      assert.equal(corpus.events > 0, scenario !== "nothing");
      assert.ok(upBytes > 0 && downBytes > 0 && seconds > 0, `${peer.name} ${scenario}`);
      // All that was sent is in what was counted: UUIDs and times alone are 10 bytes an event.
      assert.ok(upBytes >= 10 * corpus.events, `${peer.name} ${scenario}: ${upBytes} B`);
    }
    assert.ok(figureOf(result, peer, "cut").connections >= 2);
    assert.ok(figureOf(result, peer, "backlog").clinicMiB > 20 || process.platform !== "linux");
  }
  assert.equal(figureOf(result, httpsBatches, "open").connections, 0, "the one that was open");
  assertAhead(t, result);
  await assertReport(result);
});

/** Byte counts do not depend on the machine's mood, so they may fail a run. */
function assertAhead(t: TestContext, result: LabResult): void {
  for (const scenario of ["more", "nothing", "five-at-once"] as const) {
    const [own, other] = [zamsync, httpsBatches].map((peer) =>
      bytesOf(figureOf(result, peer, scenario)),
    );
    t.diagnostic(`${scenario}: ZamSync ${own} B, HTTPS ${other} B`);
  }
  const ratio =
    bytesOf(figureOf(result, zamsync, "more")) / bytesOf(figureOf(result, httpsBatches, "more"));
  assert.ok(ratio < 0.5, `ten events more cost ${ratio.toFixed(2)} of what HTTPS takes`);
}

async function assertReport(result: LabResult): Promise<void> {
  const [part] = partsOf(result);
  assert.ok((part?.charts.length ?? 0) >= 10);
  const backlog = part?.charts[0];
  assert.deepEqual(backlog?.rows.map(({ role }) => role).sort(), [
    "other",
    "own",
    ...(result.figures[0]?.corpus.xzBytes === undefined ? [] : ["yardstick"]),
  ]);
  const page = await reportPage(result);
  const { upBytes } = figureOf(result, zamsync, "backlog");
  assert.ok(page.includes(upBytes.toLocaleString("en-US")));
  assert.match(page, /Synthetic/);
  assert.doesNotMatch(page, /(src|href)="?https?:/, "the page loads nothing");
}

test("a peer that loses an event has no figure, and the others go on", async () => {
  const forgetful: Peer = {
    ...git,
    name: "forgetful",
    async openHub(place) {
      const hub = await git.openHub(place);
      return { ...hub, held: async (clinic) => (await hub.held(clinic)) - 1 };
    },
  };
  const absent: Peer = { ...git, name: "absent", missing: async () => "it is not installed" };
  const result = await runLab(planOf([absent, forgetful, git], ["backlog"]), emulator, stage);
  assert.deepEqual(
    result.figures.map(({ peer }) => peer),
    ["git"],
  );
  assert.match(JSON.stringify(result.absences), /absent.*not installed/);
  assert.match(JSON.stringify(result.absences), /forgetful.*holds 299 of 300/);
});

test("options are checked before anything runs", () => {
  const { plan, outDir } = parseLabOptions(["--profile", "all", "--kind", "tiny", "--seed", "3"]);
  assert.deepEqual([Object.keys(plan.profiles).length, plan.kinds, plan.seed], [4, ["tiny"], 3]);
  assert.equal(outDir, "lab/out");
  assert.throws(() => parseLabOptions(["--profile", "dial-up"]), /no such profile: dial-up/);
  assert.throws(() => parseLabOptions(["--peer", "ftp"]), /no such peer/);
  assert.throws(() => parseLabOptions(["--seed", "x"]), /not a seed/);
});
