/**
 * Calls between a thread and its worker, in both directions: each is answered once,
 * with a result or an error. Values are structured-cloned.
 */
import { isZCode, ZamError } from "../../core/errors/zam-error.ts";

/** What a MessagePort and a Worker have in common. */
export interface Port {
  postMessage(message: unknown, handedOver: ArrayBuffer[]): void;
  on(name: "message", listener: (message: unknown) => void): unknown;
}

export type PortHandlers = Readonly<Record<string, (params: never) => Promise<unknown>>>;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Message {
  readonly id: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly context: ZamError["context"] };
}

export class PortCalls {
  private readonly port: Port;
  private readonly handlers: PortHandlers;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private problem: unknown;

  constructor(port: Port, handlers: PortHandlers) {
    this.port = port;
    this.handlers = handlers;
    port.on("message", (message) => this.receive(message as Message));
  }

  /** What is in `handedOver` is the other side's from then on. */
  call(method: string, params?: unknown, handedOver: ArrayBuffer[] = []): Promise<unknown> {
    if (this.problem !== undefined) return Promise.reject(this.problem);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.port.postMessage({ id, method, params }, handedOver);
    });
  }

  /** The other side is gone: what was asked, and what will be, is answered with this. */
  fail(problem: unknown): void {
    this.problem ??= problem;
    for (const { reject } of this.waiting.values()) reject(problem);
    this.waiting.clear();
  }

  private receive(message: Message): void {
    if (message.method !== undefined) {
      void this.answer(message.id, message.method, message.params);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(toError(message.error));
  }

  private async answer(id: number, method: string, params: unknown): Promise<void> {
    try {
      const result = await this.handlers[method]?.(params as never);
      this.port.postMessage({ id, result }, []);
    } catch (error) {
      this.port.postMessage({ id, error: fromError(error) }, []);
    }
  }
}

function fromError(error: unknown): Message["error"] {
  if (error instanceof ZamError) return { code: error.code, context: error.context };
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "Z199", context: { problem } };
}

function toError({ code, context }: NonNullable<Message["error"]>): ZamError {
  return new ZamError(isZCode(code) ? code : "Z199", context);
}
