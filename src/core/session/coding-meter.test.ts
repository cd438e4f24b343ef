/** How fast a machine mixes, and how much of its time that takes, by a clock of the test's own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CodingMeter } from "./coding-meter.ts";

class Machine {
  ms = 0;
  readonly meter = new CodingMeter(() => this.ms);

  /** Mixes so many bytes, which takes so long. */
  mix(bytes: number, tookMs: number): string {
    return this.meter.time(
      () => {
        this.ms += tookMs;
        return "x".repeat(bytes);
      },
      (text) => text.length,
    );
  }
}

describe("how fast a machine mixes", () => {
  test("is unknown before enough was mixed to tell", () => {
    const machine = new Machine();
    assert.equal(machine.meter.bytesPerS, undefined);
    assert.equal(machine.mix(100, 19), "x".repeat(100));
    assert.equal(machine.meter.bytesPerS, undefined);
    machine.mix(100, 1);
    assert.equal(machine.meter.bytesPerS, 10_000);
  });

  test("follows what it is now: long ago counts less", () => {
    const machine = new Machine();
    machine.mix(4000, 2000);
    assert.equal(machine.meter.bytesPerS, 2000);
    for (let i = 0; i < 20; i++) machine.mix(100, 1000);
    const bytesPerS = machine.meter.bytesPerS ?? 0;
    assert.ok(bytesPerS >= 100 && bytesPerS < 110, `${bytesPerS}`);
    for (let i = 0; i < 20; i++) machine.mix(4000, 1000);
    assert.ok((machine.meter.bytesPerS ?? 0) > 3900, `${machine.meter.bytesPerS}`);
  });
});

describe("mixing takes much of a machine's time", () => {
  test("when it took more than six tenths of the last whole second, and only then", () => {
    const machine = new Machine();
    machine.ms = 5_000;
    assert.equal(machine.meter.isMuch, false);
    machine.mix(10, 600);
    machine.ms = 6_000;
    assert.equal(machine.meter.isMuch, false, "six tenths are not more");
    machine.mix(10, 601);
    assert.equal(machine.meter.isMuch, false, "the second is not over");
    machine.ms = 6_999;
    assert.equal(machine.meter.isMuch, false);
    machine.ms = 7_000;
    assert.equal(machine.meter.isMuch, true);
    machine.ms = 7_999;
    assert.equal(machine.meter.isMuch, true, "until the next second is over");
    machine.ms = 8_000;
    assert.equal(machine.meter.isMuch, false);
  });

  test("over however long it was when nobody asked for longer", () => {
    const machine = new Machine();
    machine.mix(10, 700);
    machine.ms = 10_000;
    assert.equal(machine.meter.isMuch, false);
    machine.mix(10, 3000);
    machine.ms = 14_000;
    assert.equal(machine.meter.isMuch, true);
  });
});
