/**
 * The asking side of `local-rpc.ts`. One connection for all calls, one more for
 * each stream.
 *
 * Invariant: every call ends: with its answer, with the other side's error, or
 * with Z412 when the connection closed first and nobody knows whether it was done.
 * It repeats nothing by itself.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import { JsonConnection, type JsonObject, lineBytesMax } from "./json-lines.ts";
import { errorFromJson, rpcProtocol } from "./local-rpc.ts";
import { connectSocket } from "./local-socket.ts";

/** A process that has the log open but is busy opening it answers late. */
const greetingTimeoutMs = 30_000;
/** Items of a stream that wait for their reader before the socket is paused. */
const itemsAheadMax = 64;

interface Waiting {
  readonly method: string;
  readonly answer: (message: JsonObject) => void;
  readonly fail: (error: unknown) => void;
}

export interface RpcCallOptions {
  /** Asks the other side to stop; the call still ends with its answer. */
  readonly signal?: AbortSignal;
}

export class RpcClient {
  private readonly directory: string;
  private readonly link: Link;

  private constructor(directory: string, link: Link) {
    this.directory = directory;
    this.link = link;
  }

  /** Undefined when no process serves the directory. @throws ZamError Z207, Z211, Z413 */
  static async connect(directory: string): Promise<RpcClient | undefined> {
    const link = await Link.open(directory);
    return link === undefined ? undefined : new RpcClient(directory, link);
  }

  get isClosed(): boolean {
    return this.link.isClosed;
  }

  /** @throws ZamError what the other side threw; Z412 when it went away first; Z413 when the call is too long */
  async call(method: string, params: unknown, options: RpcCallOptions = {}): Promise<unknown> {
    options.signal?.throwIfAborted();
    const { id, answer } = this.link.ask(method, params);
    const cancel = (): void => this.link.cancel(id);
    options.signal?.addEventListener("abort", cancel, { once: true });
    try {
      const message = await answer;
      return message.result;
    } finally {
      options.signal?.removeEventListener("abort", cancel);
    }
  }

  /** Items as they come; leaving the loop, or the signal, ends the stream on the other side. @throws ZamError as `call` */
  async *stream(
    method: string,
    params: unknown,
    options: RpcCallOptions = {},
  ): AsyncGenerator<unknown, void, undefined> {
    options.signal?.throwIfAborted();
    const link = await Link.open(this.directory);
    if (link === undefined) throw lost(this.directory, method);
    const close = (): void => link.close();
    options.signal?.addEventListener("abort", close, { once: true });
    // An abort while the connection was being made has told nobody.
    if (options.signal?.aborted === true) close();
    try {
      yield* link.items(method, params);
    } catch (error) {
      if (options.signal?.aborted !== true) throw error;
    } finally {
      options.signal?.removeEventListener("abort", close);
      link.close();
    }
  }

  close(): void {
    this.link.close();
  }
}

/** One greeted connection. */
class Link {
  private readonly directory: string;
  private readonly waiting = new Map<number, Waiting>();
  private readonly ready: { done: () => void; fail: (error: unknown) => void };
  private readonly greeted: Promise<void>;
  private connection: JsonConnection | undefined;
  private problem: ZamError | undefined;
  private isGreeted = false;
  private lastId = 0;
  private onItem: ((item: unknown) => void) | undefined;

  private constructor(directory: string) {
    this.directory = directory;
    let done: () => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    this.greeted = new Promise<void>((resolve, reject) => {
      done = resolve;
      fail = reject;
    });
    this.ready = { done, fail };
  }

  static async open(directory: string): Promise<Link | undefined> {
    const socket = await connectSocket(directory);
    if (socket === undefined) return undefined;
    const link = new Link(directory);
    link.connection = new JsonConnection(socket, {
      onMessage: (message) => link.receive(message),
      onMalformed: (problem) => {
        link.problem = new ZamError("Z413", { path: directory, problem });
      },
      onClose: () => link.closed(),
    });
    const timer = setTimeout(() => {
      link.ready.fail(new ZamError("Z207", { path: directory, waitedMs: greetingTimeoutMs }));
      link.close();
    }, greetingTimeoutMs);
    try {
      await link.greeted;
    } catch (error) {
      // It closed before a word: it is going away, or full.
      if (error instanceof ZamError && error.code === "Z412") return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return link;
  }

  get isClosed(): boolean {
    return this.connection === undefined || this.connection.isClosed;
  }

  ask(method: string, params: unknown): { id: number; answer: Promise<JsonObject> } {
    this.lastId++;
    const id = this.lastId;
    const answer = new Promise<JsonObject>((done, fail) => {
      if (this.connection === undefined || this.isClosed) {
        fail(lost(this.directory, method));
        return;
      }
      this.waiting.set(id, { method, answer: done, fail });
      void this.connection.send({ id, method, params }).then((isSent) => {
        if (isSent) return;
        this.waiting.delete(id);
        const problem = `a call of more than ${lineBytesMax} bytes`;
        fail(new ZamError("Z413", { path: this.directory, problem }));
      });
    });
    return { id, answer };
  }

  cancel(id: number): void {
    if (!this.isClosed) void this.connection?.send({ id, cancel: true });
  }

  async *items(method: string, params: unknown): AsyncGenerator<unknown, void, undefined> {
    const queue: unknown[] = [];
    let wake: () => void = () => undefined;
    const end: { isReached: boolean; error?: unknown } = { isReached: false };
    this.onItem = (item) => {
      queue.push(item);
      if (queue.length >= itemsAheadMax) this.connection?.pause();
      wake();
    };
    this.ask(method, params).answer.then(
      () => {
        end.isReached = true;
        wake();
      },
      (error: unknown) => {
        end.isReached = true;
        end.error = error;
        wake();
      },
    );
    for (;;) {
      while (queue.length > 0) {
        yield queue.shift();
        if (queue.length < itemsAheadMax / 2) this.connection?.resume();
      }
      if (end.isReached) break;
      await new Promise<void>((done) => {
        wake = done;
      });
    }
    if (end.error !== undefined) throw end.error;
  }

  close(): void {
    this.connection?.destroy();
  }

  private receive(message: JsonObject): void {
    if (!this.isGreeted) {
      this.greet(message);
      return;
    }
    const { id } = message;
    const waiting = typeof id === "number" ? this.waiting.get(id) : undefined;
    if (typeof id !== "number" || waiting === undefined) {
      this.problem = new ZamError("Z413", { path: this.directory, problem: "an unasked answer" });
      this.close();
      return;
    }
    if (Object.hasOwn(message, "item")) {
      this.onItem?.(message.item);
      return;
    }
    this.waiting.delete(id);
    if (Object.hasOwn(message, "error")) waiting.fail(errorFromJson(message.error));
    else waiting.answer(message);
  }

  private greet(message: JsonObject): void {
    if (message.zamsync === rpcProtocol) {
      this.isGreeted = true;
      this.ready.done();
      return;
    }
    const problem = `protocol ${String(message.zamsync)} instead of ${rpcProtocol}`;
    this.ready.fail(new ZamError("Z413", { path: this.directory, problem }));
    this.close();
  }

  private closed(): void {
    this.ready.fail(this.problem ?? lost(this.directory, "the greeting"));
    for (const { method, fail } of this.waiting.values()) {
      fail(this.problem ?? lost(this.directory, method));
    }
    this.waiting.clear();
  }
}

function lost(directory: string, method: string): ZamError {
  return new ZamError("Z412", { path: directory, method });
}
