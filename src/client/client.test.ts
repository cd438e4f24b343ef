import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startTestHub, type TestHub } from "../hub/hub.test-fixture.ts";
import { createHubClient, type HubClient, HubError, payloadBytes } from "./index.ts";
import { type Message, MessageParser } from "./message-parser.ts";

async function clientOf(hub: TestHub, fetchWith?: typeof fetch): Promise<HubClient> {
  const token = await hub.token(["read", "push"]);
  return createHubClient({ url: `${hub.url}/`, token, ...(fetchWith && { fetch: fetchWith }) });
}

describe("the typed client", () => {
  it("pushes and pulls JSON and bytes", async (t) => {
    const hub = await startTestHub(t);
    const client = await clientOf(hub);
    const stored = await client.push({ pulse: 72, name: "Aïcha" }, { type: 3, to: "clinic_a" });
    assert.equal(stored.lane, "to/clinic_a");
    await client.push(Uint8Array.of(0, 255, 10));
    const many = await client.pushMany([
      { payload: "text", type: 5 },
      { payload: Uint8Array.of(1, 2, 253), id: "x" },
    ]);
    assert.equal(many.count, 2);
    const { events, isEnd } = await client.pull();
    assert.equal(isEnd, true);
    assert.deepEqual(events[0]?.payload, { pulse: 72, name: "Aïcha" });
    assert.deepEqual(
      events.slice(1).map((event) => [...payloadBytes(event)]),
      [[0, 255, 10], [...Buffer.from('"text"')], [1, 2, 253]],
    );
    const found = await client.event(stored);
    assert.deepEqual(found, events[0]);
    assert.equal(await client.event({ ...stored, seq: 99 }), undefined);
    assert.equal((await client.nodes())[0]?.node, "hub");
    assert.equal((await client.vector()).length, 2);
    assert.deepEqual(await client.health(), { status: "ok", codes: [] });
  });

  it("knows an event by any id, alone and among many", async (t) => {
    const hub = await startTestHub(t);
    const client = await clientOf(hub);
    for (const id of ["visit 1", "B\u00e9such", "\u8a2a\u554f-1", '"visit"', " visit"]) {
      const { seq } = await client.push({ n: 1 }, { id, type: 2 });
      const again = await client.pushMany([{ payload: { n: 1 }, id }]);
      assert.partialDeepStrictEqual(again, { repeats: 1, events: [{ seq }] }, id);
      assert.equal((await client.push({ n: 1 }, { id })).repeat, true, id);
    }
  });

  it("stores an event once although every second answer is lost", async (t) => {
    const hub = await startTestHub(t);
    let calls = 0;
    const losing: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (calls++ % 2 === 1) return response;
      await response.arrayBuffer();
      throw new TypeError("the connection was cut");
    };
    const client = await clientOf(hub, losing);
    const stored = await client.push({ n: 1 });
    assert.deepEqual([stored.seq, stored.repeat, calls], [1, true, 2]);
    await client.pushMany([{ payload: 2 }, { payload: 3 }]);
    assert.equal((await hub.node.pull({})).length, 3);
  });

  it("gives up at once on what will not pass, with the hub's own words", async (t) => {
    const hub = await startTestHub(t);
    let calls = 0;
    const counting: typeof fetch = (url, init) => {
      calls++;
      return fetch(url, init);
    };
    const client = createHubClient({ url: hub.url, token: "zst_x", fetch: counting });
    const found = await client.pull().then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(found instanceof HubError);
    assert.deepEqual([found.code, found.status, found.isRetryable, calls], ["Z330", 401, false, 1]);
    await assert.rejects(async () => {
      for await (const _ of client.follow()) assert.fail("nothing comes");
    }, HubError);
  });

  it("goes through pages, up to a limit", async (t) => {
    const hub = await startTestHub(t);
    const payload = Buffer.from("1");
    await hub.node.push(Array.from({ length: 2500 }, () => ({ payload })));
    const client = await clientOf(hub);
    const count = async (limit?: number): Promise<number> => {
      let seen = 0;
      for await (const event of client.events({ limit })) assert.equal(event.seq, ++seen);
      return seen;
    };
    assert.equal(await count(), 2500);
    assert.equal(await count(1700), 1700);
  });

  it("follows through cuts at any byte, each event once", async (t) => {
    const hub = await startTestHub(t);
    await hub.node.push(
      Array.from({ length: 40 }, (_, n) => ({ payload: Buffer.from(`{"n":${n + 1}}`) })),
    );
    let allowance = 300;
    const cutting: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      let left = allowance;
      allowance += 97;
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          controller.enqueue(chunk.subarray(0, left));
          left -= chunk.length;
          if (left <= 0) controller.error(new TypeError("cut"));
        },
      });
      return new Response(response.body?.pipeThrough(cut) ?? null, response);
    };
    const client = await clientOf(hub, cutting);
    const seen: unknown[] = [];
    let cuts = 0;
    const stop = new AbortController();
    const onDisconnect = (): void => void cuts++;
    for await (const event of client.follow({ signal: stop.signal, onDisconnect })) {
      seen.push((event.payload as { readonly n: number }).n);
      if (seen.length === 40) stop.abort();
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 40 }, (_, n) => n + 1),
    );
    assert.ok(cuts > 2, `${cuts} cuts`);
  });
});

describe("the parser of server-sent events", () => {
  const text =
    ": comment\r\nid: 1\ndata: a\ndata:b\n\nid: 2\n\nevent: live\rdata: {}\r\rdata\n\nid\ndata: last\n\n";
  const expected: readonly Message[] = [
    { data: "a\nb", event: "message", id: "1" },
    { data: undefined, event: "message", id: "2" },
    { data: "{}", event: "live", id: "2" },
    { data: "", event: "message", id: "2" },
    { data: "last", event: "message", id: "" },
  ];
  it("gives the same messages wherever the text is cut", () => {
    for (let at = 0; at <= text.length; at++) {
      const parser = new MessageParser();
      const found = [...parser.take(text.slice(0, at)), ...parser.take(text.slice(at))];
      assert.deepEqual(found, expected, `cut at ${at}`);
    }
  });

  it("gives the same messages character by character", () => {
    const parser = new MessageParser();
    assert.deepEqual(
      [...text].flatMap((character) => [...parser.take(character)]),
      expected,
    );
  });
});
