/**
 * Calls over a data directory's socket: how a command asks the process that has
 * the log open. Messages are lines of JSON:
 *
 * | from | message | meaning |
 * | --- | --- | --- |
 * | server | `{"zamsync":1}` | first line: the protocol's version |
 * | client | `{"id":7,"method":"push","params":…}` | a call; ids are the client's, unique on the connection |
 * | client | `{"id":7,"cancel":true}` | please stop; the call is still answered |
 * | server | `{"id":7,"item":…}` | one more item of a stream |
 * | server | `{"id":7,"result":…}` | done; of a stream: the end, without `result` |
 * | server | `{"id":7,"error":{"code","message","context"}}` | done, not so |
 *
 * Invariant: each call is answered once, or the connection closes and the client
 * is told that the outcome is unknown (Z412). Streams have a connection each, so
 * that a slow reader holds up nobody but its own stream.
 */
import { isZCode, ZamError, type ErrorContext } from "../core/errors/zam-error.ts";
import type { DirectoryLock } from "./directory-lock.ts";
import { JsonConnection, type JsonObject, lineBytesMax } from "./json-lines.ts";
import { listenSocket } from "./local-socket.ts";

export const rpcProtocol = 1;
/** Calls under way on one connection; further ones are not read until one is answered. */
const callsPerConnectionMax = 64;
/** Connections of commands on this machine; further ones are closed at once. */
const connectionsMax = 256;
const closeGraceMs = 2000;

/** Answers one call with plain JSON. `signal` fires when the caller cancels or goes away. */
export type RpcCallHandler = (params: unknown, signal: AbortSignal) => Promise<unknown>;
/** Gives items of plain JSON; is returned early when the caller goes away. */
export type RpcStreamHandler = (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>;

export interface RpcHandlers {
  readonly calls: Readonly<Record<string, RpcCallHandler>>;
  readonly streams: Readonly<Record<string, RpcStreamHandler>>;
}

export interface RpcServer {
  /** Where it listens. */
  readonly path: string;
  /** Stops listening, cancels streams, gives calls under way `graceMs` (2,000) to be answered, then closes all. Before the lock is released. */
  close(graceMs?: number): Promise<void>;
}

/** Serves a directory whose lock is held. @throws ZamError Z211 */
export async function serveRpc(input: {
  readonly lock: DirectoryLock;
  readonly handlers: RpcHandlers;
}): Promise<RpcServer> {
  const connections = new Set<ServedConnection>();
  const state = { isClosing: false };
  const listening = await listenSocket(input.lock, (socket) => {
    if (connections.size >= connectionsMax || state.isClosing) {
      socket.destroy();
      return;
    }
    const served = new ServedConnection({
      directory: input.lock.directory,
      handlers: input.handlers,
      state,
      open: (handler) => new JsonConnection(socket, handler),
      onClose: () => connections.delete(served),
    });
    connections.add(served);
  });

  async function close(graceMs = closeGraceMs): Promise<void> {
    if (state.isClosing) return;
    state.isClosing = true;
    const closed = new Promise<void>((done) => listening.server.close(() => done()));
    const settled = Promise.all([...connections].map((served) => served.finish()));
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((done) => {
      timer = setTimeout(done, graceMs);
    });
    await Promise.race([settled, grace]);
    clearTimeout(timer);
    for (const served of connections) served.destroy();
    await closed;
    listening.dispose();
  }

  return { path: listening.path, close };
}

interface CallUnderWay {
  readonly abort: AbortController;
  readonly isStream: boolean;
  readonly settled: Promise<void>;
}

class ServedConnection {
  private readonly directory: string;
  private readonly handlers: RpcHandlers;
  private readonly state: { readonly isClosing: boolean };
  private readonly connection: JsonConnection;
  private readonly calls = new Map<number, CallUnderWay>();

  constructor(input: {
    readonly directory: string;
    readonly handlers: RpcHandlers;
    readonly state: { readonly isClosing: boolean };
    readonly open: (handler: ConstructorParameters<typeof JsonConnection>[1]) => JsonConnection;
    readonly onClose: () => void;
  }) {
    this.directory = input.directory;
    this.handlers = input.handlers;
    this.state = input.state;
    this.connection = input.open({
      onMessage: (message) => this.receive(message),
      onMalformed: () => undefined,
      onClose: () => {
        for (const call of this.calls.values()) call.abort.abort();
        input.onClose();
      },
    });
    void this.connection.send({ zamsync: rpcProtocol });
  }

  /** Cancels streams; resolves when all calls under way are answered and sent. */
  async finish(): Promise<void> {
    for (const call of this.calls.values()) if (call.isStream) call.abort.abort();
    await Promise.all([...this.calls.values()].map((call) => call.settled));
    this.connection.end();
  }

  destroy(): void {
    this.connection.destroy();
  }

  private receive(message: JsonObject): void {
    const { id, method, params } = message;
    if (typeof id !== "number") {
      this.connection.destroy();
      return;
    }
    if (message.cancel === true) {
      this.calls.get(id)?.abort.abort();
      return;
    }
    if (typeof method !== "string" || this.calls.has(id)) {
      this.connection.destroy();
      return;
    }
    const abort = new AbortController();
    const isStream = Object.hasOwn(this.handlers.streams, method);
    const settled = this.answer({ id, method, params, signal: abort.signal });
    this.calls.set(id, { abort, isStream, settled });
    if (this.calls.size >= callsPerConnectionMax) this.connection.pause();
  }

  private async answer(call: {
    readonly id: number;
    readonly method: string;
    readonly params: unknown;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { id, signal } = call;
    // Lets `receive` note the call before it can end.
    await Promise.resolve();
    try {
      const result = await this.run(call);
      await this.sendWhole({ id, result });
    } catch (error) {
      const isGone = signal.aborted && this.connection.isClosed;
      if (!isGone) await this.connection.send({ id, error: errorToJson(error) });
    } finally {
      this.calls.delete(id);
      this.connection.resume();
    }
  }

  private async run(call: {
    readonly id: number;
    readonly method: string;
    readonly params: unknown;
    readonly signal: AbortSignal;
  }): Promise<unknown> {
    const { id, method, params, signal } = call;
    if (this.state.isClosing) throw new ZamError("Z210");
    const callHandler = ownValue(this.handlers.calls, method);
    if (callHandler !== undefined) return await callHandler(params, signal);
    const streamHandler = ownValue(this.handlers.streams, method);
    if (streamHandler === undefined) {
      throw new ZamError("Z413", { path: this.directory, problem: `unknown method '${method}'` });
    }
    try {
      for await (const item of streamHandler(params, signal)) {
        if (this.connection.isClosed || this.state.isClosing) break;
        await this.sendWhole({ id, item });
      }
    } catch (error) {
      // What a stream says of being called off is no answer when it was this side that closes.
      if (!this.state.isClosing) throw error;
    }
    // Ended because this side closes: the reader must not take it for the end of the data.
    if (signal.aborted) throw new ZamError("Z412", { path: this.directory, method });
    return undefined;
  }

  private async sendWhole(message: JsonObject): Promise<void> {
    const isSent = await this.connection.send(message);
    if (isSent) return;
    throw new ZamError("Z413", {
      path: this.directory,
      problem: `an answer of more than ${lineBytesMax} bytes`,
    });
  }
}

function ownValue<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** What travels of an error: its code and context; the other side makes message and hint from them. */
function errorToJson(error: unknown): JsonObject {
  if (error instanceof ZamError) {
    return { code: error.code, message: error.message, context: error.context };
  }
  const problem = error instanceof Error ? error.message : String(error);
  return { code: "Z199", message: problem, context: { problem } };
}

/** The error that the other side threw. A code of a newer version becomes Z413 with its message. */
export function errorFromJson(value: unknown): ZamError {
  const { code, message, context } = (
    typeof value === "object" && value !== null ? value : {}
  ) as JsonObject;
  if (typeof code === "string" && isZCode(code)) return new ZamError(code, toContext(context));
  return new ZamError("Z413", {
    path: "the node",
    problem: `${String(code)} ${typeof message === "string" ? message : "without a message"}`,
  });
}

function toContext(value: unknown): ErrorContext {
  const context: Record<string, string | number | boolean> = {};
  if (typeof value !== "object" || value === null) return context;
  for (const [name, entry] of Object.entries(value)) {
    if (typeof entry === "string" || typeof entry === "number" || typeof entry === "boolean") {
      context[name] = entry;
    }
  }
  return context;
}
