/** A clinic's worst day on the small device, from its first command on: cut, killed, opened again. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startLink } from "../../lab/link.ts";
import { digest, makePair, productTests, type Summary, visits } from "./product.ts";
import { variant } from "./runner.ts";

const test = productTests();

describe(`zamsync-edge (${variant})`, { concurrency: 1 }, () => {
  test("keygen, push 1,000, sync with a cut, kill -9, reopen", async (made) => {
    const { hub, clinic } = await makePair(made, "node", "edge");
    await made.json("edge", ["push", clinic, "--stdin"], visits(1, 1000));
    const pushed = await digest(made, "edge", clinic);
    assert.equal(pushed.length, 1000);
    const served = await made.serve("node", hub);
    // Not all of it by zstd. Nobody gets through after the cut: the kill meets a sync that is not done.
    const link = await startLink({
      to: { port: served.port },
      cutPlan: { afterBytes: 9_000, direction: "up", mode: "rst", scope: "link", downMs: 600_000 },
    });
    const sync = (address: string): readonly string[] => [
      ...["sync", clinic, "--hub", address],
      ...["--codec", "zstd", "--timeout", "120s"],
    ];
    const child = made.start("edge", [...sync(link.address), "--json"]);
    const closed = once(child, "close");
    while (link.counters().cuts === 0 && child.exitCode === null) await sleep(5);
    assert.equal(child.exitCode, null, "it was cut, and still tries");
    child.kill("SIGKILL");
    const [, signal] = (await closed) as [number | null, string | null];
    assert.equal(signal, "SIGKILL");
    await link.close();
    const held = await digest(made, "node", hub);
    assert.ok(held.length > 0 && held.length < 1000, `the hub held ${held.length} of 1,000`);

    // Opened again: all is there, and of what the hub holds nothing is sent twice.
    assert.deepEqual(await digest(made, "edge", clinic), pushed);
    const [second] = await made.json<Summary>("edge", sync(`127.0.0.1:${served.port}`));
    assert.equal(second?.complete, true);
    assert.equal(second.eventsSent, 1000 - held.length);
    const [third] = await made.json<Summary>("edge", sync(`127.0.0.1:${served.port}`));
    assert.deepEqual([third?.complete, third?.eventsSent], [true, 0]);
    await served.stop();
    assert.deepEqual(await digest(made, "node", hub), pushed, "the hub holds exactly the 1,000");
    const pulled = await made.json<{ payload: { visit: number } }>("node", ["pull", hub]);
    assert.deepEqual(
      pulled.map(({ payload }) => payload.visit),
      Array.from({ length: 1000 }, (_, at) => at + 1),
      "each visit once, in its order",
    );
    for (const [kind, dir] of [
      ["edge", clinic],
      ["node", clinic],
      ["node", hub],
    ] as const) {
      const examined = await made.run(kind, ["doctor", dir]);
      assert.equal(examined.status, 0, `${kind} doctor ${dir}: ${examined.stdout}`);
    }
  });
});
