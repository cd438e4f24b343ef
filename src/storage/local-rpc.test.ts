import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import { type DirectoryLock, tryLock } from "./directory-lock.ts";
import { lineBytesMax } from "./json-lines.ts";
import { type RpcHandlers, type RpcServer, serveRpc } from "./local-rpc.ts";
import { connectSocket } from "./local-socket.ts";
import { RpcClient } from "./rpc-client.ts";

interface Bench {
  readonly directory: string;
  readonly lock: DirectoryLock;
  readonly server: RpcServer;
  readonly client: RpcClient;
  end(): Promise<void>;
}

async function serve(
  handlers: Partial<RpcHandlers>,
  directory = mkdtempSync(join(tmpdir(), "zamsync-rpc-")),
): Promise<Bench> {
  const lock = tryLock(directory);
  assert.ok(lock);
  const server = await serveRpc({ lock, handlers: { calls: {}, streams: {}, ...handlers } });
  const client = await RpcClient.connect(directory);
  assert.ok(client);
  const end = async () => {
    client.close();
    await server.close(0);
    lock.release();
    rmSync(directory, { recursive: true, force: true });
  };
  return { directory, lock, server, client, end };
}

function hasCode(code: string) {
  return (error: unknown) => error instanceof ZamError && error.code === code;
}

async function* count(from: number, to: number) {
  for (let i = from; i < to; i++) yield i;
}

test("calls are answered each with its own result, in whatever order they end", async () => {
  const bench = await serve({
    calls: {
      echo: async (params) => params,
      late: async (params) => {
        await sleep(30);
        return params;
      },
      nothing: async () => undefined,
    },
  });
  const { client } = bench;
  const answers = await Promise.all([
    client.call("late", { n: 1 }),
    client.call("echo", ["ü", 2]),
    client.call("echo", null),
    client.call("nothing", {}),
  ]);
  assert.deepEqual(answers, [{ n: 1 }, ["ü", 2], null, undefined]);
  await bench.end();
});

test("an error keeps its code, context and message; a defect becomes Z199; an unknown method is named", async () => {
  const bench = await serve({
    calls: {
      full: async () => {
        throw new ZamError("Z204", { operation: "push", durable: 3 });
      },
      broken: async () => {
        throw new TypeError("x is not a function");
      },
    },
  });
  await assert.rejects(bench.client.call("full", {}), (error) => {
    assert.ok(error instanceof ZamError);
    assert.equal(error.code, "Z204");
    assert.equal(error.context.durable, 3);
    assert.equal(error.message, "no space is left for push");
    return true;
  });
  await assert.rejects(bench.client.call("broken", {}), hasCode("Z199"));
  await assert.rejects(bench.client.call("toString", {}), hasCode("Z413"));
  await bench.end();
});

test("a payload of 16 MiB in base64 goes both ways; what is longer is refused and nothing breaks", async () => {
  const bench = await serve({ calls: { echo: async (params) => params } });
  const payload = "A".repeat(Math.ceil((16 * 1024 * 1024) / 3) * 4);
  assert.equal(await bench.client.call("echo", payload), payload);
  const tooLong = "A".repeat(lineBytesMax);
  await assert.rejects(bench.client.call("echo", tooLong), hasCode("Z413"));
  assert.equal(await bench.client.call("echo", 1), 1);
  await bench.end();
});

test("an answer that is too long becomes an error, not a silence", async () => {
  const bench = await serve({ calls: { big: async () => "A".repeat(lineBytesMax) } });
  await assert.rejects(bench.client.call("big", {}), hasCode("Z413"));
  await bench.end();
});

test("a stream gives every item once, in order, beside calls and other streams", async () => {
  const bench = await serve({
    calls: { echo: async (params) => params },
    streams: { count: (params) => count(0, Number(params)) },
  });
  const read = async (limit: number) => {
    const items: unknown[] = [];
    for await (const item of bench.client.stream("count", limit)) items.push(item);
    return items;
  };
  const [long, short, echo] = await Promise.all([
    read(5000),
    read(3),
    bench.client.call("echo", "beside"),
  ]);
  assert.deepEqual(long, [...Array(5000).keys()]);
  assert.deepEqual(short, [0, 1, 2]);
  assert.equal(echo, "beside");
  await bench.end();
});

test("a slow reader holds the producer back", async () => {
  let produced = 0;
  const bench = await serve({
    streams: {
      async *big() {
        for (; produced < 2000; produced++) yield "x".repeat(20_000);
      },
    },
  });
  let read = 0;
  for await (const _ of bench.client.stream("big", {})) {
    read++;
    if (read === 1) {
      await sleep(200);
      assert.ok(produced < 1000, `${produced} were produced ahead of a reader that took one`);
    }
  }
  assert.equal(read, 2000);
  await bench.end();
});

test("leaving a stream early ends its producer", async () => {
  let ended = Promise.withResolvers<void>();
  const bench = await serve({
    streams: {
      async *endless(_params, signal) {
        try {
          for (let i = 0; !signal.aborted; i++) {
            yield i;
            await sleep(1);
          }
        } finally {
          ended.resolve();
        }
      },
    },
  });
  for await (const item of bench.client.stream("endless", {})) if (item === 3) break;
  await ended.promise;
  ended = Promise.withResolvers();
  const abort = new AbortController();
  for await (const item of bench.client.stream("endless", {}, { signal: abort.signal }))
    if (item === 3) abort.abort();
  await ended.promise;
  await bench.end();
});

test("an abort while the stream's connection is being made ends the stream", async () => {
  const bench = await serve({
    streams: {
      async *endless(_params, signal) {
        for (let i = 0; !signal.aborted; i++) {
          yield i;
          await sleep(1);
        }
      },
    },
  });
  const abort = new AbortController();
  const items = bench.client.stream("endless", {}, { signal: abort.signal });
  const first = items.next();
  abort.abort();
  assert.equal((await first).done, true);
  await bench.end();
});

test("an error in a stream comes after the items before it", async () => {
  const bench = await serve({
    streams: {
      async *half() {
        yield 1;
        throw new ZamError("Z206", { operation: "read" });
      },
    },
  });
  const items: unknown[] = [];
  const reading = (async () => {
    for await (const item of bench.client.stream("half", {})) items.push(item);
  })();
  await assert.rejects(reading, hasCode("Z206"));
  assert.deepEqual(items, [1]);
  await bench.end();
});

test("a caller that goes away fires the handler's signal", async () => {
  const begun = Promise.withResolvers<void>();
  const fired = Promise.withResolvers<void>();
  const bench = await serve({
    calls: {
      wait: (_params, signal) =>
        new Promise((resolve) => {
          begun.resolve();
          signal.addEventListener("abort", () => {
            fired.resolve();
            resolve("stopped");
          });
        }),
    },
  });
  const answer = bench.client.call("wait", {});
  await begun.promise;
  bench.client.close();
  await assert.rejects(answer, hasCode("Z412"));
  await fired.promise;
  await bench.end();
});

test("cancelling asks the handler to stop and still brings its answer", async () => {
  const bench = await serve({
    calls: {
      wait: (_params, signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve("stopped in good order"));
        }),
    },
  });
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 20);
  const answer = await bench.client.call("wait", {}, { signal: abort.signal });
  assert.equal(answer, "stopped in good order");
  await bench.end();
});

test("a server killed in mid-call leaves the caller with 'outcome unknown', and its socket is taken over", async () => {
  const directory = mkdtempSync(join(tmpdir(), "zamsync-rpc-"));
  const from = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const script = `
    const { tryLock } = await import(${from("./directory-lock.ts")});
    const { serveRpc } = await import(${from("./local-rpc.ts")});
    const lock = tryLock(${JSON.stringify(directory)});
    await serveRpc({ lock, handlers: { streams: {}, calls: {
      die: async () => { process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); },
    } } });
    console.log("listening");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const client = await RpcClient.connect(directory);
  assert.ok(client);
  await assert.rejects(client.call("die", {}), (error) => {
    assert.ok(error instanceof ZamError);
    assert.equal(error.code, "Z412");
    assert.equal(error.context.method, "die");
    return true;
  });
  assert.equal(client.isClosed, true);
  await assert.rejects(client.call("again", {}), hasCode("Z412"));
  assert.equal(existsSync(join(directory, "zamsync.sock")), true, "it left a stale socket");
  assert.equal(await RpcClient.connect(directory), undefined);
  const bench = await serve({ calls: { echo: async (params) => params } }, directory);
  assert.equal(await bench.client.call("echo", 1), 1);
  await bench.end();
});

test("closing answers the calls under way, cuts streams with an error and leaves no socket", async () => {
  const calling = Promise.withResolvers<void>();
  const streaming = Promise.withResolvers<void>();
  const bench = await serve({
    calls: {
      late: async () => {
        calling.resolve();
        await sleep(50);
        return "in time";
      },
    },
    streams: {
      async *follow(_params, signal) {
        yield "first";
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    },
  });
  const items: unknown[] = [];
  const reading = (async () => {
    for await (const item of bench.client.stream("follow", {})) {
      items.push(item);
      streaming.resolve();
    }
  })();
  const rejected = assert.rejects(reading, hasCode("Z412"));
  const answer = bench.client.call("late", {});
  await Promise.all([calling.promise, streaming.promise]);
  await bench.server.close();
  assert.equal(await answer, "in time");
  await rejected;
  assert.deepEqual(items, ["first"]);
  assert.deepEqual(readdirSync(bench.directory), ["lock"]);
  assert.equal(await RpcClient.connect(bench.directory), undefined);
  await bench.end();
});

test("what a stream says when its server closes is not taken for its outcome", async () => {
  // A sync that is called off answers with what it did so far, or that it was called off.
  const aborted = (signal: AbortSignal) =>
    new Promise<void>((done) => signal.addEventListener("abort", () => done()));
  const bench = await serve({
    streams: {
      async *partial(_params, signal) {
        yield { progress: 1 };
        await aborted(signal);
        yield { summary: "in part" };
      },
      async *calledOff(_params, signal) {
        yield { progress: 1 };
        await aborted(signal);
        throw new ZamError("Z401", { address: "hub:7700", reason: "it was called off" });
      },
    },
  });
  const readings = ["partial", "calledOff"].map((method) => {
    const items: unknown[] = [];
    const begun = Promise.withResolvers<void>();
    const ended = (async () => {
      for await (const item of bench.client.stream(method, {})) {
        items.push(item);
        begun.resolve();
      }
    })();
    return { items, begun: begun.promise, rejected: assert.rejects(ended, hasCode("Z412")) };
  });
  await Promise.all(readings.map((reading) => reading.begun));
  await bench.server.close();
  for (const { items, rejected } of readings) {
    await rejected;
    assert.deepEqual(items, [{ progress: 1 }]);
  }
  await bench.end();
});

test("a call that hangs does not keep the server from closing", async () => {
  const bench = await serve({ calls: { hang: () => new Promise(() => undefined) } });
  const rejected = assert.rejects(bench.client.call("hang", {}), hasCode("Z412"));
  await sleep(20);
  await bench.server.close(50);
  await rejected;
  await bench.end();
});

test("the socket is 0600 under any umask", async () => {
  const before = process.umask(0);
  const bench = await serve({});
  process.umask(before);
  assert.equal(statSync(bench.server.path).mode & 0o777, 0o600);
  await bench.end();
});

test("a path too long for a socket is replaced by a private one that clients find", async () => {
  const root = mkdtempSync(join(tmpdir(), "zamsync-rpc-"));
  const directory = join(root, "d".repeat(100));
  mkdirSync(directory);
  const bench = await serve({ calls: { echo: async (params) => params } }, directory);
  const folder = dirname(bench.server.path);
  assert.notEqual(folder, directory);
  assert.equal(readFileSync(join(directory, "socket"), "utf8"), `${bench.server.path}\n`);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(await bench.client.call("echo", 1), 1);
  // Somebody else's folder of that name must not be believed.
  chmodSync(folder, 0o755);
  assert.equal(await connectSocket(directory), undefined);
  chmodSync(folder, 0o700);
  await bench.end();
  assert.equal(existsSync(folder), false);
  rmSync(root, { recursive: true });
});

test("nobody listening is undefined, whatever lies at the socket's place", async () => {
  const directory = mkdtempSync(join(tmpdir(), "zamsync-rpc-"));
  assert.equal(await connectSocket(directory), undefined);
  assert.equal(await connectSocket(join(directory, "missing")), undefined);
  writeFileSync(join(directory, "zamsync.sock"), "a plain file");
  assert.equal(await connectSocket(directory), undefined);
  writeFileSync(join(directory, "socket"), "/etc/passwd\n");
  assert.equal(await connectSocket(directory), undefined);
  const bench = await serve({}, directory);
  await bench.end();
});

/** A server that says whatever the test wants. */
async function impostor(
  talk: (socket: Socket) => void,
): Promise<{ directory: string; close(): void }> {
  const directory = mkdtempSync(join(tmpdir(), "zamsync-rpc-"));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(join(directory, "zamsync.sock"), resolve));
  return {
    directory,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

test("another protocol, garbage and unasked answers are Z413", async () => {
  const greetings = ['{"zamsync":2}\n', "HTTP/1.1 200 OK\r\n\r\n", "[]\n", "{}\n"];
  for (const greeting of greetings) {
    const other = await impostor((socket) => socket.write(greeting));
    await assert.rejects(RpcClient.connect(other.directory), hasCode("Z413"), greeting);
    other.close();
  }
  for (const answer of ['{"id":9,"result":1}\n', "no json\n"]) {
    const other = await impostor((socket) => {
      socket.write('{"zamsync":1}\n');
      socket.once("data", () => socket.write(answer));
    });
    const client = await RpcClient.connect(other.directory);
    assert.ok(client);
    await assert.rejects(client.call("x", {}), hasCode("Z413"), answer);
    other.close();
  }
});

test("a client that sends garbage loses its connection, not the server's others", async () => {
  const bench = await serve({ calls: { echo: async (params) => params } });
  for (const text of ["garbage\n", "[]\n", '{"method":"echo"}\n', '{"id":1}\n', "\n"]) {
    const socket = await connectSocket(bench.directory);
    assert.ok(socket);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(text);
    await closed;
  }
  const flood = await connectSocket(bench.directory);
  assert.ok(flood);
  flood.on("error", () => undefined);
  const closed = new Promise((resolve) => flood.once("close", resolve));
  flood.resume();
  const chunk = Buffer.alloc(1024 * 1024, 0x20);
  for (let sent = 0; sent < lineBytesMax + 2 * chunk.length; sent += chunk.length) {
    flood.write(chunk);
  }
  await closed;
  assert.equal(await bench.client.call("echo", 1), 1);
  await bench.end();
});

test("hundreds of calls at once on one connection are all answered", async () => {
  const bench = await serve({
    calls: {
      late: async (params) => {
        await sleep(1);
        return params;
      },
    },
  });
  const calls = Array.from({ length: 500 }, (_, i) => bench.client.call("late", i));
  assert.deepEqual(await Promise.all(calls), [...Array(500).keys()]);
  await bench.end();
});
