import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytesToHex, hexToBytes } from "../bytes.ts";
import { decodeFrame } from "./decode-frame.ts";
import { encodeFrame } from "./encode-frame.ts";
import { exampleFrames } from "./examples.test-kit.ts";
import { FrameReader } from "./frame-reader.ts";
import { frameCodes } from "./frame-types.ts";

const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
const ends = { sender: "clinic_a", receiver: "hub" };

test("the examples of docs/protocol.md decode to what they say, and encode to the same bytes", () => {
  const rows = [...page.matchAll(/^\| (\w+) \| `([0-9a-f]+)` \|$/gm)];
  assert.equal(rows.length, Object.keys(frameCodes).length);
  for (const [at, [, type, hex]] of rows.entries()) {
    const bytes = hexToBytes(hex ?? "");
    assert.ok(bytes !== undefined);
    const reader = new FrameReader();
    reader.append(bytes);
    const cut = reader.next();
    assert.equal(cut.kind, "frame");
    if (cut.kind !== "frame") continue;
    const frame = decodeFrame(cut.bytes, ends);
    assert.equal<string | undefined>(frame.type, type);
    const example = exampleFrames[at];
    assert.ok(example !== undefined);
    assert.deepEqual(frame, example);
    assert.equal(bytesToHex(encodeFrame(example, ends)), hex);
  }
});

test("every frame's number stands in the table of docs/protocol.md", () => {
  for (const [name, code] of Object.entries(frameCodes)) {
    const label = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    assert.ok(page.includes(`| ${code.toString(16).padStart(2, "0")} | ${label} |`), label);
  }
});
