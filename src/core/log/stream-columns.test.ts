import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { chainZero } from "./chain.ts";
import { StreamColumns } from "./stream-columns.ts";

const idOf = (i: number) => ({ node: "clinic_a", epoch: i, lane: "" });
const chainOf = (i: number): Uint8Array => new Uint8Array(16).fill(i);
const hlcOf = (i: number) => ({ ms: 2 ** 40 + i, counter: i });

describe("StreamColumns", () => {
  test("a new stream has head 0 and chain 0, staged and durable; an old one stays as it is", () => {
    const columns = new StreamColumns(nodeCrypto);
    const index = columns.add(idOf(1));
    const zero = chainZero(nodeCrypto, idOf(1));
    assert.equal(columns.stagedHead(index), 0);
    assert.deepEqual(columns.stagedChain(index), zero);
    assert.deepEqual(columns.table.chain(index), zero);
    assert.deepEqual(columns.stagedHlc(index), { ms: 0, counter: 0 });
    columns.stage(index, 5, chainOf(5), hlcOf(5));
    assert.equal(columns.add(idOf(1)), index);
    assert.equal(columns.stagedHead(index), 5);
  });

  test("a staged head runs ahead of the durable one until it settles", () => {
    const columns = new StreamColumns(nodeCrypto);
    const index = columns.add(idOf(1));
    columns.setHead(index, 3, chainOf(3), hlcOf(3).ms, hlcOf(3).counter);
    columns.stage(index, 5, chainOf(5), hlcOf(5));
    assert.deepEqual(columns.stagedHlc(index), hlcOf(5));
    assert.deepEqual(columns.durableHlc(index), hlcOf(3));
    assert.deepEqual(columns.stagedChain(index), chainOf(5));
    columns.settleAll();
    assert.equal(columns.stagedHead(index), 3);
    assert.deepEqual(columns.stagedChain(index), chainOf(3));
    assert.deepEqual(columns.stagedHlc(index), hlcOf(3));
  });

  test("keeps every stream's columns apart over any number of streams", () => {
    const columns = new StreamColumns(nodeCrypto);
    for (let i = 0; i < 100; i++) {
      const index = columns.add(idOf(i));
      columns.setHead(index, i + 1, chainOf(i), hlcOf(i).ms, hlcOf(i).counter);
      columns.stage(index, i + 2, chainOf(i + 1), hlcOf(i + 1));
      columns.setAlias(index, 2 * i + 1);
      columns.mustDefine(index, 7, i, i);
    }
    for (let i = 0; i < 100; i++) {
      assert.equal(columns.table.head(i), i + 1);
      assert.deepEqual(columns.durableHlc(i), hlcOf(i));
      assert.equal(columns.stagedHead(i), i + 2);
      assert.deepEqual(columns.stagedChain(i), chainOf(i + 1));
      assert.deepEqual(columns.stagedHlc(i), hlcOf(i + 1));
      assert.equal(columns.alias(i), 2 * i + 1);
      assert.equal(columns.indexOfAlias(2 * i + 1), i);
      assert.equal(columns.indexOfAlias(2 * i + 2), undefined);
      assert.equal(columns.isDefinedOnce(i, 7), true);
      assert.equal(columns.mustDefine(i, 7, i, i), false);
    }
    assert.equal(columns.nextAlias, 200);
  });

  test("an alias is given out once, whatever order a log names them in", () => {
    const columns = new StreamColumns(nodeCrypto);
    columns.setAlias(columns.add(idOf(1)), 40);
    columns.setAlias(columns.add(idOf(2)), 3);
    assert.equal(columns.nextAlias, 41);
    assert.equal(columns.alias(columns.add(idOf(3))), 0);
    assert.equal(columns.indexOfAlias(0), undefined);
    assert.equal(columns.indexOfAlias(1000), undefined);
  });

  test("an alias is defined at first use in a segment, and in the 2nd, 4th, 8th … group that uses it", () => {
    const columns = new StreamColumns(nodeCrypto);
    const index = columns.add(idOf(1));
    const defined: number[] = [];
    for (let group = 1; group <= 20; group++) {
      if (columns.mustDefine(index, 1, group * 100, group * 100)) defined.push(group);
      assert.equal(columns.mustDefine(index, 1, group * 100, group * 100), false, "once a group");
      assert.equal(columns.isDefinedOnce(index, 1), group === 1);
    }
    assert.deepEqual(defined, [1, 2, 4, 8, 16]);
    assert.equal(columns.isDefinedOnce(index, 2), false);
    assert.equal(columns.mustDefine(index, 2, 100, 100), true);
    assert.equal(columns.isDefinedOnce(index, 2), true);
    columns.settle(index);
    assert.equal(
      columns.mustDefine(index, 2, 100, 100),
      true,
      "what was taken back is defined anew",
    );
  });

  test("an alias is defined once more a page behind its first definition, within a group too", () => {
    const columns = new StreamColumns(nodeCrypto);
    const index = columns.add(idOf(1));
    const defined: number[] = [];
    for (const at of [100, 200, 300, 4195, 4196, 9000])
      if (columns.mustDefine(index, 1, 100, at)) defined.push(at);
    assert.deepEqual(defined, [100, 4196]);
    assert.equal(
      columns.mustDefine(index, 1, 20_000, 20_000),
      true,
      "the second group that uses it",
    );
    assert.equal(columns.mustDefine(index, 1, 30_000, 30_000), false);
    assert.equal(columns.mustDefine(index, 2, 100, 100), true);
    assert.equal(columns.mustDefine(index, 2, 5000, 5000), true, "in each segment");
  });
});
