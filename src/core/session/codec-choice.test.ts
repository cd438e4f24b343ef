/** Which codec a direction takes: as good as the peer reads, as cheap as the link makes it worth. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { CodecMemory, codecStateBytes } from "../codec/codec-memory.ts";
import {
  codecMix,
  codecMixSmall,
  codecRaw,
  codecTokens,
  codecTokensSmall,
  codecZstd,
} from "../codec/codecs.ts";
import type { SessionOptions } from "./api.ts";
import { codecsOffered, isLinkFaster, shouldSwitch, wantedCodecs } from "./codec-choice.ts";
import { CodingMeter } from "./coding-meter.ts";
import { BatchCodec } from "../codec/batch-codec.ts";
import { createNode, fingerprintOf, startMs } from "./session.test-kit.ts";
import { SessionState } from "./state.ts";

const all = 63;

function stateOf(
  options: Partial<SessionOptions> = {},
  more: { readonly memory?: CodecMemory; readonly coding?: CodingMeter } = {},
): SessionState {
  const node = createNode("clinic_a", "clinic");
  const s = new SessionState({
    options: {
      isInitiator: true,
      self: { nodeId: "clinic_a", role: "clinic" },
      peer: { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") },
      policy: "own",
      peerState: undefined,
      keepOpen: false,
      ...options,
    },
    log: node.log,
    crypto: nodeCrypto,
    compressor: nodeCompressor,
    ...more,
    nowMs: startMs,
  });
  s.peerCodecs = all;
  return s;
}

/** The link carries at least so much, as far as its answers show. */
function carry(s: SessionState, bytesPerS: number): void {
  s.flight.answered(bytesPerS, startMs, startMs + 1000);
}

/** A machine that mixes so many bytes a second. */
function mixing(bytesPerS: number): CodingMeter {
  let ms = 0;
  const meter = new CodingMeter(() => ms);
  meter.mix.time(
    () => {
      ms += 100;
    },
    () => bytesPerS / 10,
  );
  return meter;
}

describe("codecs to try", () => {
  test("are those that both read, the one that makes the fewest bytes first", () => {
    const best = [codecMix, codecMixSmall, codecTokens, codecTokensSmall, codecZstd, codecRaw];
    const s = stateOf();
    assert.deepEqual(wantedCodecs(s), best);
    for (const codecs of [0b1, 0b11, 0b10011, 0b110011, 0b111]) {
      const expected = best.filter((codec) => (codecs & (1 << codec)) !== 0);
      s.peerCodecs = codecs;
      assert.deepEqual(wantedCodecs(s), expected);
      assert.deepEqual(wantedCodecs(stateOf({ codecs })), expected);
    }
    assert.deepEqual(wantedCodecs(stateOf({ codec: "zstd" })), [codecZstd, codecRaw]);
    assert.deepEqual(wantedCodecs(stateOf({ codec: "raw" })), [codecRaw]);
  });

  test("are without mixing where the link is half as fast again as this machine mixes", () => {
    const tokens = [codecTokens, codecTokensSmall, codecZstd, codecRaw];
    // Of a byte of payload half a byte is reckoned, before anything was coded.
    const s = stateOf({}, { coding: mixing(20_000) });
    carry(s, 15_000);
    assert.equal(isLinkFaster(s), false);
    const faster = stateOf({}, { coding: mixing(20_000) });
    carry(faster, 15_001);
    assert.equal(isLinkFaster(faster), true);
    assert.deepEqual(wantedCodecs(faster), tokens);
    // Where nobody measures it is reckoned with a small machine.
    const unmeasured = stateOf();
    carry(unmeasured, 750_000);
    assert.equal(isLinkFaster(unmeasured), false);
    carry(unmeasured, 751_000);
    assert.deepEqual(wantedCodecs(unmeasured), tokens);
    // Who chose by hand gets that.
    const forced = stateOf({ codec: "mix" });
    carry(forced, 10_000_000);
    assert.equal(wantedCodecs(forced)[0], codecMix);
  });
});

describe("a direction that is being mixed", () => {
  function mixed(options: Partial<SessionOptions> = {}, codec = codecMix): SessionState {
    const s = stateOf(options);
    s.sendBatches.codec = new BatchCodec(codec, nodeCompressor);
    return s;
  }
  const fast = (s: SessionState): SessionState => {
    carry(s, 10_000_000);
    return s;
  };

  test("goes on with tokens when the link turns out faster, if the peer reads them", () => {
    assert.equal(shouldSwitch(mixed()), false);
    assert.equal(shouldSwitch(fast(mixed())), true);
    assert.equal(shouldSwitch(fast(mixed({}, codecTokens))), false, "it is not mixed");
    assert.equal(shouldSwitch(fast(stateOf())), false, "nothing has begun");
    assert.equal(shouldSwitch(fast(mixed({ codec: "mix" }))), false, "it was chosen by hand");
    for (const [codecs, expected] of [
      [0b001011, false],
      [0b001111, true],
      [0b011011, true],
    ] as const) {
      const s = fast(mixed());
      s.peerCodecs = codecs;
      assert.equal(shouldSwitch(s), expected, codecs.toString(2));
    }
  });

  test("goes on with tokens when the peer asks for it, also when it was chosen by hand", () => {
    for (const options of [{}, { codec: "mix" } as const]) {
      const s = mixed(options);
      s.peerCodecs = 0b010111;
      assert.equal(shouldSwitch(s), true);
      s.peerCodecs = 0b000011;
      assert.equal(shouldSwitch(s), true, "rows are quicker still");
      s.peerCodecs = 0b000001;
      assert.equal(shouldSwitch(s), false, "there is nothing quicker that packs");
    }
  });
});

describe("a direction that goes as tokens", () => {
  /** Half a byte is left of each, as is reckoned before anything was coded. */
  function coded(options: Partial<SessionOptions> = {}, payloadBytesPerS = 80_000): SessionState {
    const s = stateOf(options, { coding: making(payloadBytesPerS) });
    s.sendBatches.codec = new BatchCodec(codecTokensSmall, nodeCompressor);
    return s;
  }

  /** A machine that makes tokens of so many bytes of payload a second, and is idle besides. */
  function making(bytesPerS: number, tookMs = 100): CodingMeter {
    let ms = 0;
    const meter = new CodingMeter(() => ms);
    const work = (): void => {
      ms += tookMs;
    };
    meter.tokens.time(work, () => (bytesPerS * tookMs) / 1000);
    return meter;
  }

  test("goes on as rows when the link is half as fast again as tokens are made", () => {
    const slow = coded();
    carry(slow, 60_000);
    assert.equal(shouldSwitch(slow), false);
    const fast = coded();
    carry(fast, 60_001);
    assert.equal(shouldSwitch(fast), true);
    fast.peerCodecs = 0b110001;
    assert.equal(shouldSwitch(fast), false, "the peer reads no rows by zstd");
    const forced = coded({ codec: "tokens" });
    carry(forced, 10_000_000);
    assert.equal(shouldSwitch(forced), false, "it was chosen by hand");
  });

  test("goes on as rows when making tokens takes most of the time, whatever is seen of the link", () => {
    const s = stateOf({}, { coding: making(80_000, 2_000) });
    s.sendBatches.codec = new BatchCodec(codecTokensSmall, nodeCompressor);
    assert.equal(shouldSwitch(s), true);
    assert.equal(shouldSwitch(coded()), false, "a tenth of a second is not most of it");
  });

  test("goes on as rows when the peer asks for it", () => {
    const s = coded();
    s.peerCodecs = 0b11;
    assert.equal(shouldSwitch(s), true);
    s.peerCodecs = 0b1;
    assert.equal(shouldSwitch(s), false, "there is nothing quicker that packs");
  });
});

describe("codecs that a node offers to read", () => {
  const noMix = all & ~(1 << codecMix) & ~(1 << codecMixSmall);

  test("are all that it has memory for", () => {
    assert.equal(codecsOffered(stateOf()), all);
    assert.equal(codecsOffered(stateOf({ codecs: 0b10011 })), 0b10011);
    const memory = new CodecMemory(codecStateBytes(codecTokensSmall));
    assert.equal(codecsOffered(stateOf({}, { memory })), 0b010011);
  });

  test("are without mixing when it is busy, or mixing takes much of its time", () => {
    assert.equal(codecsOffered(stateOf({ isBusy: true })), noMix);
    assert.equal(codecsOffered(stateOf({ isBusy: false })), all);
    let ms = 0;
    const coding = new CodingMeter(() => ms);
    const spend = (): number => {
      ms += 2000;
      return 1;
    };
    coding.mix.time(spend, () => 1);
    assert.equal(codecsOffered(stateOf({}, { coding })), noMix);
  });

  test("are rows alone when tokens take much of its time, while the rows are packed", () => {
    let ms = 0;
    const coding = new CodingMeter(() => ms);
    coding.tokens.time(
      () => {
        ms += 2000;
      },
      () => 1,
    );
    assert.equal(codecsOffered(stateOf({}, { coding })), 0b11);
    assert.equal(codecsOffered(stateOf({ codecs: 0b110101 }, { coding })), 0b110101);
  });
});
