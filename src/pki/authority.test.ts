import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, webcrypto, X509Certificate } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as x509 from "@peculiar/x509";
import fc from "fast-check";
import { ZamError } from "../core/errors/zam-error.ts";
import { createAuthority, promoteToHub, type SignedCertificate, signCsr } from "./authority.ts";
import {
  encodeBundle,
  installBundle,
  readCertificateInfo,
  readCredentials,
  writeBesideCsr,
} from "./bundle.ts";
import { createAcceptingJudge, isIssuedBy } from "./certificate.ts";
import { keyFingerprintOf } from "./key-fingerprint.ts";
import { createIdentity } from "./identity.ts";
import { listIssued } from "./issued.ts";
import { nodeFiles } from "./node-files.ts";
import { appendRevoked, listRevoked, openRevocationList } from "./revocation.ts";
import { createCsr } from "./x509.ts";

const nowMs = Date.UTC(2026, 5, 1);
const dayMs = 86_400_000;
let dir: string;
let hubDir: string;

before(async () => {
  dir = mkdtempSync(join(tmpdir(), "zamsync-ca-"));
  hubDir = join(dir, "hub");
  await createIdentity({ dir: hubDir, role: "hub", nowMs });
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function code(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    assert.ok(error instanceof ZamError, String(error));
    return error.code;
  }
  return "none";
}

async function csrOf(folder: string, nodeId = folder): Promise<string> {
  await createIdentity({ dir: join(dir, folder), nodeId, nowMs });
  return readFileSync(nodeFiles(join(dir, folder)).csr, "utf8");
}

function sign(csrPem: string, more: object = {}): Promise<SignedCertificate> {
  return signCsr({ hubDir, csrPem, csrPath: "node.csr", nowMs, ...more });
}

function hexOf(pem: string): string {
  return Buffer.from(keyFingerprintOf(new X509Certificate(pem))).toString("hex");
}

describe("signing", () => {
  test("gives a clinic a certificate for clients only, valid since 1970 and for ten years", async () => {
    const signed = await sign(await csrOf("clinic_a"));
    const certificate = new X509Certificate(signed.certificatePem);
    assert.equal(certificate.subjectAltName, "URI:urn:zamsync:node:clinic_a");
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
    assert.equal(Date.parse(certificate.validFrom), 0);
    assert.equal(Date.parse(certificate.validTo), nowMs + 3650 * dayMs);
    assert.equal(certificate.ca, false);
    assert.ok(
      certificate.raw.length < 400,
      `${certificate.raw.length} bytes travel in each handshake`,
    );
    const row = listIssued(hubDir).at(-1);
    assert.deepEqual(
      [row?.nodeId, row?.serial, row?.fingerprint, row?.role],
      ["clinic_a", signed.serial, hexOf(signed.certificatePem), "clinic"],
    );
    const own = new X509Certificate(readFileSync(nodeFiles(hubDir).certificate));
    assert.deepEqual(own.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    const authority = new X509Certificate(readFileSync(nodeFiles(hubDir).authorityCertificate));
    assert.equal(Date.parse(authority.validFrom), 0);
    assert.ok(isIssuedBy(certificate, authority) && isIssuedBy(own, authority));
  });

  test("makes what another implementation accepts", async (t) => {
    if (spawnSync("openssl", ["version"]).status !== 0)
      return t.skip("there is no openssl command");
    const csrPem = await csrOf("clinic_o");
    const signed = await sign(csrPem);
    const files = { csr: join(dir, "o.csr"), crt: join(dir, "o.crt"), ca: join(dir, "o.ca") };
    writeFileSync(files.csr, csrPem);
    writeFileSync(files.crt, signed.certificatePem);
    writeFileSync(files.ca, signed.authorityPem);
    const text = execFileSync("openssl", [
      ..."verify -purpose sslclient -CAfile".split(" "),
      files.ca,
      files.crt,
    ]).toString();
    assert.match(text, /OK/);
    const server = spawnSync("openssl", [
      "verify",
      "-purpose",
      "sslserver",
      "-CAfile",
      files.ca,
      files.crt,
    ]);
    assert.notEqual(server.status, 0);
    const request = spawnSync("openssl", ["req", "-in", files.csr, "-verify", "-noout"]);
    assert.equal(request.status, 0, request.stderr.toString());
  });

  test("renews for the same key, refuses an id under another, and replaces when told to", async () => {
    const csrPem = await csrOf("clinic_r");
    const first = await sign(csrPem);
    const renewed = await sign(csrPem);
    assert.notEqual(renewed.serial, first.serial);
    const other = await csrOf("clinic_r2", "clinic_r");
    const issuedBefore = listIssued(hubDir).length;
    assert.equal(await code(() => sign(other)), "Z309");
    assert.equal(listIssued(hubDir).length, issuedBefore);
    const list = openRevocationList({ hubDir });
    const oldKey = keyFingerprintOf(new X509Certificate(first.certificatePem));
    assert.equal(list.isRevoked(oldKey), false);
    const replaced = await sign(other, { replace: true });
    assert.deepEqual(replaced.revoked, [hexOf(first.certificatePem)]);
    assert.equal(list.isRevoked(oldKey), true);
    assert.equal(
      list.isRevoked(keyFingerprintOf(new X509Certificate(replaced.certificatePem))),
      false,
    );
    assert.equal(
      await code(() => sign(csrPem, { replace: true })),
      "Z322",
      "the old key is gone for good",
    );
    await sign(other);
  });

  test("never gives away the hub's own id, not even with replace", async () => {
    const csrPem = await csrOf("posing", "hub");
    assert.equal(await code(() => sign(csrPem)), "Z309");
    assert.equal(await code(() => sign(csrPem, { replace: true })), "Z309");
    assert.deepEqual(
      listRevoked(hubDir).filter(({ nodeId }) => nodeId === "hub"),
      [],
    );
  });

  test("refuses a request whose signature, key, name or size is wrong", async () => {
    const csrPem = await csrOf("clinic_w");
    const der = Buffer.from(csrPem.replace(/-----.*-----|\s/g, ""), "base64");
    const toPem = (bytes: Uint8Array): string =>
      `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(bytes).toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
    assert.equal((await sign(toPem(der))).nodeId, "clinic_w");
    const renamed = Buffer.from(
      der.toString("latin1").replaceAll("clinic_w", "clinic_v"),
      "latin1",
    );
    assert.equal(await code(() => sign(toPem(renamed))), "Z308");
    for (let at = 0; at < der.length; at += 7) {
      const flipped = Buffer.from(der);
      flipped[at] = (flipped[at] ?? 0) ^ 0x01;
      const result = await code(() => sign(toPem(flipped)));
      assert.ok(result === "Z308" || result === "Z307", `byte ${at}: ${result}`);
    }
    for (const text of ["", "garbage", csrPem.slice(0, 200), csrPem + "x".repeat(20_000)]) {
      assert.equal(await code(() => sign(text)), "Z308");
    }
    const keyPem = readFileSync(nodeFiles(join(dir, "clinic_w")).key, "utf8");
    assert.equal(
      await code(async () => sign(await createCsr({ nodeId: "Not Legal", keyPem }))),
      "Z307",
    );
  });

  test("any bytes for a request give a code", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const body = Buffer.from(bytes).toString("base64");
        const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`;
        assert.equal(await code(() => sign(pem)), "Z308");
        assert.equal(await code(() => sign(Buffer.from(bytes).toString("latin1"))), "Z308");
      }),
      { numRuns: 60 },
    );
    const nested = Buffer.alloc(12_000);
    for (let at = 0; at < nested.length - 4; at += 4) {
      nested.set([0x30, 0x82, (nested.length - at - 4) >> 8, (nested.length - at - 4) & 255], at);
    }
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${nested.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
    assert.equal(await code(() => sign(pem)), "Z308");
  });

  test("needs a CA, and says which file of it is damaged", async () => {
    const csrPem = await csrOf("clinic_n");
    const at = join(dir, "clinic_n");
    assert.equal(await code(() => signCsr({ hubDir: at, csrPem, csrPath: "x", nowMs })), "Z310");
    const broken = join(dir, "broken-hub");
    await createIdentity({ dir: broken, role: "hub", nowMs });
    const files = nodeFiles(broken);
    const other = readFileSync(nodeFiles(hubDir).authorityKey);
    const good = readFileSync(files.authorityKey);
    for (const content of [other, "garbage", ""]) {
      writeFileSync(files.authorityKey, content);
      assert.equal(
        await code(() => signCsr({ hubDir: broken, csrPem, csrPath: "x", nowMs })),
        "Z319",
      );
    }
    writeFileSync(files.authorityKey, good);
    writeFileSync(files.issued, '{"nodeId":\n');
    assert.equal(
      await code(() => signCsr({ hubDir: broken, csrPem, csrPath: "x", nowMs })),
      "Z319",
    );
  });

  test("at a hub whose clock says 1970, a certificate is not expired in the real world", async () => {
    const signed = await sign(await csrOf("clinic_70"), { nowMs: 0, days: 30 });
    assert.equal(signed.notAfterMs, Date.UTC(2026, 0, 31));
  });

  test("takes only whole days within bounds", async () => {
    const csrPem = await csrOf("clinic_d");
    for (const days of [0, -1, 1.5, 40_000, Number.NaN]) {
      assert.equal(await code(() => sign(csrPem, { days })), "Z102");
    }
  });
});

describe("a hub", () => {
  test("is made of a node that was never signed, once; never of a signed clinic", async () => {
    const plain = join(dir, "plain");
    await createIdentity({ dir: plain, nowMs });
    assert.equal(readCertificateInfo(plain, nowMs), undefined);
    assert.equal(await promoteToHub({ dir: plain, nodeId: "plain", nowMs }), true);
    assert.equal(await promoteToHub({ dir: plain, nodeId: "plain", nowMs }), false);
    assert.equal(readCertificateInfo(plain, nowMs)?.role, "hub");
    const clinic = join(dir, "clinic_p");
    const csrPem = await csrOf("clinic_p");
    writeBesideCsr(nodeFiles(clinic).csr, await sign(csrPem));
    assert.equal(
      await code(() => promoteToHub({ dir: clinic, nodeId: "clinic_p", nowMs })),
      "Z311",
    );
  });

  test("finishes a CA that was interrupted, and keeps its key", async () => {
    const half = join(dir, "half");
    const first = await createAuthority(half);
    rmSync(nodeFiles(half).authorityCertificate);
    const second = await createAuthority(half);
    assert.equal(second.keyPem, first.keyPem);
    assert.deepEqual(await createAuthority(half), await createAuthority(half));
  });
});

describe("installing", () => {
  test("takes the bundle of this node, and no other, and changes nothing then", async () => {
    const a = join(dir, "install_a");
    const signedA = await sign(await csrOf("install_a"));
    const signedB = await sign(await csrOf("install_b"));
    assert.equal(await code(() => readCredentials(a, nowMs)), "Z313");
    const bad = [
      "",
      "garbage",
      encodeBundle(signedB),
      signedA.certificatePem,
      signedA.authorityPem,
      signedA.certificatePem + new X509Certificate(signedB.certificatePem).toString(),
      encodeBundle(signedA).repeat(3),
      encodeBundle(signedA) + "x".repeat(100_000),
      encodeBundle(signedA).replace(/M/, "N"),
    ];
    for (const [index, bundlePem] of bad.entries()) {
      assert.equal(
        await code(() => installBundle({ dir: a, bundlePem, nowMs })),
        "Z312",
        String(index),
      );
      assert.equal(await code(() => readCredentials(a, nowMs)), "Z313");
    }
    const info = installBundle({ dir: a, bundlePem: encodeBundle(signedA), nowMs });
    assert.deepEqual([info.nodeId, info.role, info.daysLeft], ["install_a", "clinic", 3650]);
    assert.equal(readCredentials(a, nowMs + 3651 * dayMs).info.daysLeft, -1);
  });

  test("files that do not fit together are Z306", async () => {
    const a = join(dir, "fit_a");
    installBundle({ dir: a, bundlePem: encodeBundle(await sign(await csrOf("fit_a"))), nowMs });
    const b = await sign(await csrOf("fit_b"));
    const files = nodeFiles(a);
    for (const [path, content] of [
      [files.certificate, b.certificatePem],
      [files.certificate, "garbage"],
      [files.authorityCopy, b.certificatePem],
      [files.authorityCopy, "garbage"],
      [files.key, "garbage"],
      [files.key, readFileSync(nodeFiles(join(dir, "fit_b")).key)],
    ] as const) {
      const good = readFileSync(path);
      writeFileSync(path, content);
      assert.equal(await code(() => readCredentials(a, nowMs)), "Z306", path);
      writeFileSync(path, good);
    }
    assert.equal(readCredentials(a, nowMs).info.nodeId, "fit_a");
  });
});

describe("the books", () => {
  test("a line that a power cut left unfinished does not count, and the next one stands whole", async () => {
    const { issued, revoked } = nodeFiles(hubDir);
    const rows = listIssued(hubDir).length;
    appendFileSync(issued, '{"nodeId":"torn","ser');
    appendFileSync(revoked, '{"nodeId":"to');
    assert.equal(listIssued(hubDir).length, rows);
    await sign(await csrOf("clinic_t"));
    assert.equal(listIssued(hubDir).at(-1)?.nodeId, "clinic_t");
    assert.equal(listIssued(hubDir).length, rows + 1);
    const before = listRevoked(hubDir).length;
    appendRevoked(hubDir, {
      nodeId: "x",
      fingerprint: "ab".repeat(32),
      revokedAt: new Date(nowMs).toISOString(),
      reason: "lost",
    });
    assert.equal(listRevoked(hubDir).length, before + 1);
  });

  test("a revocation is seen at once, is never taken back, and garbage is reported", async () => {
    const own = join(dir, "books");
    await createIdentity({ dir: own, role: "hub", nowMs });
    const problems: string[] = [];
    const list = openRevocationList({
      hubDir: own,
      onProblem: (error) => problems.push(error.code),
    });
    const key = new Uint8Array(32).fill(0xab);
    assert.equal(list.isRevoked(key), false);
    assert.equal(list.hasChanged(), false);
    const fingerprint = "ab".repeat(32);
    appendRevoked(own, { nodeId: "x", fingerprint, revokedAt: "2026", reason: "lost" });
    assert.equal(list.hasChanged(), true);
    assert.equal(list.hasChanged(), false);
    assert.equal(list.isRevoked(key), true);
    writeFileSync(nodeFiles(own).revoked, "garbage\n");
    assert.equal(list.isRevoked(key), true);
    assert.deepEqual(problems, ["Z319"]);
    assert.equal(await code(() => openRevocationList({ hubDir: own })), "Z319", "it fails closed");
    writeFileSync(nodeFiles(own).revoked, "");
    assert.equal(list.isRevoked(key), true);
  });
});

test("a certificate of our CA with other names, usages or none gets nobody in", async () => {
  const authorityPem = readFileSync(nodeFiles(hubDir).authorityCertificate, "utf8");
  const authority = new X509Certificate(authorityPem);
  const judge = createAcceptingJudge({ authority, nowMs: () => nowMs, isRevoked: () => false });
  const keyPem = readFileSync(nodeFiles(hubDir).authorityKey, "utf8");
  const keys = await importKeys(keyPem);
  const make = async (uris: readonly string[], usages: readonly string[]): Promise<string> => {
    const certificate = await x509.X509CertificateGenerator.create({
      subject: "CN=clinic_a",
      issuer: new x509.X509Certificate(authorityPem).subjectName.toString(),
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(0),
      notAfter: new Date(nowMs + dayMs),
      extensions: [
        new x509.SubjectAlternativeNameExtension(uris.map((value) => ({ type: "url", value }))),
        ...(usages.length > 0 ? [new x509.ExtendedKeyUsageExtension([...usages])] : []),
      ],
    });
    return judge(new X509Certificate(certificate.toString("pem")), "x").kind;
  };
  const [clinicOnly, hubToo] = [["1.3.6.1.5.5.7.3.2"], ["1.3.6.1.5.5.7.3.1"]];
  assert.equal(await make(["urn:zamsync:node:a"], clinicOnly), "trusted", "the twin that is good");
  assert.equal(await make(["urn:zamsync:node:a"], []), "stranger");
  assert.equal(await make(["urn:zamsync:node:a"], hubToo), "stranger");
  assert.equal(await make(["urn:zamsync:node:a", "urn:zamsync:node:hub"], clinicOnly), "stranger");
  assert.equal(await make(["urn:zamsync:node:a, URI:urn:zamsync:node:b"], clinicOnly), "stranger");
  assert.equal(await make(["urn:zamsync:node:A"], clinicOnly), "stranger");
  assert.equal(await make(["urn:other:a"], clinicOnly), "stranger");
  assert.equal(judge(authority, "x").kind, "stranger");
  assert.equal(judge(undefined, "x").kind, "stranger");
});

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function importKeys(pem: string): Promise<CryptoKeyPairLike> {
  const jwk = createPrivateKey(pem).export({ format: "jwk" });
  const { d: _secret, ...open } = jwk;
  return {
    privateKey: await webcrypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("jwk", open, algorithm, true, ["verify"]),
  };
}

interface CryptoKeyPairLike {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}
