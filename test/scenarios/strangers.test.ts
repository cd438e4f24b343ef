/**
 * Peers that do not belong: without a certificate, with a self-signed one, with one
 * from another CA, with an expired one: refused before any application data, with a
 * reason on both sides. And a clinic that poses as the hub is refused by the clinic.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as x509 from "@peculiar/x509";
import {
  describe,
  digest,
  errorOf,
  makeFleet,
  numbered,
  pushAll,
  runOk,
  scratchDir,
  serveHub,
  sync,
  syncOk,
} from "./harness.ts";
import type { Fleet, Serving } from "./harness.ts";

interface Received {
  readonly data: Buffer;
  readonly error: string;
}

/** Connects by hand, says something, and listens until the hub closes. */
async function approach(port: number, options: ConnectionOptions): Promise<Received> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    minVersion: "TLSv1.3",
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...options,
  });
  const chunks: Buffer[] = [];
  let error = "";
  socket.on("data", (bytes: Buffer) => chunks.push(bytes));
  socket.on("error", (cause: NodeJS.ErrnoException) => {
    error = `${cause.code ?? ""} ${cause.message}`;
  });
  socket.on("secureConnect", () => socket.write("is anybody there?"));
  await new Promise((resolve) => socket.on("close", resolve));
  return { data: Buffer.concat(chunks), error };
}

/** A self-signed certificate that claims to be clinic_a. */
async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=clinic_a",
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2040-01-01"),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: "url", value: "urn:zamsync:node:clinic_a" },
      ]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const pem = x509.PemConverter.encode(key, "PRIVATE KEY");
  return { key: pem, cert: certificate.toString("pem") };
}

/** What the hub said about its n-th refusal. */
async function refusal(hub: Serving, count: number): Promise<string> {
  await hub.until(() => hub.reports().length >= count);
  const { code, message } = hub.reports()[count - 1] ?? {};
  assert.match(code ?? "", /^Z[34]/);
  return `${code} ${message}`;
}

test("strangers get no application data, and the hub says why", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  await pushAll(fleet.clinic("clinic_a"), numbered(5));
  await syncOk(fleet.clinic("clinic_a"), hub.address);
  const foreign = await makeForeign(t);
  const strangers: Readonly<Record<string, ConnectionOptions>> = {
    "no certificate": {},
    "a self-signed certificate": await selfSigned(),
    "a certificate of another CA": tlsFiles(foreign.clinic("clinic_a")),
  };
  let count = 0;
  for (const [name, options] of Object.entries(strangers)) {
    const { data, error } = await approach(hub.port, options);
    assert.equal(data.length, 0, `${name}: ${data.length} bytes of application data`);
    t.diagnostic(`${name}: there "${error.trim()}"; here ${await refusal(hub, ++count)}`);
  }
  assert.equal((await digest(fleet.hub)).length, 5);
  await hub.stop();
});

test("a clinic signed by another CA is told why by its own sync", async (t) => {
  const fleet = await makeFleet(t);
  const foreign = await makeForeign(t);
  const hub = await serveHub(t, fleet.hub);
  await pushAll(foreign.clinic("clinic_a"), numbered(3));
  const { ran } = await sync(foreign.clinic("clinic_a"), hub.address, {
    args: ["--timeout", "3s"],
  });
  assert.equal(ran.status, 4, describe(ran));
  assert.match(errorOf(ran)?.code ?? "", /^Z3/);
  assert.deepEqual(await digest(fleet.hub), []);
  await hub.stop();
});

test("a clinic that signed its own certificate is refused, and hears of it", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(3));
  await replaceCertificate(fleet, { isSelfSigned: true });
  const hub = await serveHub(t, fleet.hub);
  const { ran } = await sync(clinic, hub.address, { args: ["--timeout", "3s"] });
  assert.notEqual(ran.status, 0, describe(ran));
  assert.match(errorOf(ran)?.message ?? "", /sign|certificate/i, describe(ran));
  if (hub.reports().length > 0) t.diagnostic(await refusal(hub, 1));
  assert.deepEqual(await digest(fleet.hub), []);
  await hub.stop();
});

test("a clinic whose certificate has expired is told so by both sides", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(3));
  await replaceCertificate(fleet, { isSelfSigned: false });
  const hub = await serveHub(t, fleet.hub);
  const { ran } = await sync(clinic, hub.address, { args: ["--timeout", "3s"] });
  assert.equal(ran.status, 4, `the hub refused: ${describe(ran)}`);
  assert.match(errorOf(ran)?.message ?? "", /expire/i);
  assert.match(await refusal(hub, 1), /expire/i);
  assert.deepEqual(await digest(fleet.hub), []);
  await hub.stop();
});

test("a clinic's certificate does not make a hub", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  await pushAll(fleet.clinic("clinic_a"), numbered(3));
  let applicationBytes = 0;
  const victims: TLSSocket[] = [];
  const impostor = createServer(
    { ...tlsFiles(fleet.clinic("clinic_b")), requestCert: true, minVersion: "TLSv1.3" },
    (socket) => {
      victims.push(socket);
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => {
        applicationBytes += bytes.length;
      });
    },
  );
  impostor.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const victim of victims) victim.destroy();
    impostor.close();
  });
  const { port } = impostor.address() as AddressInfo;
  const { ran } = await sync(fleet.clinic("clinic_a"), `127.0.0.1:${port}`, {
    args: ["--timeout", "3s"],
  });
  assert.equal(ran.status, 4, describe(ran));
  assert.match(errorOf(ran)?.code ?? "", /^Z3/);
  assert.equal(applicationBytes, 0, "not even a HELLO went to the impostor");
});

function tlsFiles(dir: string): { key: Buffer; cert: Buffer; ca: Buffer } {
  const file = (name: string) => readFileSync(join(dir, "tls", name));
  return { key: file("node.key"), cert: file("node.crt"), ca: file("ca.crt") };
}

/** A clinic of the same name under another hub's CA. */
async function makeForeign(t: Parameters<typeof scratchDir>[0]): Promise<Fleet> {
  const dir = await scratchDir(t);
  await runOk(["keygen", join(dir, "hub"), "--hub"]);
  await runOk(["keygen", join(dir, "clinic_a")]);
  await runOk(["sign", join(dir, "clinic_a", "tls", "node.csr"), "--ca", join(dir, "hub")]);
  return { dir, hub: join(dir, "hub"), clinic: (name) => join(dir, name) };
}

/** Gives the clinic a certificate for its true key: of its hub's CA but expired, or signed by itself. */
async function replaceCertificate(
  fleet: Fleet,
  { isSelfSigned }: { readonly isSelfSigned: boolean },
): Promise<void> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const dir = fleet.clinic("clinic_a");
  const old = new x509.X509Certificate(readFileSync(join(dir, "tls", "node.crt")));
  const authority = new x509.X509Certificate(readFileSync(join(fleet.hub, "ca", "ca.crt")));
  const keyPath = isSelfSigned ? join(dir, "tls", "node.key") : join(fleet.hub, "ca", "ca.key");
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(readFileSync(keyPath, "utf8")),
    algorithm,
    false,
    ["sign"],
  );
  const replaced = await x509.X509CertificateGenerator.create({
    serialNumber: old.serialNumber,
    subject: old.subject,
    issuer: isSelfSigned ? old.subject : authority.subject,
    notBefore: new Date("2020-01-01"),
    notAfter: new Date(isSelfSigned ? "2040-01-01" : "2021-01-01"),
    signingKey,
    publicKey: old.publicKey,
    signingAlgorithm: algorithm,
    extensions: old.extensions,
  });
  await writeFile(join(dir, "tls", "node.crt"), `${replaced.toString("pem")}\n`);
}
