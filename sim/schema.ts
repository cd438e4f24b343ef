/**
 * A hub with rules for payloads, in some worlds: what breaks them is held back, not dropped, and its
 * author is told; in half of these worlds a later schema lets it in. Drawn from a generator of its own.
 */
import { rangesContain } from "../src/core/vector/ranges.ts";
import type { Judge, Log } from "../src/core/log/api.ts";
import { nothingHeldBack } from "../src/core/session/quarantine-notice.ts";
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import type { Device } from "./device.ts";
import { positionKey } from "./device-view.ts";
import { uidOf } from "./payload.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

const reason = "at /: its number is no good";

export class Schema {
  /** Of events by their number, one in so many breaks the rules; 0: there are none. */
  private oneIn: number;
  /** Part of the run after which a schema comes that lets everything in; 1: never. */
  readonly changesAt: number;

  constructor(seed: number) {
    const random = createSeededRandom(seed ^ 0x5c4e_3a01);
    this.oneIn = random.chance(0.25) ? random.pick([2, 3, 7]) : 0;
    this.changesAt = random.chance(0.5) ? random.below(100) / 100 : 1;
  }

  readonly judge: Judge = ({ payload }) => {
    const uid = uidOf(payload);
    const isBad = this.oneIn > 0 && uid !== undefined && uid % this.oneIn === 0;
    return isBad ? reason : undefined;
  };

  letAllIn(): void {
    this.oneIn = 0;
  }
}

/** As the engine's server begins: what is held back is judged again (releasing.ts). */
export function beginJudging(world: World, hub: Device): void {
  const log = hub.process?.log;
  if (log === undefined || log.readOnlyReason !== undefined) return;
  const { judge } = world.schema;
  log.setJudge(judge);
  world.guard(hub, hub.life, () => {
    for (const { stream, from, to } of log.quarantined()) {
      for (let seq = from; seq <= to; seq++) {
        const event = eventAt(log, stream, seq);
        if (event === undefined || judge({ stream, ...event }) !== undefined) continue;
        log.mark({ kind: "release", stream, seq }, hub.clock.wallMs(world.queue.nowMs), (error) => {
          if (error === undefined) world.coverage.add("held back event let in");
        });
      }
    }
  });
}

function eventAt(log: Log, stream: Parameters<Log["findStream"]>[0], seq: number) {
  const index = log.findStream(stream);
  if (index === undefined) return undefined;
  const [event] = log.readStream(index, seq, { events: 1, bytes: 1 });
  if (event?.seq !== seq) return undefined;
  if (!event.isFragmented) return event;
  const payload = log.readPayload(index, seq, { offset: 0, sizeBytes: event.payloadSize });
  return payload === undefined ? undefined : { type: event.type, payload };
}

/** At the end: held back is what breaks the rules and nothing else, authors know of it, readers get all else once. */
export function checkQuarantine(world: World): void {
  const { hub } = world;
  const log = hub.process?.log;
  if (log === undefined) return;
  const runs = log.quarantined();
  for (const { stream, from, to } of runs) {
    world.coverage.add("event held back by a schema", to - from + 1);
    for (let seq = from; seq <= to; seq++) {
      const event = eventAt(log, stream, seq);
      if (event !== undefined && world.schema.judge({ stream, ...event }) === undefined)
        throw new Violation(
          "what is held back is told",
          `${positionKey(stream, seq)} is held back for nothing`,
        );
    }
  }
  // What was healed and turns out to be readable after all may be read again (docs/guarantees.md).
  if (hub.wounds === 0) checkReaders(hub, log);
  for (const device of world.clinics) {
    const state = device.process?.peers.find(hub.nodeId)?.state;
    const { total } = state?.heldBack ?? nothingHeldBack;
    const due = log
      .quarantined(device.nodeId)
      .reduce((sum, { from, to }) => sum + to - from + 1, 0);
    if (total !== due)
      throw new Violation(
        "what is held back is told",
        `${device.name} knows of ${total} events, ${due} are held back`,
      );
  }
}

/** By arrival, as followers and projections read. */
function checkReaders(hub: Device, log: Log): void {
  const seen = new Set<string>();
  let ordinal = 0;
  for (;;) {
    const events = log.readArrivals(ordinal, { events: 256, bytes: 1 << 20 });
    for (const event of events) {
      const key = positionKey(event.stream, event.seq);
      if (seen.has(key)) throw new Violation("what is held back is told", `${key} arrives twice`);
      seen.add(key);
      ordinal = event.ordinal;
    }
    if (events.length === 0) break;
  }
  const held = log.quarantined();
  for (const [key, { stream, seq }] of hub.view.held) {
    const isHeldBack = held.some(
      (run) =>
        run.stream.node === stream.node &&
        run.stream.epoch === stream.epoch &&
        run.stream.lane === stream.lane &&
        rangesContain([run], seq),
    );
    if (isHeldBack === seen.has(key))
      throw new Violation(
        "what is held back is told",
        `${key} ${isHeldBack ? "arrives, and is held back" : "is held and never arrives"}`,
      );
  }
}
