/** Who may hold and hear what: the policy as the judge reads it, apart from the product's own code for it. */
import { laneAddressee, type StreamId } from "../src/core/event.ts";
import type { Device } from "./device.ts";
import { Violation } from "./violation.ts";

export const clinicPrefix = "clinic-";

export class Permissions {
  private readonly policy: "own" | "all";

  constructor(policy: "own" | "all") {
    this.policy = policy;
  }

  mayHold(device: Device, stream: StreamId): boolean {
    if (device.role === "hub" || stream.node === device.nodeId) return true;
    const addressee = laneAddressee(stream.lane);
    if (addressee !== undefined) return addressee === device.nodeId;
    return this.policy === "all";
  }

  /** Under policy own, no byte that reaches a clinic may name another. */
  checkBytes(device: Device, bytes: Uint8Array, what: string): void {
    if (this.policy !== "own" || device.role !== "clinic") return;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = view.indexOf(clinicPrefix); at >= 0; at = view.indexOf(clinicPrefix, at + 1)) {
      const name = view.toString("latin1", at, at + device.nodeId.length);
      if (name !== device.nodeId && !device.saidNames.has(name))
        throw new Violation("nothing names another clinic", `${what} to ${device.name}: ${name}`);
    }
  }
}
