import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../../lab/command.ts";
import { revokeToken } from "../../engine/index.ts";
import { bearer, codeOf, startTestHub, type TestHub } from "../hub.test-fixture.ts";

interface Pushed {
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  readonly repeat: boolean;
}

interface Page {
  readonly events: readonly {
    readonly cursor: string;
    readonly node: string;
    readonly seq: number;
    readonly type: number;
    readonly ts: string;
    readonly payload?: unknown;
    readonly payloadBase64?: string;
  }[];
  readonly cursor: string;
  readonly isEnd: boolean;
}

const json = { "content-type": "application/json" };
const ndjson = { "content-type": "application/x-ndjson" };

async function push(
  hub: TestHub,
  body: string,
  init: {
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Response> {
  const { query = "", headers = json } = init;
  return hub.call(`/v1/events${query}`, { method: "POST", body, headers });
}

async function page(hub: TestHub, query = ""): Promise<Page> {
  const response = await hub.call(`/v1/events${query}`);
  assert.equal(response.status, 200);
  return (await response.json()) as Page;
}

describe("pushing over HTTP", () => {
  it("stores the payload byte for byte, and says where", async (t) => {
    const hub = await startTestHub(t);
    const text = '{"big":12345678901234567890,"same":1,"same":2, "1":1.0}';
    const response = await push(hub, text, { query: "?type=3&to=clinic_a&urgent=true" });
    assert.equal(response.status, 201);
    const pushed = (await response.json()) as Pushed;
    assert.equal(pushed.lane, "to/clinic_a/urgent");
    const [event] = await hub.node.pull({});
    assert.equal(Buffer.from(event?.payload ?? []).toString(), text);
    const location = response.headers.get("location") ?? "";
    const shown = await (await hub.call(location)).text();
    assert.ok(shown.endsWith(`"payload":${text}}`), shown);
  });

  it("takes any bytes as application/octet-stream, and gives them back as base64", async (t) => {
    const hub = await startTestHub(t);
    const headers = { "content-type": "application/octet-stream" };
    const body = Uint8Array.of(0, 255, 254, 10);
    assert.equal((await hub.call("/v1/events", { method: "POST", body, headers })).status, 201);
    assert.equal((await page(hub)).events[0]?.payloadBase64, "AP/+Cg==");
  });

  it("is one event for the same Idempotency-Key, and Z602 for another payload under it", async (t) => {
    const hub = await startTestHub(t);
    const headers = { ...json, "idempotency-key": "visit-1" };
    const first = (await (await push(hub, '{"n":1}', { headers })).json()) as Pushed;
    const again = await push(hub, '{"n":1}', {
      headers: { ...json, "idempotency-key": '"visit-1"' },
    });
    assert.equal(again.status, 200);
    assert.deepEqual(await again.json(), { ...first, repeat: true });
    const other = await push(hub, '{"n":2}', { headers });
    assert.equal(other.status, 409);
    const problem = (await other.json()) as { readonly code: string; readonly detail: string };
    assert.equal(problem.code, "Z602");
    assert.match(problem.detail, /'visit-1'/);
    assert.equal((await page(hub)).events.length, 1);
  });

  it("answers 50 repeats at once with one event", async (t) => {
    const hub = await startTestHub(t);
    const headers = { ...json, "idempotency-key": "once" };
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => (await push(hub, "1", { headers })).json()),
    );
    assert.equal(new Set(answers.map((answer) => (answer as Pushed).seq)).size, 1);
    assert.equal((await page(hub)).events.length, 1);
  });

  it("stores a batch in its order, also when it is sent again", async (t) => {
    const hub = await startTestHub(t);
    const body =
      '{"events":[{"payload":{"n":1.0},"type":7},{"payload":"a\\\\\\"}]"},{"payloadBase64":"AAE="}]}';
    const headers = { ...json, "idempotency-key": "day-1" };
    const send = async (): Promise<{ readonly count: number; readonly repeats: number }> => {
      const response = await hub.call("/v1/events/batch", { method: "POST", body, headers });
      assert.equal(response.status, 200);
      return (await response.json()) as { readonly count: number; readonly repeats: number };
    };
    assert.partialDeepStrictEqual(await send(), { count: 3, repeats: 0 });
    assert.partialDeepStrictEqual(await send(), { count: 3, repeats: 3 });
    const payloads = (await hub.node.pull({})).map(({ payload }) =>
      Buffer.from(payload).toString(),
    );
    assert.deepEqual(payloads, ['{"n":1.0}', '"a\\\\\\"}]"', "\0\x01"]);
  });

  it("takes NDJSON, one event a line, each with an id of its own", async (t) => {
    const hub = await startTestHub(t);
    const body = '{"payload":{"n":1},"id":"a"}\r\n\n{"payload":2,"id":"b","lane":"x"}\n';
    for (const repeats of [0, 2]) {
      const response = await hub.call("/v1/events/batch", {
        method: "POST",
        body,
        headers: ndjson,
      });
      assert.partialDeepStrictEqual(await response.json(), { count: 2, repeats });
    }
  });

  const refused: readonly (readonly [
    string,
    string,
    string,
    Readonly<Record<string, string>>,
    string,
  ])[] = [
    ["no JSON", "", '{"a":', json, "400 Z604"],
    [
      "a content type of a form",
      "",
      "a=1",
      { "content-type": "application/x-www-form-urlencoded" },
      "415 Z421",
    ],
    ["a type that is no number", "?type=x", "1", json, "400 Z418"],
    ["a misspelt parameter", "?tpye=1", "1", json, "400 Z418"],
    ["a lane that is none", "?lane=UP", "1", json, "400 Z603"],
    ["lane and to", "?lane=x&to=b", "1", json, "400 Z418"],
    ["an addressee that is the hub itself", "?to=hub", "1", json, "400 Z606"],
    ["an empty key", "", "1", { ...json, "idempotency-key": '""' }, "400 Z608"],
    ["a batch of nothing", "/batch", '{"events":[]}', json, "400 Z418"],
    [
      "a batch with an event that has no payload",
      "/batch",
      '{"events":[{"type":1}]}',
      json,
      "400 Z418",
    ],
    ["a line that is no JSON", "/batch", '{"payload":1}\nx', ndjson, "400 Z604"],
    [
      "no JSON, its type in capitals",
      "",
      '{"a":',
      { "content-type": "Application/JSON" },
      "400 Z604",
    ],
    ["a compressed body", "", "1", { ...json, "content-encoding": "gzip" }, "415 Z421"],
    ["base64 that was cut", "/batch", '{"events":[{"payloadBase64":"AAECA"}]}', json, "400 Z418"],
    ["base64 padded wrongly", "/batch", '{"events":[{"payloadBase64":"AA="}]}', json, "400 Z418"],
    ["a key that is not ASCII", "", "1", { ...json, "idempotency-key": "\u00e4" }, "400 Z418"],
  ];
  it("refuses with a code, and stores nothing", async (t) => {
    const hub = await startTestHub(t);
    for (const [name, query, body, headers, expected] of refused) {
      const response = await push(hub, body, { query, headers });
      assert.equal(await codeOf(response), expected, name);
    }
    const body = Buffer.from([0x22, 0xff, 0x22]);
    const latin = await hub.call("/v1/events", { method: "POST", body, headers: json });
    assert.equal(await codeOf(latin), "400 Z604");
    const nothing = await hub.call("/v1/events/batch", { method: "POST" });
    assert.equal(await codeOf(nothing), "400 Z418");
    assert.deepEqual(await hub.node.pull({}), []);
  });

  it("takes and shows millions of empty values without making them", async (t) => {
    const hub = await startTestHub(t);
    const many = `[${"{},".repeat(2_700_000)}{}]`;
    let longest = 0;
    const { parse } = JSON;
    t.mock.method(JSON, "parse", (text: string) => {
      longest = Math.max(longest, text.length);
      return parse(text) as unknown;
    });
    assert.equal((await push(hub, `[${many},${many}`.slice(0, -1))).status, 400);
    assert.equal((await push(hub, many)).status, 201);
    const body = `{"events":[{"payload":${many.slice(0, 7_999_998)}]}]}`;
    assert.equal((await push(hub, body, { query: "/batch" })).status, 200);
    const line = `{"payload":${many.slice(0, 7_999_998)}]}`;
    const lines = await push(hub, `${line}\n`, { query: "/batch", headers: ndjson });
    assert.equal(lines.status, 200);
    const shown = await (await hub.call("/v1/events?limit=1")).text();
    assert.ok(shown.length > many.length);
    assert.ok(longest < 100_000, `values were made of ${longest} characters`);
  });

  it("refuses a body over the limit before it has read it", async (t) => {
    const hub = await startTestHub(t);
    const body = Buffer.alloc(16 * 1024 * 1024 + 1);
    const headers = { "content-type": "application/octet-stream" };
    const answer = await hub.call("/v1/events", { method: "POST", body, headers });
    assert.equal(await codeOf(answer), "413 Z419");
  });
});

describe("reading over HTTP", () => {
  async function filled(hub: TestHub, count: number): Promise<void> {
    const payload = (n: number): Uint8Array => Buffer.from(`{"n":${n}}`);
    await hub.node.push(
      Array.from({ length: count }, (_, n) => ({ payload: payload(n), type: n % 10 })),
    );
  }

  it("goes through everything by cursor, page by page, once", async (t) => {
    const hub = await startTestHub(t);
    await filled(hub, 2500);
    const seen: number[] = [];
    for (let query = "?limit=400", isEnd = false; !isEnd; ) {
      const found = await page(hub, query);
      seen.push(...found.events.map(({ seq }) => seq));
      query = `?limit=400&since=${found.cursor}`;
      ({ isEnd } = found);
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 2500 }, (_, n) => n + 1),
    );
  });

  const unanswered: readonly string[] = [
    "/v1/events?tpye=3",
    "/v1/events?node=a&node=b",
    "/v1/events?from=2099-12-31T23:59:60Z",
    "/v1/events?from=2099-01-01T00:00:00%2B02",
    "/v1/events?until=yesterday",
    "/v1/nodes?node=a",
    "/v1/vector?node=a",
    "/v1/status?x",
    "/v1/overview?node=a",
  ];
  it("refuses a filter that it does not know or cannot read, rather than to answer with everything", async (t) => {
    const hub = await startTestHub(t);
    await filled(hub, 2);
    for (const path of unanswered)
      assert.equal(await codeOf(await hub.call(path)), "400 Z418", path);
    const { node, epoch, seq } = (await hub.node.status()).vector[0] ?? {
      node: "",
      epoch: "",
      seq: 0,
    };
    assert.equal(
      await codeOf(await hub.call(`/v1/events/${node}/${epoch}/${seq}?lnae=x`)),
      "400 Z418",
    );
  });

  it("filters by node, type and time", async (t) => {
    const hub = await startTestHub(t);
    await filled(hub, 100);
    assert.equal((await page(hub, "?type=3")).events.length, 10);
    assert.equal((await page(hub, "?node=hub&type=3")).events.length, 10);
    assert.equal((await page(hub, "?node=other")).events.length, 0);
    const all = await page(hub);
    const middle = all.events[50]?.ts ?? "";
    const before = all.events.filter(({ ts }) => ts < middle).length;
    assert.equal((await page(hub, `?until=${middle}`)).events.length, before);
    assert.equal((await page(hub, `?from=${middle}`)).events.length, 100 - before);
  });

  it("gives NDJSON to who asks for it, as long as the log is", async (t) => {
    const hub = await startTestHub(t);
    await filled(hub, 5000);
    const headers = { accept: "application/x-ndjson" };
    const response = await hub.call("/v1/events", { headers });
    assert.match(response.headers.get("content-type") ?? "", /^application\/x-ndjson/);
    const lines = (await response.text()).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { readonly seq: number }).seq),
      Array.from({ length: 5000 }, (_, n) => n + 1),
    );
    const some = await (await hub.call("/v1/events?limit=3", { headers })).text();
    assert.equal(some.trimEnd().split("\n").length, 3);
  });

  it("cuts NDJSON, so that nobody takes it for whole, when its token is revoked", async (t) => {
    const hub = await startTestHub(t);
    const events = Array.from({ length: 2000 }, () => ({ payload: Buffer.alloc(15_000, "x") }));
    await hub.node.push(events);
    const token = await hub.token(["read"]);
    const headers = { accept: "application/x-ndjson", ...bearer(token) };
    const response = await hub.call("/v1/events", { headers });
    assert.equal(response.status, 200);
    const reader = response.body?.getReader();
    await reader?.read();
    await revokeToken({ dataDir: hub.dir, id: token.slice(4, 16) });
    let bytes = 0;
    const rest = async (): Promise<void> => {
      await sleep(1000);
      for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read())
        bytes += chunk.value.length;
    };
    await assert.rejects(rest);
    assert.ok(bytes < 20e6, `${bytes} bytes came behind the revocation`);
  });

  it("has a few large events in memory at a time, however many readers take nothing", async (t) => {
    const hub = await startTestHub(t);
    const sizeBytes = 12 * 1024 * 1024;
    const [pushed] = await hub.node.push([{ payload: Buffer.alloc(sizeBytes, 0xff) }]);
    const ways = ["/v1/events", "/v1/events", `/v1/events/${hub.node.nodeId}/${pushed?.epoch}/1`];
    const cursor = hub.node.newestCursor();
    await hub.node.push([{ payload: Buffer.from("1") }]);
    const token = await hub.token(["read"]);
    let answered = 0;
    const readers = Array.from({ length: 9 }, (_, n) => {
      const socket = connect(Number(new URL(hub.url).port), "127.0.0.1");
      t.after(() => socket.destroy());
      socket.on("error", () => undefined);
      // The first bytes, and then no more.
      socket.once("data", () => {
        answered++;
        socket.pause();
      });
      const accept = n % 3 === 0 ? "Accept: application/x-ndjson\r\n" : "";
      socket.write(
        `GET ${ways[n % 3]} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${accept}\r\n`,
      );
      return socket;
    });
    await waitUntil(() => answered === 4, 20_000);
    await sleep(3000);
    assert.equal(answered, 4, "the others wait for a place");
    assert.equal((await page(hub, `?since=${cursor}`)).events.length, 1, "small ones do not wait");
    for (const socket of readers) socket.destroy();
    // Places are given back: more readers than there are places get all of it.
    const whole = await Promise.all(
      Array.from(
        { length: 6 },
        async (_, n) => (await (await hub.call(ways[n % 3] ?? "")).text()).length,
      ),
    );
    for (const length of whole) assert.ok(length > sizeBytes);
  });

  it("looks at a bounded part of the log, however few events match", async (t) => {
    const hub = await startTestHub(t);
    await filled(hub, 40_000);
    const first = await page(hub, "?node=nobody");
    assert.deepEqual([first.events.length, first.isEnd], [0, false]);
    const second = await page(hub, `?node=nobody&since=${first.cursor}`);
    assert.deepEqual([second.events.length, second.isEnd], [0, false]);
    assert.equal((await page(hub, `?node=nobody&since=${second.cursor}`)).isEnd, true);
  });

  it("refuses cursors of another log, and says what is not here", async (t) => {
    const hub = await startTestHub(t);
    assert.equal(await codeOf(await hub.call("/v1/events?since=00000000-1")), "400 Z605");
    assert.equal(await codeOf(await hub.call("/v1/events/hub/00000000/1")), "404 Z610");
    assert.equal(await codeOf(await hub.call("/v1/events/hub/0000/1")), "400 Z418");
    assert.equal(await codeOf(await hub.call("/v1/nope")), "404 Z420");
  });

  it("limits a token to its nodes", async (t) => {
    const hub = await startTestHub(t);
    await filled(hub, 3);
    const headers = bearer(await hub.token(["read", "push"], ["clinic_a"]));
    const get = (path: string): Promise<Response> => hub.call(path, { headers });
    assert.deepEqual(((await (await get("/v1/events")).json()) as Page).events, []);
    assert.equal(await codeOf(await get("/v1/events?node=hub")), "403 Z332");
    assert.equal(await codeOf(await get("/v1/events/hub/00000000/1")), "403 Z332");
    assert.equal(await codeOf(await get("/v1/status")), "403 Z332");
    assert.deepEqual(await (await get("/v1/nodes")).json(), { nodes: [] });
    assert.deepEqual(await (await get("/v1/vector")).json(), { vector: [] });
    const send = (query: string): Promise<Response> =>
      push(hub, "1", { query, headers: { ...json, ...headers } });
    assert.equal(await codeOf(await send("")), "403 Z332");
    assert.equal(await codeOf(await send("?to=clinic_b")), "403 Z332");
    assert.equal((await send("?to=clinic_a")).status, 201);
  });
});
