/**
 * The streams that are open: how many there may be, and how they end when the hub stops
 * or their token does. A token is looked at again all the time, not only at the start.
 */
import { ZamError } from "../../core/errors/zam-error.ts";
import type { TokenRow } from "../../engine/index.ts";
import type { HubContext } from "../hub-context.ts";
import { streamsMax, streamsPerTokenMax, tokenCheckMs } from "./limits.ts";

export class OpenStream {
  readonly tokenId: string;
  /** Why the hub ends it; undefined while it does not. */
  reason: ZamError | undefined;
  settled: Promise<void> = Promise.resolve();
  private readonly controller = new AbortController();
  private readonly onClose: (stream: OpenStream) => void;

  constructor(tokenId: string, onClose: (stream: OpenStream) => void) {
    this.tokenId = tokenId;
    this.onClose = onClose;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The hub wants no more of it. */
  end(reason: ZamError): void {
    this.reason ??= reason;
    this.controller.abort();
  }

  /** It is over, whoever ended it. Twice is allowed. */
  close(): void {
    this.controller.abort();
    this.onClose(this);
  }
}

export class OpenStreams {
  private readonly hub: HubContext;
  private readonly streams = new Set<OpenStream>();
  private timer: NodeJS.Timeout | undefined;

  constructor(hub: HubContext) {
    this.hub = hub;
    hub.stopping.addEventListener("abort", () => {
      for (const stream of this.streams) stream.end(new ZamError("Z423"));
    });
  }

  get count(): number {
    return this.streams.size;
  }

  /** @throws ZamError Z417, Z423 */
  open(principal: TokenRow): OpenStream {
    if (this.hub.stopping.aborted) throw new ZamError("Z423");
    let sameToken = 0;
    for (const { tokenId } of this.streams) if (tokenId === principal.id) sameToken++;
    if (this.streams.size >= streamsMax || sameToken >= streamsPerTokenMax)
      throw new ZamError("Z417", { reason: "too many streams are open", retryAfterS: 10 });
    const stream = new OpenStream(principal.id, (closed) => this.closedOne(closed));
    this.streams.add(stream);
    this.timer ??= setInterval(() => this.checkTokens(), tokenCheckMs);
    return stream;
  }

  /** Resolves when every answer has ended. */
  async closed(): Promise<void> {
    await Promise.allSettled([...this.streams].map(({ settled }) => settled));
    clearInterval(this.timer);
  }

  private closedOne(stream: OpenStream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private checkTokens(): void {
    const nowMs = this.hub.nowMs();
    for (const stream of this.streams)
      if (!this.hub.tokens.isStillValid(stream.tokenId, nowMs))
        stream.end(new ZamError("Z330", { reason: "it was revoked or has expired" }));
  }
}
