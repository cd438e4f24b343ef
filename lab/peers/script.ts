/** Peers that are scripts of the lab's own: a child process that answers requests over Node's IPC. */
import { fork } from "node:child_process";
import { join } from "node:path";
import { keepUntilExit } from "../command.ts";
import type { ProcessWatch, Side } from "../process-watch.ts";

type Message = Readonly<Record<string, unknown>>;

export interface Script {
  /** Sends a request and waits for its answer; one at a time. */
  ask<T extends Message>(request: Message): Promise<T>;
  stop(): Promise<void>;
}

/** Starts a script of this folder; `argument` is what it gets as its only argument, as JSON. */
export async function startScript<T extends Message>(
  file: string,
  argument: Message,
  watch: { readonly with: ProcessWatch; readonly side: Side },
): Promise<{ readonly script: Script; readonly ready: T }> {
  const child = keepUntilExit(
    fork(join(import.meta.dirname, file), [JSON.stringify(argument)], { stdio: "pipe" }),
  );
  watch.with.add(child.pid, watch.side);
  let stderr = "";
  child.stdout?.resume();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const answer = <A extends Message>() =>
    new Promise<A>((resolve, reject) => {
      const onMessage = (message: unknown) => {
        child.off("close", onClose);
        resolve(message as A);
      };
      const onClose = () => {
        child.off("message", onMessage);
        reject(new Error(`${file} ended\n${stderr}`));
      };
      child.once("message", onMessage).once("close", onClose);
    });
  const ready = await answer<T>();
  return {
    ready,
    script: {
      async ask<A extends Message>(request: Message) {
        const answered = answer<A>();
        child.send(request);
        return answered;
      },
      async stop() {
        child.kill("SIGTERM");
        await closed;
      },
    },
  };
}

/** In the script: what it was started with. */
export function scriptArgument<T>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}

/** In the script: answers each request with what `handle` returns, and ends when the parent does. */
export function answerRequests<R>(ready: Message, handle: (request: R) => Promise<Message>): void {
  process.on("message", (request) => {
    void handle(request as R).then((message) => process.send?.(message));
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.(ready);
}
