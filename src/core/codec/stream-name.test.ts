import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteReader, ByteWriter } from "../bytes.ts";
import { decodeStreamName, encodeStreamName } from "./stream-name.ts";

const ends = { sender: "clinic_a", receiver: "hub" };

describe("names of streams", () => {
  test("come back for every node and lane that stands to the two ends in any way", () => {
    const lanes = ["", "urgent", "a", "to/hub", "to/hub/urgent", "to/clinic_a", "to/far"];
    for (const node of ["clinic_a", "hub", "far"]) {
      for (const lane of [...lanes, "to/clinic_a/urgent", "to/far/urgent"]) {
        const writer = new ByteWriter();
        encodeStreamName(writer, { node, epoch: 0xffffffff, lane }, ends);
        const isNamed = node === "far" || ["a", "to/far", "to/far/urgent"].includes(lane);
        assert.equal(writer.length > 5, isNamed, `${node} ${lane} takes five bytes`);
        const reader = new ByteReader(writer.take());
        assert.deepEqual(decodeStreamName(reader, ends), { node, epoch: 0xffffffff, lane });
        assert.equal(reader.finished, true);
      }
    }
  });

  test("in a longer form than needed, or in none, are refused", () => {
    const written = (flags: number, node: string | undefined, lane: string | undefined) => {
      const writer = new ByteWriter();
      writer.u8(flags);
      if (node !== undefined) writer.text(node);
      writer.u32(1);
      if (lane !== undefined) writer.text(lane);
      return writer.take();
    };
    const refused = [
      written(4, "hub", undefined),
      written(1, undefined, "urgent"),
      written(1, undefined, "to/hub"),
      written(3 + 4, undefined, undefined),
      written(1 + 7 * 4, undefined, undefined),
      written(4, "Not A Node", undefined),
      written(1, undefined, "not a lane"),
    ];
    for (const bytes of refused) {
      const reader = new ByteReader(bytes);
      decodeStreamName(reader, ends);
      assert.equal(reader.failed, true, String(bytes));
    }
  });
});
