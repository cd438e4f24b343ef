/** node:child_process over the C host, as far as the torture uses it. No child outlives this process. */
import { host } from "../host-functions.ts";
import type { SmallBuffer } from "./buffer.ts";
import { Emitter } from "./emitter.ts";
import { soon, startTimer } from "./loop.ts";
import { Socket } from "./net.ts";
import { SystemError } from "./system-error.ts";

const numberBySignal: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
  SIGXFSZ: 25,
};

/** A child that has closed its streams is about to end. */
const endCheckMs = 5;

interface SpawnOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly detached?: boolean;
}

export function spawn(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return new ChildProcess([file, ...args], options);
}

export class ChildProcess extends Emitter {
  readonly pid: number | undefined;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  private isOver = false;

  constructor(words: readonly string[], { cwd, env, detached = false }: SpawnOptions) {
    super();
    const environment = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const started = host.childStart(words, environment, cwd, detached);
    const facts = typeof started === "string" ? undefined : started;
    this.pid = facts?.pid;
    this.stdin = new Input(facts?.input);
    this.stdout = new Output(facts?.output);
    this.stderr = new Output(facts?.errors);
    if (typeof started === "string") {
      soon(() => {
        this.isOver = true;
        this.emit("error", new SystemError(started, "spawn", words[0]));
        this.emit("close", -1, null);
      });
      return;
    }
    let openCount = 2;
    const closed = (): void => {
      if (--openCount === 0) this.lookForEnd(started.pid);
    };
    this.stdout.on("close", closed);
    this.stderr.on("close", closed);
  }

  kill(name = "SIGTERM"): boolean {
    const number = numberBySignal[name];
    if (number === undefined) throw new TypeError(`no signal here: ${name}`);
    return this.pid !== undefined && !this.isOver && host.childSignal(this.pid, number);
  }

  private lookForEnd(pid: number): void {
    const end = host.childEnd(pid);
    if (end === null) {
      startTimer(() => this.lookForEnd(pid), endCheckMs);
      return;
    }
    this.isOver = true;
    this.stdin.destroy();
    if (end >= 0) this.emit("close", end, null);
    else this.emit("close", null, signalOf(-end));
  }
}

function signalOf(number: number): string {
  const found = Object.entries(numberBySignal).find(([, known]) => known === number);
  return found?.[0] ?? `SIG${number}`;
}

/** A child's standard input. */
class Input {
  private readonly socket: Socket;

  constructor(id: number | undefined) {
    this.socket = new Socket(id);
  }

  on(name: "error", listener: (error: SystemError) => void): this {
    this.socket.on(name, listener);
    return this;
  }

  end(content: string | Uint8Array): void {
    this.socket.write(typeof content === "string" ? host.textToUtf8(content) : content);
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** What a child prints, as text, whole characters at a time. */
class Output extends Emitter {
  private rest: Uint8Array = new Uint8Array(0);

  constructor(id: number | undefined) {
    super();
    const socket = new Socket(id);
    socket.on("data", (bytes: SmallBuffer) => this.take(bytes));
    socket.on("close", () => this.emit("close"));
  }

  setEncoding(_encoding: "utf8"): this {
    return this;
  }

  private take(bytes: SmallBuffer): void {
    const all = Buffer.concat([this.rest, bytes]);
    const whole = all.length - incompleteBytes(all);
    this.rest = all.slice(whole);
    if (whole > 0) this.emit("data", all.subarray(0, whole).toString());
  }
}

/** Bytes at the end that begin a character of UTF-8 whose rest has not come. */
function incompleteBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? back : 0;
  }
  return 0;
}
