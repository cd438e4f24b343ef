/** node:tls over the C host: TLS 1.3 on a socket, as `host/tls.c` speaks it. */
import { X509Certificate } from "./crypto.ts";
import { SmallBuffer } from "./buffer.ts";
import { type Socket, Stream } from "./net.ts";
import type { SystemError } from "./system-error.ts";

/** A number of the host's; src/edge/tls-profile.ts makes them. */
export interface SecureContext {
  readonly context: number;
}

interface ServerOptions {
  readonly secureContext: SecureContext;
  readonly isServer: true;
}

export class TLSSocket extends Stream {
  private readonly raw: Socket;
  private readonly isServer: boolean;

  constructor(
    raw: Socket,
    options:
      | ServerOptions
      | { readonly secureContext: SecureContext; readonly session?: Uint8Array },
  ) {
    super();
    this.raw = raw;
    this.isServer = "isServer" in options;
    this.wire = raw.lend(this);
    const ticket = "session" in options ? options.session : undefined;
    this.wire?.secure(options.secureContext.context, ticket);
  }

  isSessionReused(): boolean {
    return this.wire?.facts.isResumed ?? false;
  }

  /** Undefined at the client of a resumed session, who has kept with the ticket who the hub is. */
  getPeerX509Certificate(): X509Certificate | undefined {
    const peer = this.wire?.facts.peer ?? null;
    return peer === null || peer.uri === "" ? undefined : new X509Certificate(peer);
  }

  override onSecured(): void {
    this.emit(this.isServer ? "secure" : "secureConnect");
  }

  override onEnded(error: SystemError | undefined): void {
    super.onEnded(error);
    this.raw.onEnded(undefined);
  }

  protected override afterRead(): void {
    const ticket = this.wire?.ticket();
    if (ticket !== undefined) this.emit("session", SmallBuffer.from(ticket));
  }
}

export function connect(options: {
  readonly socket: Socket;
  readonly secureContext: SecureContext;
  readonly session?: Uint8Array;
}): TLSSocket {
  return new TLSSocket(options.socket, options);
}
