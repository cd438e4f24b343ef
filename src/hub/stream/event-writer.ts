/**
 * The text/event-stream format (WHATWG HTML, 9.2), written no faster than it is read.
 * Nothing is written while the socket still has a chunk of ours.
 */
import type { ServerResponse } from "node:http";
import { stallMs, writeBytesMax } from "./limits.ts";

export class EventWriter {
  private readonly response: ServerResponse;
  private readonly stallMs: number;
  isClosed = false;

  constructor(response: ServerResponse, timeLimitMs: number = stallMs) {
    this.response = response;
    this.stallMs = timeLimitMs;
    response.once("close", () => {
      this.isClosed = true;
    });
    // A reader that goes away in mid-write is no fault of ours.
    response.on("error", () => undefined);
  }

  /** Resolves when it is on its way, to false when the reader has gone, or was cut for not reading. */
  async write(text: string): Promise<boolean> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length && !this.isClosed; at += writeBytesMax) {
      const hasRoom = this.response.write(bytes.subarray(at, at + writeBytesMax));
      if (!hasRoom && !(await this.drained())) return false;
    }
    return !this.isClosed;
  }

  /** Says why, if the reader still listens, and ends. */
  end(text: string): void {
    if (this.isClosed) return;
    this.response.end(text);
    const timer = setTimeout(() => this.response.destroy(), 1000);
    timer.unref();
    this.response.once("close", () => clearTimeout(timer));
  }

  private drained(): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (isDrained: boolean): void => {
        clearTimeout(timer);
        this.response.off("drain", onDrain);
        this.response.off("close", onClose);
        resolve(isDrained);
      };
      const onDrain = (): void => finish(true);
      const onClose = (): void => finish(false);
      const timer = setTimeout(() => {
        this.response.destroy();
        finish(false);
      }, this.stallMs);
      this.response.once("drain", onDrain);
      this.response.once("close", onClose);
    });
  }
}

/** One message. `data` has no line break; without it a reader only takes note of the id. */
export function toMessage(message: {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}): string {
  const { id, event, data } = message;
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(data === undefined ? [] : [`data: ${data}`]),
  ];
  return `${lines.join("\n")}\n\n`;
}
