/** The small device as a product, alone and in every pairing with the Node command. */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type FaultKind, faultKinds, type TortureReport } from "../../src/torture/report.ts";
import { rpcProtocol } from "../../src/storage/local-rpc.ts";
import { startLink } from "../../lab/link.ts";
import {
  digest,
  type Kind,
  linesOf,
  makePair,
  resultOf,
  type Row,
  type Summary,
  productTests,
  visits,
} from "./product.ts";
import { variant } from "./runner.ts";

const test = productTests();

const pairings: readonly (readonly [Kind, Kind])[] = [
  ["node", "edge"],
  ["edge", "node"],
  ["edge", "edge"],
];

/** Where an emulator or the sanitizers make it four times as slow, one fault of each kind; the seed draws them. */
const { faults, seed }: { readonly faults: readonly FaultKind[]; readonly seed: string } =
  variant === "x86_64"
    ? { faults: faultKinds, seed: "5" }
    : { faults: ["killBoth", "flipHub", "fullClinic"], seed: "89" };

describe(`zamsync-edge (${variant})`, { concurrency: 1 }, () => {
  for (const [hubKind, clinicKind] of pairings) {
    test(`hub on ${hubKind}, clinic on ${clinicKind}: both ways, resumed, revoked`, async (made) => {
      const { hub, clinic } = await makePair(made, hubKind, clinicKind);
      await made.json(clinicKind, ["push", clinic, "--payload", '{"visit":0}']);
      await made.json(clinicKind, ["push", clinic, "--stdin"], visits(1, 120));
      const served = await made.serve(hubKind, hub);
      const address = `127.0.0.1:${served.port}`;
      const sync = ["sync", clinic, "--hub", address];
      const [first] = await made.json<Summary>(clinicKind, sync);
      assert.equal(first?.eventsConfirmed, 121);
      assert.equal(first.complete, true);
      await made.json(hubKind, ["push", hub, "--to", "clinic_a", "--payload", '"result"']);
      const [second] = await made.json<Summary>(clinicKind, sync);
      assert.equal(second?.eventsReceived, 1);
      assert.ok(second.bytesReceived < first.bytesReceived, "it resumed: no certificate came");
      assert.deepEqual(
        await digest(made, clinicKind, clinic),
        await digest(made, hubKind, hub),
        "both hold the same",
      );
      await made.json(hubKind, ["revoke", "clinic_a", "--ca", hub]);
      const refused = await made.run(clinicKind, [...sync, "--json"]);
      assert.equal(refused.status, 4, "its ticket does not help: refused with a reason");
      const { error } = JSON.parse(refused.stderr) as { error: { code: string; message: string } };
      assert.equal(error.code, "Z327");
      assert.match(error.message, /Z315/);
      await served.stop();
      const [verified] = await made.json<{ problems: unknown[] }>(hubKind, [
        "audit",
        hub,
        "--verify",
      ]);
      assert.deepEqual(verified?.problems, []);
    });
  }

  test("a directory goes from one command to the other and back", async (made) => {
    for (const [maker, other] of [
      ["edge", "node"],
      ["node", "edge"],
    ] as const) {
      const dir = join(made.folder, `moved-${maker}`, "clinic_a");
      await made.json(maker, ["keygen", dir]);
      const seqs: number[] = [];
      for (const kind of [maker, other, maker, other] as const) {
        const [pushed] = await made.json<{ seq: number }>(kind, ["push", dir, "--payload", "1"]);
        seqs.push(pushed?.seq ?? 0);
      }
      assert.deepEqual(seqs, [1, 2, 3, 4]);
      assert.deepEqual(await digest(made, maker, dir), await digest(made, other, dir));
      for (const file of ["node.json", "keys/data.key", "tls/node.key", "tls/node.csr"])
        assert.equal(statSync(join(dir, file)).mode & 0o777, 0o600, file);
      // A new data key by one, read by the other.
      await made.json(other, ["rekey", dir]);
      const [report] = await made.json<{ checked: number; problems: unknown[] }>(maker, [
        "audit",
        dir,
        "--verify",
      ]);
      assert.equal(report?.checked, 4);
      assert.deepEqual(report.problems, []);
      const examined = await made.run(maker, ["doctor", dir]);
      assert.equal(examined.status, 0, examined.stdout);
    }
  });

  for (const [owner, other] of [
    ["edge", "node"],
    ["node", "edge"],
  ] as const) {
    test(`while ${owner} owns a directory, ${other} goes through it, and never beside it`, async (made) => {
      const hub = join(made.folder, `owned-by-${owner}`, "hub");
      await made.json(owner, ["keygen", hub, "--hub"]);
      const served = await made.serve(owner, hub);
      const push = ["push", hub, "--payload", '"through the socket"'];
      const [pushed] = await made.json<{ seq: number }>(other, push);
      assert.equal(pushed?.seq, 1);
      const [pulled] = await made.json<{ payload: string }>(other, ["pull", hub]);
      assert.equal(pulled?.payload, "through the socket");
      // An owner that cannot answer still owns.
      served.child.kill("SIGSTOP");
      rmSync(join(hub, "zamsync.sock"));
      const late = await made.run(other, [...push, "--lock-timeout", "1s", "--json"]);
      served.child.kill("SIGCONT");
      assert.equal(late.status, 3);
      assert.match(late.stderr, /Z207/);
      await served.stop();
      await made.json(other, push);
    });
  }

  for (const kind of ["edge", "node"] as const) {
    test(`${kind}: an owner that goes away instead of answering is waited for no longer`, async (made) => {
      const dir = join(made.folder, `left-by-its-owner-${kind}`, "clinic_a");
      await made.json(kind, ["keygen", dir]);
      let askedCount = 0;
      const owner = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.write(`${JSON.stringify({ zamsync: rpcProtocol })}\n`);
        socket.once("data", () => {
          askedCount++;
          owner.close();
          socket.end();
        });
      });
      await new Promise<void>((resolve) => owner.listen(join(dir, "zamsync.sock"), resolve));
      await made.json(kind, ["push", dir, "--payload", '"kept"']);
      assert.equal(askedCount, 1, "it was asked");
      assert.equal((await made.json(kind, ["audit", dir])).length, 1);
    });
  }

  test("what was acknowledged survives kill -9", async (made) => {
    const dir = join(made.folder, "killed", "clinic_a");
    await made.json("edge", ["keygen", dir]);
    let acknowledged = 0;
    for (let round = 0; round < 3; round++) {
      const child = made.start("edge", ["push", dir, "--stdin", "--json"]);
      child.stdin?.on("error", () => undefined);
      child.stdin?.write(visits(1, 3000));
      // Single pushes wait for the owner's socket, so that each of them is acknowledged beside it.
      const [single] = await made.json<{ seq: number }>("edge", ["push", dir, "--payload", "1"]);
      acknowledged = Math.max(acknowledged, single?.seq ?? 0);
      child.kill("SIGKILL");
      await once(child, "close");
      const rows = await made.json<Row>("edge", ["audit", dir]);
      assert.ok(rows.length >= acknowledged, `${rows.length} of ${acknowledged}`);
      assert.ok(rows.some(({ seq }) => seq === single?.seq));
      const seqs = rows.map(({ seq }) => seq);
      assert.deepEqual(seqs, [...new Set(seqs)], "no seq twice");
    }
    const [report] = await made.json<{ problems: unknown[] }>("node", ["audit", dir, "--verify"]);
    assert.deepEqual(report?.problems, []);
  });

  test("a link that is cut in mid-sync costs nothing that was received", async (made) => {
    const { hub, clinic } = await makePair(made, "node", "edge");
    await made.json("edge", ["push", clinic, "--stdin"], visits(1, 2000));
    const served = await made.serve("node", hub);
    const link = await startLink({
      to: { port: served.port },
      cutPlan: { afterBytes: 9_000, mode: "rst" },
    });
    const [summary] = await made.json<Summary>("edge", [
      "sync",
      clinic,
      "--hub",
      link.address,
      "--codec",
      "zstd",
      "--timeout",
      "90s",
    ]);
    assert.equal(summary?.complete, true);
    assert.ok(link.counters().cuts > 0, "the link was really cut");
    assert.ok(summary.attempts > 1);
    await link.close();
    await served.stop();
    assert.deepEqual(await digest(made, "edge", clinic), await digest(made, "node", hub));
  });

  test("a stranger is turned away, and the hub goes on", async (made) => {
    const own = await makePair(made, "edge", "edge");
    const others = await makePair(made, "node", "node");
    const served = await made.serve("edge", own.hub);
    const address = `127.0.0.1:${served.port}`;
    for (const kind of ["edge", "node"] as const) {
      const sync = ["sync", others.clinic, "--hub", address, "--timeout", "20s", "--json"];
      const refused = await made.run(kind, sync);
      assert.equal(refused.status, 4, `${kind}: ${refused.stderr}`);
      assert.match(refused.stderr, /Z316/, "the clinic knows no such hub, and sent nothing");
    }
    await made.json("edge", ["push", own.clinic, "--payload", "1"]);
    const [summary] = await made.json<Summary>("edge", ["sync", own.clinic, "--hub", address]);
    assert.equal(summary?.complete, true);
    await served.stop();
  });

  test("a daemon sends at once, hears its hub, and ends on SIGTERM", async (made) => {
    const { hub, clinic } = await makePair(made, "edge", "edge");
    const served = await made.serve("edge", hub);
    const child = made.start("edge", [
      "daemon",
      clinic,
      "--hub",
      `127.0.0.1:${served.port}`,
      "--json",
    ]);
    const ended = resultOf(child);
    await once(child.stdout as NodeJS.ReadableStream, "data");
    await made.json("edge", ["push", clinic, "--payload", '"up"']);
    await made.json("edge", ["push", hub, "--to", "clinic_a", "--payload", '"down"']);
    const holds = async (dir: string): Promise<number> =>
      (await made.json("edge", ["audit", dir])).length;
    for (let tries = 0; tries < 100; tries++) {
      if ((await holds(clinic)) === 2 && (await holds(hub)) === 2) break;
    }
    assert.deepEqual([await holds(clinic), await holds(hub)], [2, 2]);
    child.kill("SIGTERM");
    assert.equal((await ended).status, 0);
    await served.stop();
  });

  test("torture meets each fault once, and leaves nothing behind", async (made) => {
    const dir = join(made.folder, "torture");
    mkdirSync(dir);
    const args = ["torture", dir, "--rounds", String(faults.length), "--seed", seed];
    const [report] = await made.json<TortureReport>("edge", args);
    assert.deepEqual([report?.endedBy, report?.exit, report?.problems], ["rounds", 0, []]);
    for (const kind of faults) {
      assert.equal(report?.faults[kind].rounds, 1, kind);
      // A clinic's commands may be done before the kill, and a hub's log may end in the room that is left.
      const isSure = kind !== "killClinic" && kind !== "fullHub";
      if (isSure) assert.ok((report?.faults[kind].hits ?? 0) > 0, `${kind} struck`);
    }
    assert.deepEqual(readdirSync(dir), []);
  });

  test("a torture that is killed with -9 takes its hub along", async (made) => {
    const dir = join(made.folder, "killed-torture");
    mkdirSync(dir);
    const hubs = (): readonly string[] =>
      readdirSync("/proc").filter((pid) => {
        if (!/^\d+$/.test(pid)) return false;
        const file = `/proc/${pid}/cmdline`;
        const line = existsSync(file) ? readFileSync(file, "utf8") : "";
        return line.includes(dir) && line.includes("\0serve\0");
      });
    const child = made.start("edge", ["torture", dir, "--verbose"]);
    const ended = resultOf(child);
    for await (const text of child.stderr as NodeJS.ReadableStream)
      if (/: 1 round,/.test(String(text))) break;
    assert.equal(hubs().length, 1, "it has a hub");
    child.kill("SIGKILL");
    await ended;
    for (let tries = 0; tries < 200 && hubs().length > 0; tries++) await sleep(10);
    assert.deepEqual(hubs(), []);
  });

  test("usage, errors and exit statuses are the Node command's", async (made) => {
    const dir = join(made.folder, "usage", "clinic_a");
    await made.json("edge", ["keygen", dir]);
    const calls: readonly (readonly string[])[] = [
      ["push", dir, "--payload", "{"],
      ["push", dir, "--polcy", "own"],
      ["status", join(made.folder, "nowhere")],
      ["keygen", dir],
      ["sync", dir, "--hub", "127.0.0.1:1", "--timeout", "1s"],
      ["sync", dir, "--max-bytes", "2MB?"],
      ["pull", dir, "--since", "nonsense"],
      ["expire", dir],
    ];
    for (const args of calls) {
      const [edge, node] = await Promise.all([
        made.run("edge", [...args, "--json"]),
        made.run("node", [...args, "--json"]),
      ]);
      assert.equal(edge.status, node.status, args.join(" "));
      const code = (text: string): unknown =>
        (JSON.parse(linesOf(text).at(-1) ?? "{}") as { error?: { code?: string } }).error?.code;
      assert.equal(code(edge.stderr), code(node.stderr), args.join(" "));
    }
    const absent = await made.run("edge", ["serve", dir, "--http", "127.0.0.1:0"]);
    assert.equal(absent.status, 2, "what is not on the device is unknown there");
    const missingLog = join(made.folder, "usage", "unmounted");
    cpSync(dir, missingLog, { recursive: true });
    renameSync(join(missingLog, "log"), join(missingLog, "elsewhere"));
    const unmounted = await made.run("edge", ["push", missingLog, "--payload", "1", "--json"]);
    assert.equal(unmounted.status, 3);
    assert.match(unmounted.stderr, /Z201/);
    assert.ok(!existsSync(join(missingLog, "log")), "nothing was made in its place");
  });
});
