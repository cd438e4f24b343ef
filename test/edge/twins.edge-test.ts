/** The small device's host beside Node: each reads what the other wrote. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe } from "node:test";
import { bytesToHex, hexToBytes } from "../../src/core/bytes.ts";
import { connectTls, createTlsServer, type TicketStore } from "../../src/network/index.ts";
import {
  type Credentials,
  createAcceptingJudge,
  createConnectingJudge,
} from "../../src/pki/index.ts";
import { zstdSmall } from "../../src/core/codec/codecs.ts";
import { nodeCompressor } from "../../src/storage/node-compressor.ts";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import { createClinic, createHub, createScratch, type Scratch } from "../identities.ts";
import { createGuest, type Guest, resultOf, testsOver, variant } from "./runner.ts";

/** The host, with a hub's and a clinic's credentials. */
interface Twins {
  readonly guest: Guest;
  readonly scratch: Scratch;
  readonly hub: Credentials;
  readonly clinic: Credentials;
  /** Script of a node that does nothing but TLS. */
  readonly tlsPeer: string;
  dispose(): void;
}

const twinTest = testsOver(createTwins);

async function createTwins(): Promise<Twins | string> {
  const guest = await createGuest();
  if (typeof guest === "string") return guest;
  const scratch = createScratch();
  const hubDir = join(scratch.dir, "hub");
  return {
    guest,
    scratch,
    hub: await createHub(hubDir),
    clinic: await createClinic(join(scratch.dir, "clinic_a"), { hubDir }),
    tlsPeer: await guest.compile('import "./test/edge/guest/tls-peer.ts";'),
    dispose() {
      guest.dispose();
      scratch.remove();
    },
  };
}

/** A folder with one node's credentials as the guest wants them. */
function folderOf(guest: Guest, credentials: Credentials, name: string): string {
  const folder = join(guest.folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "key.pem"), credentials.keyPem);
  writeFileSync(join(folder, "node.pem"), credentials.certificatePem);
  writeFileSync(join(folder, "ca.pem"), credentials.authorityPem);
  return folder;
}

interface Told {
  readonly what: string;
  readonly isResumed: boolean;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly error: string;
  readonly peer: {
    readonly uri: string;
    readonly isIssued: boolean;
    readonly keyFingerprint: string;
  } | null;
}

async function runClient(
  { guest, clinic, tlsPeer }: Twins,
  port: number,
  ticketFile: string,
): Promise<readonly Told[]> {
  const ran = await guest.run(tlsPeer, [
    "client",
    folderOf(guest, clinic, "clinic"),
    String(port),
    ticketFile,
  ]);
  assert.equal(ran.errors, "");
  return ran.lines.map((line) => JSON.parse(line) as Told);
}

/** A hub on the guest; `told` gathers what it says. */
async function startServer({ guest, hub, tlsPeer }: Twins): Promise<{
  readonly port: number;
  readonly told: Told[];
  stop(): Promise<void>;
}> {
  const child = guest.start(tlsPeer, ["server", folderOf(guest, hub, "hub")]);
  const ended = resultOf(child);
  assert.ok(child.stdout);
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, "line")) as [string];
  const told: Told[] = [];
  lines.on("line", (line: string) => told.push(JSON.parse(line) as Told));
  return {
    port: (JSON.parse(first) as { port: number }).port,
    told,
    async stop() {
      child.kill("SIGTERM");
      const { status, errors } = await ended;
      assert.equal(errors, "");
      assert.equal(status, 0, "SIGTERM ends it");
    },
  };
}

/** Tickets of one address, in memory. */
function memoryTickets(): TicketStore {
  let kept: Parameters<TicketStore["save"]>[1] | undefined;
  return {
    load: () => kept,
    save: (_address, ticket) => {
      kept = ticket;
    },
    forget: () => {
      kept = undefined;
    },
    settled: () => Promise.resolve(),
  };
}

/** One connection of a clinic on Node: says "ping", returns how it went. */
async function connectFromNode(
  clinic: Credentials,
  port: number,
  tickets: TicketStore,
): Promise<{ readonly isResumed: boolean; readonly peer: string; readonly answer: string }> {
  const connected = await connectTls({
    address: { host: "127.0.0.1", port },
    credentials: clinic,
    judge: createConnectingJudge({ authority: clinic.authority, nowMs: Date.now }),
    tickets,
  });
  const answer = await new Promise<string>((resolve, reject) => {
    connected.transport.listen({
      onBytes: (bytes) => resolve(Buffer.from(bytes).toString()),
      onDrain: () => undefined,
      onEnd: (error) => reject(error ?? new Error("it ended without an answer")),
    });
    connected.transport.write(Buffer.from("ping"));
  });
  connected.transport.close();
  return { isResumed: connected.isResumed, peer: connected.peer.nodeId, answer };
}

describe(`the small device's host beside Node (${variant})`, () => {
  twinTest(
    "each decompresses what the other compressed, with and without a dictionary",
    async ({ guest }) => {
      const random = createSeededRandom(20261126);
      const blocks = Array.from({ length: 40 }, (_, at) => {
        const words = Array.from({ length: at * 7 }, () => `visit ${random.below(9)} `).join("");
        const history = Buffer.from("visit 1 visit 2 visit 3 ".repeat(at * 90));
        return {
          bytes: Buffer.from(words),
          dictionary: history.subarray(0, at % 3 === 0 ? 0 : undefined),
        };
      });
      const trained = Buffer.concat([
        Buffer.from([0x37, 0xa4, 0x30, 0xec]),
        Buffer.from("visit 1 visit 2"),
      ]);
      blocks.push({ bytes: Buffer.from("visit 1 visit 2 visit 3"), dictionary: trained });
      const asks = blocks.flatMap(({ bytes, dictionary }) => {
        const common = { dictionary: bytesToHex(dictionary) };
        const compressed = nodeCompressor.compress(bytes, dictionary, zstdSmall);
        return [
          { ...common, bytes: bytesToHex(bytes) },
          { ...common, bytes: bytesToHex(compressed), sizeBytes: bytes.length },
          { ...common, bytes: bytesToHex(compressed), sizeBytes: bytes.length + 1 },
          { ...common, bytes: "fd00", sizeBytes: 100 },
        ];
      });
      const path = join(guest.folder, "asks");
      writeFileSync(path, asks.map((ask) => JSON.stringify(ask)).join("\n"));
      const script = await guest.compile('import "./test/edge/guest/blocks.ts";');
      const ran = await guest.run(script, [path]);
      assert.equal(ran.errors, "");
      assert.equal(ran.lines.length, asks.length);
      let hostBytes = 0;
      let nodeBytes = 0;
      for (const [at, { bytes, dictionary }] of blocks.entries()) {
        const [compressed = "", back, longer, garbage] = ran.lines.slice(at * 4, at * 4 + 4);
        const input = { dictionary, sizeBytes: bytes.length };
        const opened = nodeCompressor.decompress(hexToBytes(compressed.slice(1)) ?? bytes, input);
        assert.equal(Buffer.from(opened ?? []).toString(), bytes.toString());
        const onNode = nodeCompressor.compress(bytes, dictionary, zstdSmall);
        hostBytes += (compressed.length - 1) / 2;
        nodeBytes += onNode.length;
        assert.equal(back, `=${bytesToHex(bytes)}`);
        assert.deepEqual([longer, garbage], ["refused", "refused"]);
      }
      const difference = Math.abs(hostBytes - nodeBytes) / nodeBytes;
      assert.ok(difference < 0.02, `of the same window ${hostBytes} and ${nodeBytes} bytes`);
    },
  );

  twinTest("a clinic on the host reaches a hub on Node, and resumes", async (twins) => {
    const { guest, hub } = twins;
    const resumed: boolean[] = [];
    const server = await createTlsServer({
      bind: { host: "127.0.0.1", port: 0 },
      credentials: hub,
      ticketKey: new Uint8Array(48).fill(3),
      judge: createAcceptingJudge({
        authority: hub.authority,
        nowMs: Date.now,
        isRevoked: () => false,
      }),
      onPeer: ({ peer, isResumed, transport }) => {
        assert.equal(peer.nodeId, "clinic_a");
        resumed.push(isResumed);
        transport.listen({
          onBytes: (bytes) => transport.write(bytes),
          onDrain: () => undefined,
          onEnd: () => undefined,
        });
      },
      onRefused: () => assert.fail("nobody is refused"),
    });
    const ticketFile = join(guest.folder, "ticket-of-node");
    const first = await runClient(twins, server.address.port, ticketFile);
    assert.equal(first[0]?.peer?.uri, "urn:zamsync:node:hub");
    assert.equal(first[1]?.what, "answer ping");
    const second = await runClient(twins, server.address.port, ticketFile);
    assert.equal(second[1]?.what, "answer ping");
    assert.deepEqual(resumed, [false, true]);
    assert.ok((second[0]?.receivedBytes ?? 0) < (first[0]?.receivedBytes ?? 0) / 2);
    await server.close();
  });

  twinTest(
    "a hub on the host serves a clinic on Node, and knows it again by its ticket",
    async (twins) => {
      const server = await startServer(twins);
      const tickets = memoryTickets();
      const first = await connectFromNode(twins.clinic, server.port, tickets);
      assert.deepEqual(first, { isResumed: false, peer: "hub", answer: "ping" });
      const second = await connectFromNode(twins.clinic, server.port, tickets);
      assert.equal(second.isResumed, true);
      // All that it told has come once it has ended.
      await server.stop();
      const secured = server.told.filter(({ what }) => what === "secured");
      assert.equal(secured[0]?.peer?.uri, "urn:zamsync:node:clinic_a");
      assert.deepEqual(secured[1]?.peer, secured[0]?.peer, "the identity comes with the ticket");
    },
  );

  twinTest("host and host, first in full, then resumed with the same identity", async (twins) => {
    const server = await startServer(twins);
    const ticketFile = join(twins.guest.folder, "ticket-of-host");
    for (let round = 0; round < 3; round++) {
      const told = await runClient(twins, server.port, ticketFile);
      assert.equal(told[1]?.what, "answer ping");
    }
    const secured = server.told.filter(({ what }) => what === "secured");
    assert.deepEqual(
      secured.map(({ isResumed, peer }) => [isResumed, peer?.uri]),
      [
        [false, "urn:zamsync:node:clinic_a"],
        [true, "urn:zamsync:node:clinic_a"],
        [true, "urn:zamsync:node:clinic_a"],
      ],
    );
    await server.stop();
  });

  twinTest(
    "whether our CA signed a peer's certificate is known after the handshake",
    async (twins) => {
      const { guest, hub, tlsPeer, scratch } = twins;
      const server = await startServer(twins);
      const other = await createHub(join(scratch.dir, "other_hub"));
      const folder = folderOf(guest, { ...other, authorityPem: hub.authorityPem }, "stranger");
      const ran = await guest.run(tlsPeer, [
        "client",
        folder,
        String(server.port),
        join(guest.folder, "no-ticket"),
      ]);
      const told = ran.lines.map((line) => JSON.parse(line) as Told);
      assert.equal(told[0]?.peer?.isIssued, true, "the hub's was signed by the CA it was given");
      const stranger = server.told.find(({ what }) => what === "secured");
      assert.equal(stranger?.peer?.uri, "urn:zamsync:node:other_hub");
      assert.equal(stranger?.peer?.isIssued, false);
      await server.stop();
    },
  );

  twinTest("a command that cannot be started is over at once, as on Node", async ({ guest }) => {
    const script = await guest.compile(`
      import "./src/edge/node/globals.ts";
      import { host } from "./src/edge/host-functions.ts";
      import { runChild, serveChild } from "./src/torture/children.ts";
      const options = { entry: "", wrapper: ["/nowhere/prlimit"] };
      const tell = (error) => host.print(1, (error.code ?? error) + "\\n");
      runChild(["version"], options).catch(tell);
      serveChild(["/nowhere/hub"], options).catch(tell);
    `);
    const startedMs = performance.now();
    const ran = await guest.run(script);
    assert.deepEqual([ran.lines, ran.errors, ran.status], [["ENOENT", "ENOENT"], "", 0]);
    assert.ok(performance.now() - startedMs < 30_000, "nothing waits for its minute");
  });
});
