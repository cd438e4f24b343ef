/**
 * Certificates on real sockets: who gets in, who does not, what each side is
 * told, and what a handshake costs.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect as connectTlsSocket } from "node:tls";
import { ZamError } from "../src/core/errors/zam-error.ts";
import {
  type AcceptedPeer,
  type ConnectedHub,
  type ConnectOptions,
  connectTls,
  createTicketStore,
  createTlsServer,
  type RefusedPeer,
  type TlsServer,
  type TlsServerOptions,
} from "../src/network/index.ts";
import {
  appendRevoked,
  type Credentials,
  createAcceptingJudge,
  createConnectingJudge,
  nodeFiles,
  openRevocationList,
  readOrCreateTicketKey,
} from "../src/pki/index.ts";
import { createClinic, createHub, createScratch, type Scratch } from "./identities.ts";

let scratch: Scratch;
let hub: Credentials;
let clinic: Credentials;
let path: (name: string) => string;

before(async () => {
  scratch = createScratch();
  path = (name) => join(scratch.dir, name);
  hub = await createHub(path("hub"));
  clinic = await createClinic(path("clinic_a"), { hubDir: path("hub") });
});

after(() => scratch.remove());

interface Hub {
  readonly server: TlsServer;
  readonly peers: AcceptedPeer[];
  readonly refused: RefusedPeer[];
  readonly reports: ZamError[];
  /** Everything that admitted peers sent. */
  readonly heard: () => string;
  nextPeer(): Promise<AcceptedPeer>;
}

/** A hub that answers every peer's first bytes with "hello", and refused ones with their code. */
async function startHub(
  input: Partial<TlsServerOptions> & {
    readonly credentials?: Credentials;
    readonly hubDir?: string;
    readonly nowMs?: () => number;
  } = {},
): Promise<Hub> {
  const credentials = input.credentials ?? hub;
  const hubDir = input.hubDir ?? path("hub");
  const revocations = openRevocationList({ hubDir });
  const peers: AcceptedPeer[] = [];
  const refused: RefusedPeer[] = [];
  const reports: ZamError[] = [];
  const waiters: ((peer: AcceptedPeer) => void)[] = [];
  let heard = "";
  const server = await createTlsServer({
    bind: { host: "127.0.0.1", port: 0 },
    credentials,
    ticketKey: readOrCreateTicketKey(hubDir),
    judge: createAcceptingJudge({
      authority: credentials.authority,
      nowMs: input.nowMs ?? Date.now,
      isRevoked: (key) => revocations.isRevoked(key),
    }),
    onPeer: (peer) => {
      peers.push(peer);
      waiters.shift()?.(peer);
      peer.transport.listen({
        onBytes: (bytes) => {
          heard += Buffer.from(bytes).toString();
          peer.transport.write(Buffer.from("hello"));
        },
        onDrain: () => undefined,
        onEnd: () => undefined,
      });
    },
    onRefused: (peer) => {
      refused.push(peer);
      peer.transport.write(Buffer.from(peer.error.code));
      peer.transport.close();
    },
    onReport: (error) => reports.push(error),
    ...input,
  });
  return {
    server,
    peers,
    refused,
    reports,
    heard: () => heard,
    nextPeer: () => new Promise((resolve) => waiters.push(resolve)),
  };
}

function connectTo(
  to: Hub,
  input: Partial<ConnectOptions> & {
    readonly as?: Credentials;
    readonly nowMs?: () => number;
  } = {},
): Promise<ConnectedHub> {
  const credentials = input.as ?? clinic;
  return connectTls({
    address: to.server.address,
    credentials,
    judge: createConnectingJudge({
      authority: credentials.authority,
      nowMs: input.nowMs ?? Date.now,
      expectedHubId: input.expectedHubId,
    }),
    ...input,
  });
}

interface Talk {
  readonly received: string;
  readonly error: ZamError | undefined;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Says "hi", waits for an answer or the end, then closes. */
function talk(connected: ConnectedHub): Promise<Talk> {
  const { transport } = connected;
  return new Promise((resolve) => {
    let received = "";
    transport.listen({
      onBytes: (bytes) => {
        received += Buffer.from(bytes).toString();
        if (received === "hello") transport.close();
      },
      onDrain: () => undefined,
      onEnd: (error) =>
        resolve({
          received,
          error,
          sentBytes: transport.sentBytes,
          receivedBytes: transport.receivedBytes,
        }),
    });
    transport.write(Buffer.from("hi"));
  });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ZamError, String(error));
    return error.code;
  }
  return "none";
}

describe("a clinic and its hub", () => {
  test("each knows the other by its certificate", async () => {
    const at = await startHub();
    const connected = await connectTo(at);
    const { received } = await talk(connected);
    await at.server.close();
    assert.equal(received, "hello");
    assert.deepEqual(connected.peer, {
      nodeId: "hub",
      role: "hub",
      keyFingerprint: hub.info.keyFingerprint,
    });
    const [peer] = at.peers;
    assert.equal(peer?.peer.nodeId, "clinic_a");
    assert.equal(peer.peer.role, "clinic");
    assert.deepEqual(peer.peer.keyFingerprint, clinic.info.keyFingerprint);
    assert.equal(peer.certDaysLeft, 3649);
    assert.equal(connected.isResumed, false);
  });

  test("resume with a ticket that outlives the hub's process, and know each other still", async (t) => {
    const folder = join(scratch.dir, "tickets-1");
    const tickets = createTicketStore(folder, clinic);
    const first = await startHub();
    const full = await talk(await connectTo(first, { tickets }));
    await first.server.close();
    await tickets.settled();
    const second = await startHub();
    const address = { host: "127.0.0.1", port: second.server.address.port };
    const stored = tickets.load(`127.0.0.1:${first.server.address.port}`);
    assert.ok(stored);
    tickets.save(`127.0.0.1:${address.port}`, stored);
    await tickets.settled();
    const reopened = createTicketStore(folder, clinic);
    const connected = await connectTo(second, { tickets: reopened });
    const resumed = await talk(connected);
    await second.server.close();
    assert.equal(connected.isResumed, true);
    assert.equal(connected.peer.nodeId, "hub");
    assert.deepEqual(connected.peer.keyFingerprint, hub.info.keyFingerprint);
    assert.equal(second.peers[0]?.isResumed, true);
    assert.equal(second.peers[0].peer.nodeId, "clinic_a");
    assert.deepEqual(second.peers[0].peer.keyFingerprint, clinic.info.keyFingerprint);
    for (const name of readdirSync(folder)) {
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    }
    t.diagnostic(`full: ${full.sentBytes} up, ${full.receivedBytes} down`);
    t.diagnostic(`resumed: ${resumed.sentBytes} up, ${resumed.receivedBytes} down`);
    // 2 and 5 bytes of talk and the closing alerts included.
    assert.ok(full.sentBytes < 1_980 && full.receivedBytes < 3_100, JSON.stringify(full));
    assert.ok(resumed.sentBytes < 910 && resumed.receivedBytes < 270, JSON.stringify(resumed));
  });

  test("resume only until the certificate is renewed or the ticket is damaged", async () => {
    const at = await startHub();
    const address = `127.0.0.1:${at.server.address.port}`;
    const folder = join(scratch.dir, "tickets-2");
    const tickets = createTicketStore(folder, clinic);
    await talk(await connectTo(at, { tickets }));
    await tickets.settled();
    assert.ok(tickets.load(address));
    const renewed = createTicketStore(folder, { ...clinic, certificateFingerprint: "00" });
    assert.equal(renewed.load(address), undefined);
    for (const garbage of ["", "null", "{", '{"version":1}', "x".repeat(100_000)]) {
      const name = createHash("sha256").update(address).digest("hex").slice(0, 32);
      writeFileSync(join(folder, name), garbage);
      assert.equal(tickets.load(address), undefined);
    }
    const connected = await connectTo(at, { tickets });
    await talk(connected);
    await at.server.close();
    assert.equal(connected.isResumed, false);
  });

  test("fall back to a full handshake when the hub has another ticket key, and resume again after", async () => {
    const tickets = createTicketStore(join(scratch.dir, "tickets-3"), clinic);
    const first = await startHub();
    await talk(await connectTo(first, { tickets }));
    await tickets.settled();
    await first.server.close();
    const stored = tickets.load(`127.0.0.1:${first.server.address.port}`) ?? assert.fail();
    const second = await startHub({ ticketKey: new Uint8Array(48).fill(7) });
    tickets.save(`127.0.0.1:${second.server.address.port}`, stored);
    await tickets.settled();
    const seen: boolean[] = [];
    for (let round = 0; round < 3; round++) {
      const connected = await connectTo(second, { tickets });
      await talk(connected);
      await tickets.settled();
      seen.push(connected.isResumed);
    }
    await second.server.close();
    // The second is full too: it gets the hybrid secret that the first one lacked.
    assert.deepEqual(seen, [false, false, true]);
  });

  test("meet also when the clinic's clock says 1970 and the hub's certificate has expired", async () => {
    const hubDir = join(scratch.dir, "old", "hub");
    const credentials = await createHub(hubDir);
    const as = await createClinic(join(scratch.dir, "old", "clinic_o"), { hubDir });
    const farMs = credentials.info.notAfterMs + 86_400_000;
    const at = await startHub({ credentials, hubDir });
    for (const nowMs of [() => 0, () => farMs]) {
      const connected = await connectTo(at, { as, nowMs });
      assert.equal((await talk(connected)).received, "hello");
    }
    const late = await connectTo(at, { as, nowMs: () => farMs });
    late.transport.destroy();
    await at.server.close();
    assert.ok(late.certDaysLeft < 0);
  });
});

describe("a hub refuses", () => {
  test("a peer without a certificate by a TLS alert, and reads nothing", async () => {
    const at = await startHub();
    const code = await new Promise<string>((resolve) => {
      const tls = connectTlsSocket({
        port: at.server.address.port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
      });
      tls.on("secureConnect", () => tls.write("hi"));
      tls.on("data", () => resolve("it got data"));
      tls.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
    });
    await at.server.close();
    assert.equal(code, "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
    assert.deepEqual(
      at.reports.map((error) => `${error.code} ${String(error.context.reason)}`),
      ["Z406 it showed no certificate"],
    );
    assert.equal(at.peers.length + at.refused.length, 0);
  });

  test("a certificate of another CA; it learns that it is unknown there", async () => {
    const otherDir = join(scratch.dir, "other", "hub");
    await createHub(otherDir);
    const foreign = await createClinic(join(scratch.dir, "other", "clinic_a"), {
      hubDir: otherDir,
    });
    const at = await startHub();
    // Its own check of the hub is switched off, or it would not even get this far.
    const judge = createConnectingJudge({ authority: hub.authority, nowMs: Date.now });
    const { received, error } = await talk(await connectTo(at, { as: foreign, judge }));
    await at.server.close();
    assert.equal(received, "");
    assert.equal(error?.code, "Z320");
    assert.deepEqual(
      at.reports.map(({ code, context }) => `${code} ${String(context.problem)}`),
      ["Z316 its certificate comes from another CA"],
    );
    assert.equal(at.heard(), "");
    assert.equal(await codeOf(connectTo(at, { as: foreign })), "Z402", "the server is closed");
  });

  test("nobody is told that it is unknown when a hub merely dies or lets it go", async () => {
    for (const end of ["killed", "let go"] as const) {
      const raws: Socket[] = [];
      const at = await startHub({ onPeer: (peer) => at.peers.push(peer) });
      const through = createServer((socket) => {
        const onward = connect(at.server.address.port, "127.0.0.1");
        raws.push(socket, onward);
        socket.on("error", () => undefined);
        onward.on("error", () => undefined);
        socket.pipe(onward).pipe(socket);
      });
      await new Promise<void>((resolve) => through.listen(0, "127.0.0.1", () => resolve()));
      const bound = through.address();
      assert.ok(typeof bound === "object" && bound !== null);
      const address = { host: "127.0.0.1", port: bound.port };
      const connected = await connectTo(at, { address });
      const talking = talk(connected);
      while (at.peers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 30));
      // A killed process's sockets end with FIN, without a last TLS record.
      if (end === "killed") raws[0]?.end();
      else at.peers[0]?.transport.destroy();
      assert.equal((await talking).error?.code, "Z407", end);
      for (const raw of raws) raw.destroy();
      through.close();
      for (const peer of at.peers) peer.transport.destroy();
      await at.server.close();
    }
  });

  test("a clinic sees by itself that a hub has another CA", async () => {
    const otherDir = join(scratch.dir, "other-2", "hub");
    const other = await createHub(otherDir);
    const at = await startHub({ credentials: other, hubDir: otherDir });
    const code = await codeOf(connectTo(at));
    await at.server.close();
    assert.equal(code, "Z316");
    assert.equal(at.heard(), "");
  });

  test("an expired certificate with a reason, by the hub's clock, and parses nothing", async () => {
    const as = await createClinic(path("clinic_x"), { hubDir: path("hub"), days: 1 });
    const at = await startHub({ nowMs: () => Date.now() + 2 * 86_400_000 });
    const { received } = await talk(await connectTo(at, { as }));
    await at.server.close();
    assert.equal(received, "Z314");
    assert.deepEqual(
      at.refused.map(({ nodeId, error }) => [nodeId, error.code]),
      [["clinic_x", "Z314"]],
    );
    assert.equal(at.heard(), "");
  });

  test("a revoked certificate from the next connection on, resumed ones too, and nobody else", async () => {
    const stolen = await createClinic(path("clinic_s"), { hubDir: path("hub") });
    const tickets = createTicketStore(join(scratch.dir, "tickets-4"), stolen);
    const at = await startHub();
    assert.equal((await talk(await connectTo(at, { as: stolen, tickets }))).received, "hello");
    await tickets.settled();
    const waiting = at.nextPeer();
    const live = await connectTo(at, { as: stolen, tickets });
    assert.equal(live.isResumed, true);
    await waiting;
    assert.equal(at.server.recheck().length, 0);
    appendRevoked(path("hub"), {
      nodeId: "clinic_s",
      fingerprint: Buffer.from(stolen.info.keyFingerprint).toString("hex"),
      revokedAt: new Date().toISOString(),
      reason: "stolen",
    });
    assert.deepEqual(
      at.server.recheck().map(({ nodeId, error }) => [nodeId, error.code]),
      [["clinic_s", "Z315"]],
    );
    live.transport.destroy();
    const again = await connectTo(at, { as: stolen, tickets });
    assert.equal(again.isResumed, true, "this is the case that counts");
    const heardBefore = at.heard();
    assert.equal((await talk(again)).received, "Z315");
    assert.equal(at.heard(), heardBefore);
    assert.equal((await talk(await connectTo(at))).received, "hello");
    await at.server.close();
  });

  test("a peer that was revoked while it waited for a place", async () => {
    const as = await createClinic(path("clinic_q"), { hubDir: path("hub") });
    const at = await startHub({ limits: { maxPeers: 1 } });
    const first = await connectTo(at);
    while (at.peers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = talk(await connectTo(at, { as }));
    while (at.server.counts().waiting === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    appendRevoked(path("hub"), {
      nodeId: "clinic_q",
      fingerprint: Buffer.from(as.info.keyFingerprint).toString("hex"),
      revokedAt: new Date().toISOString(),
      reason: "stolen",
    });
    first.transport.destroy();
    assert.equal((await second).received, "Z315");
    assert.equal(at.heard(), "");
    await at.server.close();
  });

  test("bytes that are not TLS, and goes on", async () => {
    const at = await startHub();
    const { port } = at.server.address;
    for (const garbage of ["GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\xff\xff", "\0".repeat(70_000)]) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => socket.end(garbage));
        socket.on("error", () => undefined);
        socket.on("close", () => resolve());
        socket.resume();
      });
    }
    assert.equal((await talk(await connectTo(at))).received, "hello");
    await at.server.close();
    assert.equal(at.peers.length, 1);
  });
});

describe("a clinic refuses", () => {
  test("a clinic's certificate that answers as a hub, before it sends anything", async () => {
    const at = await startHub({ credentials: clinic });
    const as = await createClinic(path("clinic_b"), { hubDir: path("hub") });
    assert.equal(await codeOf(connectTo(at, { as })), "Z317");
    await at.server.close();
    assert.equal(at.heard(), "");
  });

  test("a hub with another id than asked for, also when it has a ticket", async () => {
    const at = await startHub();
    const tickets = createTicketStore(join(scratch.dir, "tickets-5"), clinic);
    await talk(await connectTo(at, { tickets }));
    await tickets.settled();
    assert.equal(await codeOf(connectTo(at, { tickets, expectedHubId: "hub_2" })), "Z318");
    await at.server.close();
  });
});

describe("time limits", () => {
  async function silentServer(): Promise<{ port: number; stop: () => void; sockets: Socket[] }> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      sockets.push(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const stop = (): void => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    return { port: address.port, stop, sockets };
  }

  const judge = (): never => assert.fail("there is nothing to judge");

  test("end a handshake with a silent server", async () => {
    const silent = await silentServer();
    const address = { host: "127.0.0.1", port: silent.port };
    const options = { address, credentials: clinic, judge, handshakeTimeoutMs: 150 };
    assert.equal(await codeOf(connectTls(options)), "Z405");
    silent.stop();
  });

  test("and a call from outside ends it at once", async () => {
    const silent = await silentServer();
    const address = { host: "127.0.0.1", port: silent.port };
    const { signal } = { signal: AbortSignal.timeout(50) };
    assert.equal(await codeOf(connectTls({ address, credentials: clinic, judge, signal })), "Z401");
    silent.stop();
  });

  test("a closed port and an unknown name have codes of their own", async () => {
    const silent = await silentServer();
    silent.stop();
    const base = { credentials: clinic, judge };
    const address = { host: "127.0.0.1", port: silent.port };
    assert.equal(await codeOf(connectTls({ ...base, address })), "Z402");
    const nowhere = { host: "no-such-host.invalid", port: 7700 };
    assert.equal(await codeOf(connectTls({ ...base, address: nowhere })), "Z403");
  });

  test("end a session whose peer falls silent", async () => {
    const at = await startHub({ idleTimeoutMs: 200, onPeer: (peer) => at.peers.push(peer) });
    const connected = await connectTo(at, { idleTimeoutMs: 100 });
    const { error } = await talk(connected);
    assert.equal(error?.code, "Z408");
    await at.server.close();
  });

  test("64 silent connections do not delay a clinic, and are gone in time", async () => {
    const at = await startHub({ limits: { handshakeTimeoutMs: 1_500 } });
    const { port } = at.server.address;
    let closed = 0;
    const silent = Array.from({ length: 64 }, () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.on("close", () => closed++);
      return socket;
    });
    await Promise.all(
      silent.map((socket) => new Promise((resolve) => socket.on("connect", resolve))),
    );
    const startedMs = performance.now();
    assert.equal((await talk(await connectTo(at))).received, "hello");
    assert.ok(performance.now() - startedMs < 1_000);
    await Promise.all(
      silent.map(
        (socket) =>
          new Promise<void>((resolve) => {
            if (socket.destroyed) resolve();
            else socket.on("close", () => resolve());
          }),
      ),
    );
    assert.equal(closed, 64);
    assert.ok(at.reports.some(({ code }) => code === "Z411"));
    await at.server.close();
  });

  test("with one place, a second clinic waits, and comes in when the first is idle or gone", async () => {
    const as = await createClinic(path("clinic_w"), { hubDir: path("hub") });
    const at = await startHub({ limits: { maxPeers: 1 } });
    const first = await connectTo(at);
    while (at.peers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = talk(await connectTo(at, { as }));
    while (at.server.counts().waiting === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(at.peers.length, 1);
    at.peers[0]?.becameIdle();
    assert.equal((await second).received, "hello");
    first.transport.destroy();
    await at.server.close();
  });
});

describe("a transport", () => {
  test("carries megabytes with a bounded queue", async () => {
    let got = 0;
    const at = await startHub({
      onPeer: ({ transport }) =>
        transport.listen({
          onBytes: (bytes) => {
            got += bytes.length;
          },
          onDrain: () => undefined,
          onEnd: () => undefined,
        }),
    });
    const fast = await connectTo(at);
    const total = 2_000_000;
    let sent = 0;
    let queuedMax = 0;
    await new Promise<void>((resolve) => {
      const pump = (): void => {
        while (sent < total && fast.transport.queuedBytes < 16_384) {
          fast.transport.write(new Uint8Array(10_000));
          sent += 10_000;
          queuedMax = Math.max(queuedMax, fast.transport.queuedBytes);
        }
        if (sent >= total) fast.transport.close();
      };
      fast.transport.listen({ onBytes: () => undefined, onDrain: pump, onEnd: () => resolve() });
      pump();
    });
    assert.equal(got, total);
    assert.ok(queuedMax < 27_000, String(queuedMax));
    await at.server.close();
  });
});

test("the ticket key is made once, 0600, and made anew when it is damaged", () => {
  const first = readOrCreateTicketKey(path("clinic_a"));
  assert.deepEqual(readOrCreateTicketKey(path("clinic_a")), first);
  const file = nodeFiles(path("clinic_a")).ticketKey;
  assert.equal(statSync(file).mode & 0o777, 0o600);
  writeFileSync(file, "garbage");
  assert.notDeepEqual(readOrCreateTicketKey(path("clinic_a")), first);
});
