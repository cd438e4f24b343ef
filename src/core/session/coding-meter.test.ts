/** How fast a machine mixes, and how much of its time that takes, by a clock of the test's own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CodingMeter } from "./coding-meter.ts";

class Machine {
  ms = 0;
  readonly meter = new CodingMeter(() => this.ms);

  /** Mixes so many bytes, which takes so long. */
  mix(bytes: number, tookMs: number): string {
    return this.meter.mix.time(
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
    assert.equal(machine.meter.mix.bytesPerS, undefined);
    assert.equal(machine.mix(100, 19), "x".repeat(100));
    assert.equal(machine.meter.mix.bytesPerS, undefined);
    machine.mix(100, 1);
    assert.equal(machine.meter.mix.bytesPerS, 10_000);
    assert.equal(machine.meter.tokens.bytesPerS, undefined, "tokens are measured apart");
  });

  test("follows what it is now: long ago counts less", () => {
    const machine = new Machine();
    machine.mix(4000, 2000);
    assert.equal(machine.meter.mix.bytesPerS, 2000);
    for (let i = 0; i < 20; i++) machine.mix(100, 1000);
    const bytesPerS = machine.meter.mix.bytesPerS ?? 0;
    assert.ok(bytesPerS >= 100 && bytesPerS < 110, `${bytesPerS}`);
    for (let i = 0; i < 20; i++) machine.mix(4000, 1000);
    assert.ok((machine.meter.mix.bytesPerS ?? 0) > 3900, `${machine.meter.mix.bytesPerS}`);
  });
});

describe("mixing takes much of a machine's time", () => {
  test("when it took more than six tenths of the last two whole seconds, each, and only then", () => {
    const machine = new Machine();
    machine.ms = 5_000;
    assert.equal(machine.meter.mix.isMuch, false);
    const secondOf = (tookMs: number, endMs: number): boolean => {
      machine.mix(10, tookMs);
      machine.ms = endMs;
      return machine.meter.mix.isMuch;
    };
    assert.equal(secondOf(900, 6_000), false, "a cold process is slow for a second");
    assert.equal(secondOf(600, 7_000), false, "six tenths are not more");
    assert.equal(secondOf(601, 8_000), false);
    assert.equal(secondOf(700, 8_999), false, "the second is not over");
    machine.ms = 9_000;
    assert.equal(machine.meter.mix.isMuch, true);
    machine.ms = 9_999;
    assert.equal(machine.meter.mix.isMuch, true, "until the next second is over");
    machine.ms = 10_000;
    assert.equal(machine.meter.mix.isMuch, false);
  });

  test("for tokens when it took more than eight tenths", () => {
    for (const [tookMs, expected] of [
      [800, false],
      [801, true],
    ] as const) {
      let ms = 0;
      const { tokens } = new CodingMeter(() => ms);
      for (let second = 1; second <= 2; second++) {
        const work = (): void => {
          ms += tookMs;
        };
        tokens.time(work, () => 1);
        ms = second * 1000;
        assert.equal(tokens.isMuch, expected && second === 2, `${tookMs}`);
      }
    }
  });

  test("over however long it was when nobody asked for longer", () => {
    const machine = new Machine();
    machine.mix(10, 700);
    machine.ms = 10_000;
    assert.equal(machine.meter.mix.isMuch, false);
    machine.mix(10, 3000);
    machine.ms = 14_000;
    assert.equal(machine.meter.mix.isMuch, true);
  });
});
