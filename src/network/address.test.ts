import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ZamError } from "../core/errors/zam-error.ts";
import { formatAddress, parseAddress } from "./address.ts";

test("the usual spellings are understood, with 7700 where no port is given", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["192.168.1.10", "192.168.1.10", 7700],
    ["192.168.1.10:7701", "192.168.1.10", 7701],
    ["hub.example.org", "hub.example.org", 7700],
    ["hub.example.org:0", "hub.example.org", 0],
    ["hub_1:9", "hub_1", 9],
    ["localhost:65535", "localhost", 65_535],
    ["[::1]:7700", "::1", 7700],
    ["[fe80::1%eth0]", "fe80::1%eth0", 7700],
    ["::1", "::1", 7700],
  ];
  for (const [text, host, port] of cases)
    assert.deepEqual(parseAddress(text), { host, port }, text);
});

test("anything else is refused with Z409 and an example", () => {
  const cases = ["", ":7700", "hub:", "hub:x", "hub:65536", "hub:-1", "a b", "http://hub", "hub/x"];
  cases.push(
    "[hub]:7700",
    "[::1",
    "::1]:7700",
    "1.2.3",
    "999.1.1.1",
    "hub:77:00",
    "-x",
    "x".repeat(300),
  );
  for (const text of cases) {
    assert.throws(
      () => parseAddress(text),
      (error) => error instanceof ZamError && error.code === "Z409" && error.hint.includes(":7700"),
      text,
    );
  }
});

test("what is formatted is parsed back, and no text makes it throw anything else", () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(
    fc.property(host, fc.nat(65_535), (name, port) => {
      assert.deepEqual(parseAddress(formatAddress({ host: name, port })), { host: name, port });
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseAddress(text);
      } catch (error) {
        assert.ok(error instanceof ZamError);
      }
    }),
  );
});
