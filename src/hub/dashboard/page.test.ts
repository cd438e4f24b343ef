import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { describe, test } from "node:test";
import { transform } from "esbuild";
import { buildPage } from "../../../scripts/dashboard-page.ts";
import { startTestHub } from "../hub.test-fixture.ts";
import { policyOf } from "./dashboard-routes.ts";
import type { ClinicRow } from "../overview/overview-types.ts";
import { answerText, foldNever } from "./page/answer.ts";
import { createEventReader } from "./page/event-stream.ts";
import { counted, grouped } from "../../core/counted.ts";
import { ago, bytes, clockText, duration, span } from "./page/format.ts";

const bytesMax = 60 * 1024;

describe("the page", () => {
  test("is whole in itself, small, and of 2018", async () => {
    const html = await buildPage();
    const zipped = gzipSync(html).length;
    assert.ok(zipped < bytesMax, `${zipped} bytes compressed`);
    // Names of XML's vocabularies are no addresses that anything is fetched from.
    const addresses = [...html.matchAll(/https?:\/\/[^"'`)\s]+/g)].map(([url]) => url);
    assert.deepEqual(
      addresses.filter((url) => !url.startsWith("http://www.w3.org/")),
      [],
    );
    assert.doesNotMatch(html, /<(link rel="stylesheet"|script src|img|iframe)|@import|url\(/);
    assert.doesNotMatch(html, / on[a-z]+="|style="/, "its policy would refuse these");
    const [, script = ""] = /<script>([\s\S]*)<\/script>/.exec(html) ?? [];
    // What a transformation to that year leaves as it is needs nothing newer.
    const options = { minify: true, target: "es2018", legalComments: "none" } as const;
    const { code } = await transform(script, options);
    assert.ok(Math.abs(code.length - script.length) < script.length / 50);
    assert.doesNotMatch(script, /\?\?|\?\.[a-zA-Z[(]/);
  });

  test("grows with the text that a browser was told to show", async () => {
    const style = await readFile(new URL("page/page.css", import.meta.url), "utf8");
    assert.doesNotMatch(style, /font(-size)?:[^;}]*\dpx|@media[^{]*\dpx/);
  });

  test("comes with a policy that allows its own script and style and nothing else, compressed on request", async (t) => {
    const { url } = await startTestHub(t);
    for (const [encoding, isCompressed] of [
      ["gzip", true],
      ["br", false],
      ["identity", false],
    ] as const) {
      const response = await fetch(`${url}/`, { headers: { "accept-encoding": encoding } });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-encoding") !== null, isCompressed);
      const html = await response.text();
      assert.equal(response.headers.get("content-security-policy"), policyOf(html));
    }
    const policy = policyOf("<style>a{}</style><script>b</script>");
    assert.match(
      policy,
      /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'/,
    );
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  });
});

test("nobody is called safe who was never heard, and many of those are one thing to know", () => {
  const answer = (states: readonly ClinicRow["state"][]): string =>
    answerText({
      hub: { isReadOnly: false },
      counts: { clinics: states.length, urgent: 0, soon: 0 },
      clinics: states.map((state) => ({ state, pendingIn: 0 })),
    });
  assert.equal(answer(["live", "away"]), "All 2 clinics are safe and current.");
  assert.equal(answer(["live"]), "The clinic is safe and current.");
  assert.equal(answer(["live", "never", "never"]), "1 clinic safe and current, 2 not synced yet.");
  assert.equal(answer(["never"]), "No clinic has synced yet.");
  assert.equal(answer([]), "No clinics yet.");

  const item = { level: "note", code: "", text: "", todo: "" } as const;
  const never = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ ...item, kind: "never", node: `clinic_${at}` }));
  const clock = { ...item, kind: "clock", node: "clinic_x" };
  assert.deepEqual(foldNever([clock, ...never(4)]), { items: [clock], never: 4 });
  assert.deepEqual(foldNever([clock, ...never(3)]), { items: [clock, ...never(3)], never: 0 });
});

test("numbers and times are told in words", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
  assert.deepEqual([counted(1, "event"), counted(0, "sync")], ["1 event", "0 syncs"]);
  assert.deepEqual([0, 999, 1000, 1023, 10_240, 1_048_576, 5e9].map(bytes), [
    "0 B",
    "999 B",
    "1.0 KB",
    "1.0 KB",
    "10 KB",
    "1.0 MB",
    "4.7 GB",
  ]);
  assert.deepEqual([5, 1500, 25_000, 59_700, 119_700, 185_000, 7_500_000].map(duration), [
    "5 ms",
    "1.5 s",
    "25 s",
    "1 min 0 s",
    "2 min 0 s",
    "3 min 5 s",
    "2 h 5 min",
  ]);
  assert.deepEqual(
    [ago(-5000), ago(29_000), ago(120_000)],
    ["just now", "just now", "2 minutes ago"],
  );
  assert.deepEqual([span(7_200_000), span(3 * 86_400_000)], ["2 hours", "3 days"]);
  assert.deepEqual([null, 2000, -7_200_000, 86_400_000 * 3].map(clockText), [
    "not known",
    "right",
    "2 hours behind",
    "3 days ahead",
  ]);
});

test("events are cut from a stream in whatever pieces it comes", () => {
  const text =
    'retry: 5\n\nevent: overview\ndata: {"a":1}\n\n: heartbeat\n\nevent: end\ndata: x\n\nevent: overview\ndata: {"b":2}\n\n';
  for (let size = 1; size < text.length; size++) {
    const found: string[] = [];
    const read = createEventReader("overview", (data) => found.push(data));
    for (let at = 0; at < text.length; at += size) read(text.slice(at, at + size));
    assert.deepEqual(found, ['{"a":1}', '{"b":2}']);
  }
});
