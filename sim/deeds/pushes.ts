/** What users write: single events, many, large ones, urgent, addressed, and repeats under a key. */
import { ZamError } from "../../src/core/errors/zam-error.ts";
import type { NewEvent, PushedEvent } from "../../src/core/log/api.ts";
import { hashIdempotencyKey } from "../../src/core/log/chain.ts";
import type { SeededRandom } from "../../src/testing/seeded-random.ts";
import type { Device, KeyedPush } from "../device.ts";
import { makePayload } from "../payload.ts";
import { Violation } from "../violation.ts";
import type { World } from "../world.ts";

export const pushDeeds = [
  "push",
  "pushMany",
  "pushLarge",
  "pushUrgent",
  "pushAddressed",
  "pushIdempotent",
] as const;

export type PushDeed = (typeof pushDeeds)[number];

export class Pushes {
  private readonly world: World;
  private readonly random: SeededRandom;

  constructor(world: World, random: SeededRandom) {
    this.world = world;
    this.random = random;
  }

  do(name: PushDeed, device: Device): void {
    const { random } = this;
    switch (name) {
      case "push":
        return this.push(device, 1, random.pick(["", "", "lab"]));
      case "pushMany":
        return this.push(device, random.between(5, 60), "");
      case "pushLarge":
        return this.push(device, 1, "", random.between(17_000, 70_000));
      case "pushUrgent":
        return this.push(device, 1, "urgent");
      case "pushAddressed":
        return this.push(device, 1, this.addressee(device));
      case "pushIdempotent":
        return this.pushKeyed(device);
    }
  }

  private addressee(device: Device): string {
    const { world, random } = this;
    const id = device.role === "hub" ? random.pick(world.clinics).nodeId : world.hub.nodeId;
    return random.chance(0.3) ? `to/${id}/urgent` : `to/${id}`;
  }

  private push(device: Device, count: number, lane: string, sizeBytes?: number): void {
    const { world, random } = this;
    world.guard(device, device.life, () => {
      const uids: number[] = [];
      const events: NewEvent[] = [];
      for (let at = 0; at < count; at++) {
        const uid = world.oracle.newUid(device.nodeId, lane);
        uids.push(uid);
        const size = sizeBytes ?? random.between(6, random.pick([40, 200, 1500]));
        events.push({ lane, type: random.below(10), payload: makePayload(uid, size, random) });
      }
      this.hand(device, uids, events);
    });
  }

  /** Hands events to the log; the operator believes them stored when the log calls back. */
  private hand(
    device: Device,
    uids: readonly number[],
    events: readonly NewEvent[],
    onAcked?: () => void,
  ): void {
    const { world } = this;
    const log = device.process?.log;
    if (log === undefined) return;
    let pushed: readonly PushedEvent[] | undefined;
    let isEarly = false;
    const acked = (): void => {
      pushed?.forEach((event, at) => {
        if (event.isRepeat) world.coverage.add("idempotent repeat");
        world.oracle.acknowledged(device, log, uids[at] ?? 0, event);
      });
      onAcked?.();
    };
    try {
      pushed = log.push(events, device.clock.wallMs(world.queue.nowMs), (error) => {
        if (error !== undefined) return this.noteRefusal(device, error);
        if (pushed === undefined) isEarly = true;
        else acked();
      });
      world.oracle.issued(device, pushed);
      if (isEarly) acked();
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      this.noteRefusal(device, error);
    }
  }

  private noteRefusal(device: Device, error: ZamError): void {
    const { coverage } = this.world;
    this.world.note(device, `push refused: ${error.code}`);
    if (error.code === "Z204") coverage.add("push refused: disk full");
    else if (error.code === "Z205") coverage.add("push refused: sync failed");
    else if (error.code === "Z208") coverage.add("push refused: read-only");
    else if (error.code !== "Z206")
      throw new Violation("pushes are taken", `${device.name}: ${error.code} ${error.message}`);
    if (error.code === "Z205" || error.code === "Z208") this.world.restartLater(device);
  }

  private pushKeyed(device: Device): void {
    const { world, random } = this;
    world.guard(device, device.life, () => {
      const old = device.pendingKeyed[0];
      if (old !== undefined) return this.handKeyed(device, old);
      const uid = world.oracle.newUid(device.nodeId, "");
      const key = hashIdempotencyKey(device.crypto, `key ${uid}`);
      const payload = makePayload(uid, random.between(6, 300), random);
      const next: KeyedPush = { uid, lane: "", payload, key };
      device.pendingKeyed.push(next);
      this.handKeyed(device, next);
      // An impatient sender repeats it at once.
      if (random.chance(0.5)) this.handKeyed(device, next);
    });
  }

  private handKeyed(device: Device, push: KeyedPush): void {
    const { uid, lane, payload, key } = push;
    const event: NewEvent = { lane, type: 1, payload, idempotency: key };
    this.hand(device, [uid], [event], () => {
      const at = device.pendingKeyed.indexOf(push);
      if (at >= 0) device.pendingKeyed.splice(at, 1);
    });
  }
}
