import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exampleBlocks } from "./batch-examples.test-kit.ts";
import { codecMix, codecMixSmall, sizesOf } from "./codecs.ts";

const page = readFileSync(new URL("../../../docs/codec.md", import.meta.url), "utf8");

test("the blocks of docs/codec.md are those that a test decodes", () => {
  const rows = [...page.matchAll(/^\| (\d) \| `([0-9a-f]+)` \|$/gm)];
  assert.deepEqual(
    rows.map(([, codec, hex]) => [Number(codec), hex]),
    exampleBlocks,
  );
});

test("the sizes of docs/codec.md are those of the code", () => {
  const section = page.slice(page.indexOf("## 7. Sizes"), page.indexOf("## 8."));
  for (const [column, codec] of [codecMix, codecMixSmall].entries()) {
    const numbers = [
      ...section.matchAll(/^\| (?!state|beside)[a-z].* \| (.*) \| (.*) \|$/gm),
    ].flatMap((row) =>
      (row[column + 1] ?? "").split(", ").map((text) => Number(text.replaceAll(",", ""))),
    );
    assert.deepEqual(numbers, [
      sizesOf(codec).counterPlaces,
      sizesOf(codec).linkPlaces,
      sizesOf(codec).slotIds,
      sizesOf(codec).entries,
      sizesOf(codec).arenaBytes,
      sizesOf(codec).words,
      sizesOf(codec).wordBytes,
      sizesOf(codec).wordPlaces,
      sizesOf(codec).shapes,
      sizesOf(codec).shapeBytes,
      sizesOf(codec).windowBytes,
      sizesOf(codec).zstd.windowLog,
      sizesOf(codec).zstd.hashLog,
      sizesOf(codec).zstd.chainLog,
      sizesOf(codec).batchEventsMax,
      sizesOf(codec).batchBytesMax,
      sizesOf(codec).historyEventsMax,
      sizesOf(codec).historyBytesMax,
    ]);
  }
});
