/** One end of a connection as its host is given it: guarded by its device's power, and read along by the watch. */
import type { Transport, TransportListener } from "../src/engine/session-host.ts";
import type { ConnectionEnd } from "./connection.ts";

export class WatchedEnd implements Transport {
  private readonly end: ConnectionEnd;
  private readonly guard: (action: () => void) => void;
  private readonly onTransmit: (bytes: Uint8Array) => void;

  constructor(
    end: ConnectionEnd,
    guard: (action: () => void) => void,
    onTransmit: (bytes: Uint8Array) => void,
  ) {
    this.end = end;
    this.guard = guard;
    this.onTransmit = onTransmit;
  }

  get sentBytes(): number {
    return this.end.sentBytes;
  }

  get receivedBytes(): number {
    return this.end.receivedBytes;
  }

  get queuedBytes(): number {
    return this.end.queuedBytes;
  }

  write(bytes: Uint8Array): void {
    this.onTransmit(bytes);
    this.end.write(bytes);
  }

  close(): void {
    this.end.close();
  }

  destroy(): void {
    this.end.destroy();
  }

  rest(): void {
    this.end.rest();
  }

  listen(listener: TransportListener): void {
    this.end.listen({
      onBytes: (bytes) => this.guard(() => listener.onBytes(bytes)),
      onDrain: () => this.guard(() => listener.onDrain()),
      onEnd: (error) => this.guard(() => listener.onEnd(error)),
    });
  }
}
